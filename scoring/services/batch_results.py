"""A finished batch as one file, streamed chunk by chunk."""

from collections.abc import Iterator
from dataclasses import dataclass

from accounts import policies
from audit.services import record
from core.actors import Actor
from core.errors import field_error
from core.tenancy import Context, context_scope, current_context
from scoring import permissions
from scoring.selectors.batches import chunk_paths, get_batch
from scoring.services.batch_files import csv_stream, parquet_stream

CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


@dataclass(frozen=True, slots=True)
class Results:
    """A file to be streamed."""

    file_name: str
    content_type: str
    pieces: Iterator[bytes]


def batch_results(*, batch_id: str, kind: str, actor: Actor) -> Results:
    """All rows of a finished batch as CSV (no live formulas) or Parquet. Raises `NotFound`, `Conflict`."""
    policies.require(actor, permissions.BATCH)
    if kind not in CONTENT_TYPES:
        raise field_error("/kind", "unknown", f"One of {', '.join(CONTENT_TYPES)}.")
    batch, paths = get_batch(batch_id), chunk_paths(batch_id)
    record(
        actor=actor, action="scoring.batch.download", target="batch_run", target_id=batch_id,
        detail={"kind": kind, "rows": batch.rows},
    )  # fmt: skip
    pieces = csv_stream(paths) if kind == "csv" else parquet_stream(paths)
    return Results(
        file_name=f"{batch.model_code}-{batch_id}.{kind}",
        content_type=CONTENT_TYPES[kind],
        pieces=_in_scope(pieces, current_context()),
    )


def _in_scope(pieces: Iterator[bytes], context: Context) -> Iterator[bytes]:
    """The server takes the pieces after the request's scope was left: each is read in the bank's own."""
    while True:
        with context_scope(context):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece
