"""A batch survives a lost worker without a missing or doubled row."""

from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import DatabaseError, connection, transaction

from core import storage
from core.clock import now
from core.errors import Conflict, InvalidInput, NotFound
from core.ids import new_id
from jobs.choices import JobState
from jobs.context import JobContext, LeaseLost
from jobs.models import Job
from jobs.services import run_job
from jobs.services.running import _claim
from scoring import selectors, services
from scoring.models import BatchChunk, BatchRun
from scoring.services import batches
from scoring.services.batch_data import chunks
from scoring.services.batch_files import csv_stream, write_chunk
from tests.scoring.conftest import OFFICER, run_now, train_version

pytestmark = pytest.mark.django_db


def start(live, load, **more) -> BatchRun:
    return services.start_batch(
        load_id=str(load.id),
        model_id=str(live.model_id),
        actor=OFFICER,
        **{"chunk_rows": 400, **more},
    )


def rows_of(batch: BatchRun) -> list[int]:
    out: list[int] = []
    for path in (
        BatchChunk.objects.filter(run=batch).order_by("number").values_list("path", flat=True)
    ):
        with storage.open_reader(path) as reader:
            out += pq.read_table(reader, columns=["row"]).column("row").to_pylist()
    return out


def lease_runs_out(batch: BatchRun) -> None:
    Job.objects.filter(pk=batch.job_id).update(lease_until=now() - timedelta(seconds=1))


class WorkerDied(BaseException):
    """Stands for kill -9: nothing catches it."""


def test_resumes_after_a_death_between_chunks(live, load, monkeypatch):
    batch = start(live, load)
    real, calls = batches.write_chunk, []

    def dies(path, table):
        if len(calls) == 2:
            raise WorkerDied
        calls.append(path)
        return real(path, table)

    monkeypatch.setattr(batches, "write_chunk", dies)
    first = JobContext(_claim(str(batch.job_id)))
    with pytest.raises(WorkerDied):
        batches.run_batch(first)
    assert rows_of(batch) == list(range(1, 801))
    monkeypatch.setattr(batches, "write_chunk", real)
    lease_runs_out(batch)
    assert run_job(job_id=str(batch.job_id)) == JobState.SUCCEEDED
    assert rows_of(batch) == list(range(1, 1501))
    batch.refresh_from_db()
    assert batch.manifest["rows"] == 1500
    assert sum(batch.manifest["counts"].values()) == 1500


def test_a_worker_whose_lease_was_taken_writes_nothing(live, load, monkeypatch):
    batch = start(live, load)
    slow = JobContext(_claim(str(batch.job_id)))
    real = batches.write_chunk

    def taken_over(path, table):
        done = real(path, table)
        if slow.attempt == 1 and BatchChunk.objects.filter(run=batch).count() == 1:
            lease_runs_out(batch)
            assert _claim(str(batch.job_id)).attempt == 2
        return done

    monkeypatch.setattr(batches, "write_chunk", taken_over)
    with pytest.raises(LeaseLost):
        batches.run_batch(slow)
    assert rows_of(batch) == list(range(1, 401))
    monkeypatch.setattr(batches, "write_chunk", real)
    lease_runs_out(batch)
    assert run_job(job_id=str(batch.job_id)) == JobState.SUCCEEDED
    assert rows_of(batch) == list(range(1, 1501))


def test_running_again_changes_nothing(live, load):
    batch = start(live, load)
    run_now(batch.job_id)
    before = list(BatchChunk.objects.filter(run=batch).values_list("number", "path", "sha256"))
    Job.objects.filter(pk=batch.job_id).update(state=JobState.QUEUED)
    assert run_now(batch.job_id)["rows"] == 1500
    assert (
        list(BatchChunk.objects.filter(run=batch).values_list("number", "path", "sha256")) == before
    )


def test_chunk_size_changes_no_row(live, load):
    tables = []
    for rows in (137, 5000):
        batch = start(live, load, chunk_rows=rows)
        run_now(batch.job_id)
        parts = []
        for path in selectors.chunk_paths(str(batch.id)):
            with storage.open_reader(path) as reader:
                parts.append(pq.read_table(reader))
        tables.append(pa.concat_tables(parts).combine_chunks())
    assert tables[0].equals(tables[1])


def one_row_less(load_id, names, rows):
    for raw in chunks(load_id, names, rows):
        last = len(raw[names[0]]) < rows or None
        yield {name: column[: -1 if last else None] for name, column in raw.items()}


def test_missing_rows_fail_the_batch(live, load, monkeypatch):
    monkeypatch.setattr(batches, "chunks", one_row_less)
    batch = start(live, load)
    job = JobContext(_claim(str(batch.job_id)))
    with pytest.raises(Conflict, match="1499 of 1500"):
        batches.run_batch(job)
    batch.refresh_from_db()
    assert batch.manifest is None
    with pytest.raises(Conflict):
        services.batch_results(batch_id=str(batch.id), kind="csv", actor=OFFICER)


def test_what_cannot_be_scored_is_refused_at_the_start(live, load, model):
    with pytest.raises(InvalidInput) as error:
        start(live, load, version_id=str(new_id()))
    assert error.value.errors[0].pointer == "/version"
    second = train_version(model, load, seed=43)
    with pytest.raises(Conflict):
        start(live, load, version_id=str(second.id))
    with pytest.raises(InvalidInput) as error:
        services.start_batch(load_id=str(new_id()), model_id=str(model.id), actor=OFFICER)
    assert error.value.errors[0].pointer == "/load"
    with pytest.raises(NotFound):
        services.start_batch(load_id=str(load.id), model_id=str(new_id()), actor=OFFICER)


def test_pinned_to_what_was_live_when_asked(live, load, model):
    batch = start(live, load)
    second = train_version(model, load, seed=43)
    services.submit_for_review(version_id=str(second.id), actor=services_analyst())
    from tests.scoring.conftest import VALIDATOR

    services.approve_version(version_id=str(second.id), actor=VALIDATOR, note="Sound.")
    services.deploy_version(version_id=str(second.id), slot="champion", actor=OFFICER)
    run_now(batch.job_id)
    view = selectors.get_batch(str(batch.id))
    assert (view.version_number, view.rows_done, view.finished) == (1, 1500, True)


def services_analyst():
    from tests.scoring.conftest import ANALYST

    return ANALYST


def test_csv_holds_no_formula(bank):
    table = pa.table({"row": [1, 2], "key_name": ["=1+1", "plain"], "score": [-5, 7]})
    path = "scoring/batches/formula.parquet"
    write_chunk(path, table)
    text = b"".join(csv_stream([path])).decode()
    assert text == '"row","key_name","score"\n1,"\'=1+1",-5\n2,"plain",7\n'


def test_the_database_keeps_what_was_given(live, load):
    batch = start(live, load)
    run_now(batch.job_id)
    for statement in (
        "UPDATE scoring_batchrun SET manifest = '{}' WHERE id = %s",
        "UPDATE scoring_batchrun SET rows = 1 WHERE id = %s",
        "DELETE FROM scoring_batchrun WHERE id = %s",
        "UPDATE scoring_batchchunk SET sha256 = '' WHERE run_id = %s",
        "DELETE FROM scoring_batchchunk WHERE run_id = %s",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [batch.id])
