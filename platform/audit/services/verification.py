"""Checking a whole trail: every row against its seal, every seal against the chain, the chain
against the checkpoints.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import connection, transaction

from audit import selectors
from audit.engine.chain import ChainChecker, ChainFault, SealedLink
from audit.engine.checkpoint import CheckedLine, Checkpoint
from audit.entry_stream import TOMBSTONE, TOMBSTONE_TABLE
from audit.keys import seal_keys
from audit.services.checkpoints import read_checkpoints
from audit.services.sealing import scope_of
from audit.streams import Stream, streams


class FindingKind(StrEnum):
    ROW_ALTERED = "row altered"
    ROW_DELETED = "row deleted"
    ROW_INSERTED = "row inserted"
    ROW_UNSEALED = "seal of a row removed"
    SEAL_ALTERED = "seal altered"
    SEALS_MISSING = "seals missing"
    CHAIN_REWRITTEN = "chain rewritten"
    CHECKPOINT_FORGED = "checkpoint forged"
    STREAM_UNKNOWN = "stream unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One tampered thing. `seq` is a seal's number (the first of several), `line` a checkpoint's."""

    kind: FindingKind
    detail: str
    stream: str = ""
    row_id: uuid.UUID | None = None
    seq: int | None = None
    last_seq: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        where = [self.stream, f"row {self.row_id}" if self.row_id else ""]
        if self.seq is not None:
            several = self.last_seq is not None and self.last_seq != self.seq
            where.append(f"seals {self.seq}-{self.last_seq}" if several else f"seal {self.seq}")
        where.append(f"line {self.line}" if self.line else "")
        return f"{self.kind}: {' '.join(filter(None, where))}: {self.detail}"


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was checked and what was found. `uncovered` rows are newer than the last checkpoint: the
    named limit.
    """

    schema: str
    seals: int
    findings: tuple[Finding, ...]
    checkpoints: int
    last_checkpoint: Checkpoint | None
    uncovered: int
    waiting: int
    # Rows removed by a purge, each named by a tombstone.
    purged: int = 0

    @property
    def ok(self) -> bool:
        return not self.findings


@dataclass(slots=True)
class _Run:
    schema: str
    checker: ChainChecker
    attested: dict[int, Checkpoint]
    findings: list[Finding] = field(default_factory=list)
    # Sealed rows of a table that was dropped count as deleted.
    tables: frozenset[str] = frozenset()
    seals: int = 0
    waiting: int = 0
    purged: int = 0

    def add(self, kind: FindingKind, detail: str, **where: Any) -> None:
        self.findings.append(Finding(kind, detail, **where))


def verify(schema: str) -> VerifyReport:
    """Check the trail of a schema in one snapshot. Reads every sealed row once."""
    # Before the snapshot: a seal that a line attests is then surely in it.
    with scope_of(schema):
        lines = read_checkpoints(schema)
    good = [line.checkpoint for line in lines if line.checkpoint]
    run = _Run(schema, ChainChecker(seal_keys(schema)), {c.seq: c for c in good})
    last = max(good, key=lambda checkpoint: checkpoint.seq, default=None)
    _judge_lines(run, lines)
    with _snapshot(schema):
        run.tables = selectors.present_tables()
        for batch in selectors.seal_batches():
            _judge_batch(run, batch)
        _judge_end(run, last)
        for stream in streams().values():
            if stream.table in run.tables:
                _judge_unsealed(run, stream)
    return VerifyReport(
        schema=schema,
        seals=run.seals,
        findings=tuple(run.findings),
        checkpoints=len(good),
        last_checkpoint=last,
        uncovered=max(0, run.checker.last_seq - (last.seq if last else 0)) + run.waiting,
        waiting=run.waiting,
        purged=run.purged,
    )


@contextmanager
def _snapshot(schema: str) -> Iterator[None]:
    """Sealing goes on meanwhile, so all statements see one moment; inside a caller's transaction,
    its own.
    """
    nested = connection.in_atomic_block
    with scope_of(schema):
        with connection.cursor() as cursor:
            # Sets search path and role, which would otherwise be the transaction's first statement.
            cursor.execute("SELECT 1")
        with transaction.atomic():
            if not nested:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield


def _judge_lines(run: _Run, lines: Sequence[CheckedLine]) -> None:
    for line in lines:
        if line.checkpoint is None:
            run.add(FindingKind.CHECKPOINT_FORGED, line.fault, line=line.number)


def _judge_batch(run: _Run, batch: Sequence[SealedLink]) -> None:
    run.seals += len(batch)
    by_stream: dict[str, list[SealedLink]] = defaultdict(list)
    for sealed in batch:
        by_stream[sealed.link.stream].append(sealed)
        for fault in run.checker.check(sealed):
            _judge_fault(run, fault, sealed)
        attested = run.attested.get(sealed.link.seq)
        if attested is not None and attested.mac != sealed.mac:
            detail = f"the checkpoint of {attested.at.isoformat()} attests another seal"
            run.add(FindingKind.CHAIN_REWRITTEN, detail, seq=sealed.link.seq)
    for name, links in by_stream.items():
        _judge_rows(run, name, links)


def _judge_fault(run: _Run, fault: ChainFault, sealed: SealedLink) -> None:
    if fault.missing:
        detail = "removed or moved elsewhere in the chain"
        run.add(FindingKind.SEALS_MISSING, detail, seq=fault.first, last_seq=fault.last)
    else:
        link = sealed.link
        detail = "its code does not fit its content and its place"
        run.add(
            FindingKind.SEAL_ALTERED, detail, stream=link.stream, row_id=link.row_id, seq=link.seq
        )


def _judge_rows(run: _Run, name: str, links: Sequence[SealedLink]) -> None:
    stream = streams().get(name)
    if stream is None:
        run.add(
            FindingKind.STREAM_UNKNOWN, "no module claims it", stream=name, seq=links[0].link.seq
        )
        return
    ids = [sealed.link.row_id for sealed in links]
    rows = selectors.rows_by_id(stream, ids) if stream.table in run.tables else {}
    purged = _purged(run, name, [row_id for row_id in ids if row_id not in rows])
    run.purged += len(purged)
    for sealed in links:
        link = sealed.link
        where = {"stream": name, "row_id": link.row_id, "seq": link.seq}
        row = rows.get(link.row_id)
        if link.row_id in purged:
            continue
        if row is None:
            run.add(FindingKind.ROW_DELETED, f"sealed at {link.sealed_at.isoformat()}", **where)
        elif row[stream.hash_column] != link.row_hash:
            run.add(FindingKind.ROW_ALTERED, "its hash is not the one that was sealed", **where)
        elif not _is_genuine(run.schema, stream, row):
            run.add(FindingKind.ROW_ALTERED, "its content does not fit its hash", **where)


def _purged(run: _Run, name: str, gone: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the rows that are gone for which a genuine tombstone stands."""
    if not gone or TOMBSTONE_TABLE not in run.tables:
        return set()
    stream = streams()[TOMBSTONE]
    stones = selectors.tombstones_of(name, gone)
    named = {
        key
        for stone in stones
        if _is_genuine(run.schema, stream, stone)
        for key in stone["row_ids"]
    }
    return named & set(gone)


def _is_genuine(schema: str, stream: Stream, row: Mapping[str, Any]) -> bool:
    try:
        return row[stream.hash_column] in stream.expected(schema, row)
    except Exception:
        # A row altered into something its module cannot even read must not end the verification.
        return False


def _judge_end(run: _Run, last: Checkpoint | None) -> None:
    end = run.checker.last_seq
    if last is not None and last.seq > end:
        detail = f"cut off after the checkpoint of {last.at.isoformat()}"
        run.add(FindingKind.SEALS_MISSING, detail, seq=end + 1, last_seq=last.seq)


def _judge_unsealed(run: _Run, stream: Stream) -> None:
    """Rows without a seal: waiting for it, or smuggled in, or robbed of it."""
    for batch in selectors.unsealed_batches(stream):
        rows = selectors.rows_by_id(stream, list(batch))
        for row_id, is_waiting in batch.items():
            _judge_one_unsealed(run, stream, rows[row_id], is_waiting=is_waiting)


def _judge_one_unsealed(
    run: _Run, stream: Stream, row: Mapping[str, Any], *, is_waiting: bool
) -> None:
    where = {"stream": stream.name, "row_id": row["id"]}
    if not _is_genuine(run.schema, stream, row):
        run.add(
            FindingKind.ROW_INSERTED, "not written by the platform: its hash is not keyed", **where
        )
    elif not is_waiting:
        run.add(FindingKind.ROW_UNSEALED, "genuine, but neither sealed nor waiting", **where)
    else:
        run.waiting += 1
