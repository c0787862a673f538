"""What must hold whatever happens: confirmed contracts stay, jobs may run twice, nothing lies in clear."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEntry
from core import storage
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.storage import publishing
from core.vault import vault
from datasets import selectors, services
from datasets.models import DataContractVersion, DatasetLoad, QualityReport
from datasets.services import conversion, intake
from datasets.services.identities import PURPOSE, blind_purpose, row_id
from datasets.services.intake import FileRefused
from jobs import registry
from jobs.context import JobCancelled, JobContext, LeaseLost
from jobs.models import Job
from jobs.services import cancel_job, resume_job
from jobs.services.running import _claim
from tests.datasets.conftest import ANALYST, PEOPLE, confirm_people


@pytest.fixture
def loaded(dataset, send, run_job, analyst):
    """The first load, ready under contract v1."""
    load = send()
    run_job(load)
    confirm_people(dataset, analyst)
    run_job(load)
    return load


def files_of(dataset):
    root = Path(publishing.storage().location)
    found = [str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()]
    return sorted(p.split(str(dataset.id) + "/")[1] for p in found if str(dataset.id) in p)


# --- contracts ------------------------------------------------------------------------------------------
def contract_row(dataset):
    return DataContractVersion.objects.get(dataset=dataset, version=1)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE datasets_datacontractversion SET body = '{}' WHERE id = %s",
        "UPDATE datasets_datacontractversion SET state = 'draft', confirmed_by = '', confirmed_at = NULL WHERE id = %s",
        "UPDATE datasets_datacontractversion SET findings = '[]' WHERE id = %s",
    ],
)  # fmt: skip
def test_the_database_refuses_any_change_of_a_confirmed_contract(dataset, loaded, statement):
    row = contract_row(dataset)
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
        connection.cursor().execute(statement, [row.id])
    row.body = "{}"
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
        row.save()
    assert contract_row(dataset).body != "{}"


def test_a_confirmed_contract_cannot_be_deleted_and_a_draft_can(dataset, send, run_job, loaded):
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(
            "DELETE FROM datasets_datacontractversion WHERE dataset_id = %s", [dataset.id]
        )
    body = selectors.get_contract(str(dataset.id)).contract
    services.update_contract(dataset_id=str(dataset.id), body=body, actor=ANALYST)
    assert DataContractVersion.objects.filter(dataset=dataset, state="draft").delete()[0] == 1
    assert DataContractVersion.objects.filter(dataset=dataset).count() == 1


def test_the_next_version_is_a_draft_and_old_loads_keep_theirs(
    dataset, loaded, send, run_job, analyst
):
    contract = selectors.get_contract(str(dataset.id)).contract
    draft = services.update_contract(dataset_id=str(dataset.id), body=contract, actor=analyst)
    assert (draft.version, draft.state) == (2, "draft")
    second = send()
    run_job(second)
    assert (second.state, second.contract.version) == ("ready", 1)
    services.confirm_contract(dataset_id=str(dataset.id), actor=analyst)
    third = send()
    run_job(third)
    assert third.contract.version == 2
    loaded.refresh_from_db()
    assert loaded.contract.version == 1
    assert selectors.contract_of(str(loaded.id)).version == 1


# --- jobs -----------------------------------------------------------------------------------------------
def attempt(load):
    load.refresh_from_db()
    job = _claim(str(load.job_id))
    return registry.find(job.kind).handler, JobContext(job)


def test_running_a_finished_job_again_changes_nothing(dataset, loaded):
    job = Job.objects.get(pk=loaded.job_id)
    before = (loaded.data_path, loaded.data_sha256, loaded.finished_at)
    Job.objects.filter(pk=job.pk).update(state="queued")
    handler, context = attempt(loaded)
    assert handler(context) == {
        "load": str(loaded.id), "state": "ready", "rows_in": 8, "rows_good": 6, "rows_quarantined": 2,
    }  # fmt: skip
    loaded.refresh_from_db()
    assert (loaded.data_path, loaded.data_sha256, loaded.finished_at) == before
    assert QualityReport.objects.filter(load=loaded).count() == 1


def test_an_attempt_that_lost_its_lease_commits_nothing_and_leaves_no_file(
    dataset, loaded, send, monkeypatch
):
    load = send()
    handler, first = attempt(load)
    measured = conversion.measure

    def taken_over_meanwhile(**arguments):
        Job.objects.filter(pk=load.job_id).update(attempt=first.attempt + 1)
        return measured(**arguments)

    monkeypatch.setattr(conversion, "measure", taken_over_meanwhile)
    with pytest.raises(LeaseLost):
        handler(first)
    load.refresh_from_db()
    assert (load.state, load.data_path) == ("loading", "")
    assert not [p for p in files_of(dataset) if p.startswith(f"{load.id}/1/")]
    with storage.open_writer(f"datasets/{dataset.id}/{load.id}/1/data.parquet") as killed:
        killed.write(b"what a killed worker left")
    monkeypatch.undo()
    second = JobContext(Job.objects.get(pk=load.job_id))
    assert handler(second)["state"] == "ready"
    assert [p for p in files_of(dataset) if p.startswith(f"{load.id}/")] == [
        f"{load.id}/2/data.parquet",
        f"{load.id}/2/quarantine.parquet",
        f"{load.id}/raw",
    ]


def test_a_contract_confirmed_during_the_first_look_takes_the_load_through(
    dataset, send, run_job, analyst, monkeypatch
):
    first, second = send(), send()
    run_job(first)
    look = intake.inspect_load

    def confirmed_meanwhile(load):
        seen = look(load)
        confirm_people(dataset, analyst)
        return seen

    monkeypatch.setattr(intake, "inspect_load", confirmed_meanwhile)
    run_job(second)
    assert (second.state, second.rows_good) == ("ready", 6)
    assert selectors.contract_history(str(dataset.id))[0].version == 1
    first.refresh_from_db()
    assert first.state == "received"


def test_a_cancelled_job_leaves_a_failed_load_that_resumes(dataset, loaded, send, monkeypatch):
    load = send()
    handler, context = attempt(load)
    context.cancel_requested.set()
    with pytest.raises(JobCancelled):
        handler(context)
    load.refresh_from_db()
    assert (load.state, load.error_code) == ("failed", "cancelled")
    assert handler(JobContext(Job.objects.get(pk=load.job_id)))["state"] == "ready"
    load.refresh_from_db()
    assert (load.state, load.error, load.error_code) == ("ready", "", "")


def test_a_load_whose_job_ended_without_a_word_reads_as_failed_and_can_be_repeated(
    dataset, loaded, send, run_job, analyst
):
    load = send()
    cancel_job(job_id=str(load.job_id), actor=analyst)
    seen = selectors.get_load(str(load.id))
    assert (seen.state, seen.error_code) == ("failed", "job_ended")
    assert selectors.get_dataset(str(dataset.id)).last_state == "failed"
    assert [r.id for r in selectors.load_rows(state="failed")] == [load.id]
    repeated = services.load_again(load_id=str(load.id), actor=analyst)
    run_job(repeated)
    assert repeated.state == "ready"
    resume_job(job_id=str(load.job_id), actor=analyst)
    assert selectors.get_load(str(load.id)).state == "received"
    run_job(load)
    assert load.state == "ready"


def test_same_file_and_contract_give_the_same_rows(dataset, loaded, send, run_job):
    again = send()
    run_job(again)
    for name in ("age", "income"):
        np.testing.assert_array_equal(
            selectors.open_columns(str(loaded.id), [name])[name],
            selectors.open_columns(str(again.id), [name])[name],
        )


def test_a_file_without_a_column_of_the_contract_fails_and_says_which(dataset, loaded, send):
    short = "\n".join(line.rsplit(",", 1)[0] for line in PEOPLE.strip().split("\n"))
    load = send(short)
    handler, context = attempt(load)
    with pytest.raises(FileRefused, match="bad"):
        handler(context)
    load.refresh_from_db()
    assert (load.state, load.error_code) == ("failed", "columns_missing")
    assert "bad" in load.error


@pytest.mark.parametrize(
    ("content", "code"), [(b"%PDF-1.7 nothing", "unsupported_format"), (b"PK\x03\x04broken", None)]
)
def test_a_file_that_is_no_table_fails_by_a_stable_code(dataset, send, content, code):
    load = send(content, "table.csv")
    handler, context = attempt(load)
    with pytest.raises(FileRefused) as refusal:
        handler(context)
    load.refresh_from_db()
    assert load.state == "failed"
    assert load.error_code == (code or refusal.value.code)
    assert load.error_code != "internal_error"


def test_drift_is_measured_against_the_last_ready_load(dataset, loaded, send, run_job):
    assert selectors.quality_of(str(loaded.id)).drift == ()
    rows = "\n".join(f"D{i:04},{70 + i % 20},{4000 + i},A,active,{i % 2}" for i in range(200))
    second = send(f"customer,age,income,grade,status,bad\n{rows}\n")
    run_job(second)
    report = selectors.quality_of(str(second.id))
    assert second.rows_good == 200
    age = next(d for d in report.drift if d.column == "age")
    assert age.psi is not None
    assert age.psi > 0.25
    assert selectors.get_load(str(second.id)).quality.stability is not None


def test_a_file_in_another_encoding_and_delimiter_is_read_as_it_looks(
    dataset, loaded, send, run_job
):
    text = PEOPLE.replace(",", ";").replace("active", "正常")
    load = send(text.encode("gb18030"), "other.csv")
    run_job(load)
    assert (load.state, load.rows_good) == ("ready", 6)
    assert list(selectors.open_columns(str(load.id), ["status"])["status"])[:2] == ["正常", "正常"]


# --- encryption -----------------------------------------------------------------------------------------
def test_nothing_of_a_file_lies_in_clear(dataset, loaded):
    root = Path(publishing.storage().location)
    stored = [p for p in root.rglob("*") if p.is_file()]
    assert len(stored) == 3
    for path in stored:
        content = path.read_bytes()
        assert not any(
            word in content for word in (b"C001", b"customer", b"closed", b"PAR1", b"5200")
        )


def test_identities_are_sealed_value_by_value_and_found_by_blind_index(dataset, loaded):
    with storage.open_reader(loaded.data_path) as reader:
        frame = pl.read_parquet(reader.read())
    assert frame["customer"].dtype == pl.Binary
    opened = [
        vault().decrypt(PURPOSE, "customer", row_id(str(loaded.id), i), cipher).decode()
        for i, cipher in enumerate(frame["customer"])
    ]
    assert opened == ["C001", "C002", "C004", "C005", "C006", "C008"]
    assert frame["customer__bidx"][3] == vault().blind_index(blind_purpose("customer"), "C005")
    with pytest.raises(InvalidInput) as refusal:
        selectors.open_columns(str(loaded.id), ["age", "customer"])
    assert refusal.value.errors[0].pointer == "/columns/1"
    assert "customer" not in selectors.column_names(str(loaded.id))


def test_quarantine_masks_identities(dataset, loaded, analyst):
    page = services.read_quarantine(load_id=str(loaded.id), actor=analyst)
    assert "C003" not in str(page)
    assert "C007" not in str(page)


# --- reading --------------------------------------------------------------------------------------------
def test_batches_are_the_whole_in_order(dataset, loaded):
    whole = selectors.open_columns(str(loaded.id), ["age", "grade"])
    parts = list(selectors.iter_columns(str(loaded.id), ["age", "grade"], 4))
    assert [len(p["age"]) for p in parts] == [4, 2]
    for name in ("age", "grade"):
        np.testing.assert_array_equal(np.concatenate([p[name] for p in parts]), whole[name])
    rest = list(selectors.iter_columns(str(loaded.id), ["age"], 4, first_row=5))
    np.testing.assert_array_equal(np.concatenate([p["age"] for p in rest]), whole["age"][5:])


def test_a_load_that_is_not_ready_is_not_read(dataset, send):
    load = send()
    for ask in (
        lambda: selectors.open_columns(str(load.id), ["age"]),
        lambda: selectors.row_count(str(load.id)),
        lambda: selectors.contract_of(str(load.id)),
        lambda: selectors.quality_of(str(load.id)),
        lambda: selectors.open_target(str(load.id)),
    ):
        with pytest.raises(NotFound):
            ask()


# --- audit, permissions, counts -------------------------------------------------------------------------
def test_every_write_and_every_look_at_personal_data_is_in_the_trail(dataset, loaded, analyst):
    services.read_quarantine(load_id=str(loaded.id), actor=analyst)
    services.export_quarantine(load_id=str(loaded.id), format="csv", actor=analyst).stream.close()
    trail = list(
        AuditEntry.objects.filter(action__startswith="dataset").order_by("at", "id")
        .values_list("action", "actor_label", "personal")
    )  # fmt: skip
    assert trail == [
        (action, "analyst@alpha.test", action.endswith("read"))
        for action in (
            "datasets.dataset.create", "datasets.load.receive", "datasets.load.inspect",
            "datasets.contract.change", "datasets.contract.confirm", "datasets.load.ready",
            "dataset_quarantine.read", "dataset_quarantine.read",
        )
    ]  # fmt: skip


def test_services_refuse_who_has_no_permission(dataset, loaded, analyst):
    nobody = analyst.__class__(kind="user", id="2", label="x", roles=frozenset({"credit_officer"}))
    load_id, dataset_id = str(loaded.id), str(dataset.id)
    for call in (
        lambda: services.create_dataset(name="other", actor=nobody),
        lambda: services.receive_file(dataset_id=dataset_id, file=None, filename="a", actor=nobody),
        lambda: services.load_again(load_id=load_id, actor=nobody),
        lambda: services.update_contract(dataset_id=dataset_id, body={}, actor=nobody),
        lambda: services.confirm_contract(dataset_id=dataset_id, actor=nobody),
        lambda: services.read_quarantine(load_id=load_id, actor=nobody),
        lambda: services.export_quarantine(load_id=load_id, format="csv", actor=nobody),
    ):
        with pytest.raises(Forbidden):
            call()
    assert DatasetLoad.objects.count() == 1


def test_a_load_on_its_way_is_not_loaded_again(dataset, send, analyst):
    with pytest.raises(Conflict):
        services.load_again(load_id=str(send().id), actor=analyst)


def test_lists_cost_the_same_whatever_their_length(dataset, loaded, send, analyst):
    def counts():
        with CaptureQueriesContext(
            connection,
        ) as one:
            assert [selectors.as_dataset(r) for r in selectors.dataset_rows()]
        with CaptureQueriesContext(connection) as two:
            assert [selectors.as_load(r) for r in selectors.load_rows()]
        return len(one), len(two)

    before = counts()
    for index in range(3):
        services.create_dataset(name=f"more-{index}", actor=analyst)
        send()
    assert counts() == before == (1, 1)


# --- hostile files --------------------------------------------------------------------------------------
HOSTILE = {
    "nul in a name": b"a\x00b,c\n1,2\n3,4\n",
    "nul in a value": b"a,b\n1,x\x00y\n2,z\n",
    "formula names": b"=cmd|'/c calc'!A1,b\n1,2\n2,3\n",
    "one column": b"a\n1\n2\n",
    "no rows": b"a,b,c\n",
    "only line ends": b"\n\n\n\n",
    "same names": b"a,a,a\n1,2,3\n",
    "lone surrogate": b"a,b\n\xed\xa0\x80,1\n",
    "html": b"<script>alert(1)</script>,b\n<img src=x>,2\n",
    "many columns": b",".join(b"c%d" % i for i in range(2_001)) + b"\n",
    "gzip cut": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03K",
    "empty zip": b"PK\x05\x06" + b"\0" * 18,
    "parquet cut": b"PAR1" + b"\0" * 20 + b"PAR1",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_in_a_known_state(dataset, send, name):
    load = send(HOSTILE[name], "file.csv")
    handler, context = attempt(load)
    with suppress(FileRefused):
        handler(context)
    load.refresh_from_db()
    if load.state == "failed":
        assert load.error_code not in ("", "internal_error", "file_refused")
        assert load.error
    else:
        assert load.state == "needs_contract"
        assert selectors.get_contract(str(dataset.id)).contract.columns


def test_an_altered_stored_file_is_noticed(dataset, loaded, send):
    load = send()
    path = Path(publishing.storage().path(f"bank_alpha/{load.raw_path}"))
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    handler, context = attempt(load)
    with pytest.raises(FileRefused):
        handler(context)
    load.refresh_from_db()
    assert (load.state, load.error_code) == ("failed", "stored_file_damaged")


def test_no_refused_row_is_kept_in_the_database(dataset, loaded):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_jsonb(l)::text FROM datasets_datasetload l WHERE id = %s", [loaded.id]
        )
        row = cursor.fetchone()[0]
    assert '"reasons"' in row
    for word in ("abc", "3900", "C003"):
        assert word not in row
