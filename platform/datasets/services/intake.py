"""The job that takes a load as far as it can go: look, wait for a contract, convert, measure, commit."""

from typing import Any

import msgspec
from django.db import DatabaseError

from audit.services import record
from core.clock import now
from core.errors import ProblemError
from core.storage import FileDamaged
from datasets.contracts import BadContract, IntakeError
from datasets.models import DataContractVersion, DatasetLoad
from datasets.services.contract import put_draft, refusal
from datasets.services.conversion import Converted, convert_load, discard_attempts
from datasets.services.inspection import inspect_load
from datasets.services.lock_objects import locked_dataset, locked_load
from datasets.services.quality import store_report
from datasets.services.stored_json import storable, storable_text
from datasets.states import ContractState, LoadState
from jobs.context import JobCancelled, JobContext, LeaseLost


class FileRefused(ProblemError):
    """The whole file cannot be taken in; `code` is the engine's."""

    code = "file_refused"
    title = "The file cannot be taken in"


def run_intake(job: JobContext) -> dict[str, Any]:
    """Handler of `datasets.intake`. Safe to run again: what counts is committed once, in one fenced transaction."""
    load_id = str(job.params["load"])
    try:
        return _advance(job, load_id)
    except (LeaseLost, DatabaseError):
        raise
    except JobCancelled:
        _fail(job, load_id, code="cancelled", text="The job was cancelled.")
        raise
    except BadContract as error:
        problem = refusal(error)
        _fail(job, load_id, code=problem.code, text=storable_text(error.detail))
        raise problem from error
    except IntakeError as error:
        text = storable_text(error.detail)
        _fail(job, load_id, code=error.code, text=text)
        raise FileRefused(text, code=error.code) from error
    except FileDamaged as error:
        text = "The stored file was altered or is damaged."
        _fail(job, load_id, code="stored_file_damaged", text=text)
        raise FileRefused(text, code="stored_file_damaged") from error
    except ProblemError as error:
        _fail(job, load_id, code=error.code, text=error.detail)
        raise
    except Exception:
        _fail(job, load_id, code="internal_error", text="The file could not be taken in.")
        raise


def _advance(job: JobContext, load_id: str) -> dict[str, Any]:
    load = DatasetLoad.objects.select_related("dataset", "contract").get(pk=load_id)
    if load.state == LoadState.READY:
        return _result(load)
    version = load.contract or _newest_confirmed(load) or _look(job, load)
    if version is None:
        load.refresh_from_db()
        return _result(load)
    return _convert(job, load, version)


def _newest_confirmed(load: DatasetLoad) -> DataContractVersion | None:
    found: DataContractVersion | None = (
        DataContractVersion.objects.filter(
            dataset_id=load.dataset_id, state=ContractState.CONFIRMED
        )
        .order_by("-version")
        .first()
    )
    return found


def _look(job: JobContext, load: DatasetLoad) -> DataContractVersion | None:
    """Infer a contract and leave the load to wait for a person. A draft somebody works on is kept.

    Returns a version that was confirmed meanwhile, by which the load can go on at once.
    """
    with job.fenced():
        DatasetLoad.objects.filter(pk=load.pk).update(state=LoadState.INFERRING)
    job.progress(0, load.size_bytes, "look")
    seen = inspect_load(load)
    with job.fenced():
        dataset = locked_dataset(str(load.dataset_id))
        confirmed = _newest_confirmed(load)
        if confirmed is not None:
            return confirmed
        row = locked_load(str(load.id))
        if not dataset.contracts.filter(state=ContractState.DRAFT).exists():
            put_draft(
                dataset=dataset,
                contract=seen.contract,
                by=str(job.actor),
                findings=seen.findings,
                load=row,
            )
        row.format = storable(seen.format)
        row.state = LoadState.NEEDS_CONTRACT
        row.save(update_fields=["format", "state"])
        _note(job, "datasets.load.inspect", row)
    return None


def _convert(job: JobContext, load: DatasetLoad, version: DataContractVersion) -> dict[str, Any]:
    with job.fenced():
        DatasetLoad.objects.filter(pk=load.pk).update(state=LoadState.LOADING, contract=version)
    done = convert_load(job=job, load=load, version=version)
    try:
        job.check()
        _commit(job, load, done)
    except BaseException:
        done.discard()
        raise
    discard_attempts(load, before=job.attempt)
    load.refresh_from_db()
    return _result(load)


def _commit(job: JobContext, load: DatasetLoad, done: Converted) -> None:
    """Files, counts, report and state in one transaction, only while this attempt still holds the job."""
    with job.fenced():
        row = locked_load(str(load.id))
        row.format = storable(done.format)
        row.rows_in, row.rows_good = done.summary.rows_in, done.summary.rows_good
        row.rows_quarantined = done.summary.rows_quarantined
        # Refused rows are personal: they stand in the encrypted quarantine and not in the database.
        row.summary = storable(msgspec.structs.replace(done.summary, first_entries=()))
        row.data_path, row.data_sha256 = done.data.path, done.data.sha256
        row.quarantine_path = done.quarantine.path
        row.state, row.finished_at = LoadState.READY, now()
        row.error, row.error_code = "", ""
        row.save()
        store_report(load=row, report=done.report)
        _note(job, "datasets.load.ready", row)


def _fail(job: JobContext, load_id: str, *, code: str, text: str) -> None:
    with job.fenced():
        row = locked_load(load_id)
        if row.state == LoadState.READY:
            return
        row.state, row.error_code, row.error = LoadState.FAILED, code[:60], text[:4000]
        row.finished_at = now()
        row.save(update_fields=["state", "error_code", "error", "finished_at"])
        _note(job, "datasets.load.fail", row, code=code)


def _note(job: JobContext, action: str, load: DatasetLoad, **detail: Any) -> None:
    detail |= {name: getattr(load, name) for name in ("rows_in", "rows_good", "rows_quarantined")}
    record(
        actor=job.actor, action=action, target="dataset_load", target_id=str(load.id), detail=detail
    )


def _result(load: DatasetLoad) -> dict[str, Any]:
    return {
        "load": str(load.id),
        "state": str(load.state),
        "rows_in": load.rows_in,
        "rows_good": load.rows_good,
        "rows_quarantined": load.rows_quarantined,
    }
