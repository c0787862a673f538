"""Columns in, columns out: each different case is ruled once by the same function that rules a single row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.engine.encoding import CodedColumn
from scoring.engine.policy import APPROVE, REFER, InputRefusedError
from scoring.engine.results import BatchReasons, BatchScores
from scoring.runtime.answer import REASON_LIMIT, Ruling, Value, Wish, reasons_of, rule
from scoring.runtime.bundle import REASON_CANDIDATES, Bundle

Columns = Mapping[str, NDArray[np.generic] | CodedColumn]
INPUT_REFUSED = "POLICY_INPUT_REFUSED"
MOST_REMEMBERED = 200_000


@dataclass(frozen=True, slots=True)
class ColumnAnswers:
    """Answers of n rows. `ruling` (n,) indexes `rulings`; `reasons` (n,) indexes `reason_codes`.

    `score` int32 and `pd` float64 of shape (n,). The first entry of `reason_codes` is empty.
    """

    score: NDArray[np.int32]
    pd: NDArray[np.float64]
    ruling: NDArray[np.int64]
    rulings: tuple[Ruling, ...]
    reasons: NDArray[np.int64]
    reason_codes: tuple[tuple[str, ...], ...]

    def counts(self) -> dict[str, int]:
        """Rows by outcome."""
        found = np.bincount(self.ruling, minlength=len(self.rulings)).tolist()
        out = {"approve": 0, "refer": 0, "decline": 0}
        for ruling, rows in zip(self.rulings, found, strict=True):
            out[ruling.outcome] += rows
        return out


class Memory:
    """What was ruled already in this run, so that the next chunk asks only for what is new."""

    def __init__(self) -> None:
        self.rulings: dict[tuple[Any, ...], Ruling] = {}
        self.reasons: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def bound(self) -> None:
        """Forget everything before it grows large."""
        for kept in (self.rulings, self.reasons):
            if len(kept) > MOST_REMEMBERED:
                kept.clear()


def decide_columns(bundle: Bundle, columns: Columns, memory: Memory | None = None) -> ColumnAnswers:
    """Answers to every row of columns of one length. Raises `ScoreInputError` about a column."""
    memory = memory or Memory()
    memory.bound()
    scores = bundle.scorer.score_batch(columns)
    ruling, rulings = _rule_rows(bundle, scores, columns, memory)
    reasons, codes = _reason_rows(bundle, columns, ruling, rulings, memory)
    return ColumnAnswers(scores.score, scores.pd, ruling, rulings, reasons, codes)


def _rule_rows(
    bundle: Bundle, scores: BatchScores, columns: Columns, memory: Memory
) -> tuple[NDArray[np.int64], tuple[Ruling, ...]]:
    """Rows that look the same to the policy are ruled together."""
    names = [f.name for f in bundle.policy_inputs if f.name in columns]
    codes = _codes(scores.score)
    for name in names:
        codes = _codes(codes * (1 << 31) + _value_codes(columns[name]))
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    rulings = []
    for place in first.tolist():
        values = {name: _value(columns[name], place) for name in names}
        score, pd = int(scores.score[place]), float(scores.pd[place])
        key = (score, pd, *values.values())
        if key not in memory.rulings:
            memory.rulings[key] = _rule(bundle, score, pd, values)
        rulings.append(memory.rulings[key])
    return inverse.astype(np.int64), tuple(rulings)


def _rule(bundle: Bundle, score: int, pd: float, values: Mapping[str, Value]) -> Ruling:
    try:
        return rule(bundle, score, pd, values, Wish())
    except InputRefusedError:
        return Ruling(REFER, "", None, (), (INPUT_REFUSED,), (), ())


def _codes(values: NDArray[np.generic]) -> NDArray[np.int64]:
    """Small integers for different values, equal for equal ones."""
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _value_codes(column: NDArray[np.generic] | CodedColumn) -> NDArray[np.int64]:
    if isinstance(column, CodedColumn):
        return np.where(column.codes < 0, 0, column.codes.astype(np.int64) + 1)
    if column.dtype != np.dtype(object):
        return np.unique(column, return_inverse=True)[1].astype(np.int64)
    known: dict[Any, int] = {}
    return np.array([known.setdefault(v, len(known)) for v in column.tolist()], dtype=np.int64)


def _value(column: NDArray[np.generic] | CodedColumn, place: int) -> Value:
    """One value as a caller would send it: NaN is null, a whole number an integer."""
    if isinstance(column, CodedColumn):
        code = int(column.codes[place])
        return None if code < 0 else column.values[code]
    value: Any = column[place]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if value != value:
            return None
        return int(value) if value.is_integer() else value
    return None if value is None else str(value)


def _reason_rows(
    bundle: Bundle,
    columns: Columns,
    ruling: NDArray[np.int64],
    rulings: Sequence[Ruling],
    memory: Memory,
) -> tuple[NDArray[np.int64], tuple[tuple[str, ...], ...]]:
    adverse = np.array([r.outcome != APPROVE for r in rulings], dtype=bool)[ruling]
    out = np.zeros(len(ruling), dtype=np.int64)
    rows = np.flatnonzero(adverse)
    if not rows.size:
        return out, ((),)
    found = bundle.scorer.reasons_batch(columns, rows, REASON_CANDIDATES)
    place, first = _same_reasons(found, ruling[rows], rulings)
    texts: dict[tuple[str, ...], int] = {(): 0}
    index = []
    for row in first.tolist():
        ruled = rulings[ruling[rows[row]]]
        amounts = found.contribution[row]
        ties = tuple((amounts[1:] == amounts[:-1]).tolist())
        key = (ruled.codes, ruled.outcome, tuple(found.feature[row].tolist()), ties)
        if key not in memory.reasons:
            memory.reasons[key] = _codes_of(bundle, ruled, found, row)
        index.append(texts.setdefault(memory.reasons[key], len(texts)))
    out[rows] = np.array(index, dtype=np.int64)[place]
    return out, tuple(texts)


def _same_reasons(
    found: BatchReasons, ruling: NDArray[np.int64], rulings: Sequence[Ruling]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group of each row and a row of each group: same features in order, same ties, same codes of rules."""
    known: dict[tuple[tuple[str, ...], str], int] = {}
    codes = np.array(
        [known.setdefault((r.codes, r.outcome), len(known)) for r in rulings], dtype=np.int16
    )
    amounts = found.contribution
    ties = np.zeros(amounts.shape, dtype=np.int16)
    ties[:, 1:] = amounts[:, 1:] == amounts[:, :-1]
    shape = np.ascontiguousarray(
        np.column_stack([codes[ruling], found.feature, ties]).astype(np.int16)
    )
    view = shape.view(np.dtype((np.void, shape.dtype.itemsize * shape.shape[1]))).ravel()
    _, first, inverse = np.unique(view, return_index=True, return_inverse=True)
    return inverse.ravel().astype(np.int64), first


def _codes_of(bundle: Bundle, ruling: Ruling, found: BatchReasons, row: int) -> tuple[str, ...]:
    pairs = zip(found.feature[row].tolist(), found.contribution[row].tolist(), strict=True)
    shortfalls = [(found.names[place], amount) for place, amount in pairs if place >= 0]
    reasons = reasons_of(bundle, ruling, shortfalls)
    return tuple(r.reason.code for r in reasons[:REASON_LIMIT])
