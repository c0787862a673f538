"""Batches: a load scored in chunks, each chunk done once whatever happens to the worker."""

from typing import Any

from django.db import transaction

from accounts import policies
from audit.services import record
from core.actors import Actor
from core.errors import Conflict, NotFound, field_error
from core.ids import new_id
from datasets import selectors as datasets
from jobs.choices import Queue
from jobs.context import JobContext
from jobs.registry import JobKind
from jobs.services import start_job
from scoring import permissions
from scoring.choices import Slot, Stage
from scoring.models import BatchChunk, BatchRun, Model, ModelVersion
from scoring.runtime.bundle import engine_versions
from scoring.runtime.bundles import Live, bundle_for
from scoring.runtime.columns import Memory, decide_columns
from scoring.selectors.live import live_at, live_policy_at
from scoring.services.batch_data import chunks, columns_to_read, key_columns, readable
from scoring.services.batch_files import table_of, write_chunk
from scoring.services.metering import require_batch
from scoring.services.people import key_of

KIND = "scoring.batch"
CHUNK_ROWS = 50_000


@transaction.atomic
def start_batch(
    *,
    load_id: str,
    actor: Actor,
    model_id: str = "",
    version_id: str = "",
    chunk_rows: int = CHUNK_ROWS,
) -> BatchRun:
    """Score every good row of a load with the live champion, or with a named approved version.

    What is live now is pinned: a later deployment changes nothing of a running batch. Raises `InvalidInput`,
    `Conflict`.
    """
    policies.require(actor, permissions.BATCH)
    model = _model(model_id)
    live = _pinned(model, version_id)
    try:
        load = datasets.get_load(load_id)
    except NotFound as error:
        raise field_error("/load", "unknown_load", "There is no such load.") from error
    if not load.is_ready:
        raise field_error("/load", "load_not_ready", f"The load is {load.state}.")
    columns_to_read(bundle_for(live), load_id, datasets.contract_of(load_id).contract)
    require_batch(load.rows_good)
    run_id = new_id()
    job = start_job(
        kind=KIND, params={"batch": str(run_id)}, actor=actor, title=f"{model.name}: {load.dataset_name}"[:200],
        total=load.rows_good,
    )  # fmt: skip
    run: BatchRun = BatchRun.objects.create(
        id=run_id,
        model=model,
        model_version_id=live.champion,
        policy_version_id=live.policy,
        load_id=load_id,
        dataset_name=f"{load.dataset_name} #{load.number}",
        rows=load.rows_good,
        chunk_rows=chunk_rows,
        job=job,
        created_by=key_of(actor),
        created_by_label=actor.label,
    )
    record(
        actor=actor, action="scoring.batch.start", target="batch_run", target_id=str(run_id),
        detail={"model": model.code, "load": load_id, "rows": load.rows_good, "version": live.champion},
    )  # fmt: skip
    return run


def _model(model_id: str) -> Model:
    """The model asked for, or the only one that has a champion."""
    if not model_id:
        champions = [v.model_id for v in live_at() if v.slot == Slot.CHAMPION]
        if len(champions) > 1:
            raise field_error("/model", "required", "Several models decide here: name one.")
        if not champions:
            raise Conflict("No model is live.", code="no_champion")
        model_id = champions[0]
    model = Model.objects.filter(pk=model_id).first()
    if model is None:
        raise NotFound("No such model.")
    return model  # type: ignore[no-any-return]


def _pinned(model: Model, version_id: str) -> Live:
    policy = live_policy_at(str(model.id))
    if policy is None:
        raise Conflict("No policy is in force for the model.", code="no_policy")
    if version_id:
        version = ModelVersion.objects.filter(pk=version_id, model=model).first()
        if version is None:
            raise field_error("/version", "unknown_version", "The model has no such version.")
        if version.stage not in (Stage.APPROVED, Stage.LIVE):
            raise Conflict("Only an approved version scores a batch.", code="stage_not_allowed")
        return Live(str(version.id), policy.version_id)
    champion = [v for v in live_at(model_id=str(model.id)) if v.slot == Slot.CHAMPION]
    if not champion:
        raise Conflict("The model has no champion.", code="no_champion")
    return Live(champion[0].version_id, policy.version_id)


def run_batch(job: JobContext) -> dict[str, Any]:
    """Handler of the job. A chunk counts when its row is committed: a resumed attempt starts after the last one."""
    run = BatchRun.objects.get(pk=str(job.params["batch"]))
    load_id = str(run.load_id)
    contract = datasets.contract_of(load_id).contract
    bundle = bundle_for(Live(str(run.model_version_id), str(run.policy_version_id)))
    names = columns_to_read(bundle, load_id, contract)
    keys = key_columns(load_id, contract)
    done = dict(BatchChunk.objects.filter(run=run).values_list("number", "rows"))
    memory, first_row = Memory(), 1
    for number, raw in enumerate(
        chunks(load_id, list(dict.fromkeys([*names, *keys])), run.chunk_rows)
    ):
        rows = len(raw[names[0]])
        if number not in done:
            answers = decide_columns(bundle, readable(raw, names), memory)
            table = table_of(answers, {name: raw[name] for name in keys}, first_row)
            path = f"scoring/batches/{run.id}/{number:06d}-{job.attempt}.parquet"
            digest, size = write_chunk(path, table)
            with job.fenced():
                BatchChunk.objects.create(
                    run=run,
                    number=number,
                    first_row=first_row,
                    rows=rows,
                    path=path,
                    sha256=digest,
                    size_bytes=size,
                    counts=answers.counts(),
                )
        first_row += rows
        job.progress(first_row - 1, run.rows)
    return _finish(run, job)


def _finish(run: BatchRun, job: JobContext) -> dict[str, Any]:
    """The manifest: every row once, or the run fails."""
    rows = list(BatchChunk.objects.filter(run=run).order_by("number"))
    total = sum(chunk.rows for chunk in rows)
    if total != run.rows or [c.number for c in rows] != list(range(len(rows))):
        raise Conflict(f"{total} of {run.rows} rows were scored.", code="rows_missing")
    counts = {key: sum(c.counts[key] for c in rows) for key in ("approve", "refer", "decline")}
    manifest = {
        "rows": total,
        "counts": counts,
        "chunks": [
            {"number": c.number, "first_row": c.first_row, "rows": c.rows, "sha256": c.sha256}
            for c in rows
        ],
        "engine": engine_versions(),
    }
    with job.fenced():
        BatchRun.objects.filter(pk=run.pk, manifest__isnull=True).update(manifest=manifest)
    return {"batch": str(run.id), "rows": total, **counts}


JOB = JobKind(kind=KIND, queue=Queue.BATCH, handler=run_batch, unit="rows")
