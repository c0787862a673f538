"""Is a typed value valid: required, range, allowed values, pattern."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import re2

from datasets.choices import NUMERIC_TYPES, TEXT_TYPES, TIME_TYPES, ColumnType, Reason
from datasets.contracts import ColumnContract, Scalar
from datasets.engine.casting import UNCHECKED_ROLES, stored_type


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a check fails, and the sentence that says what was expected."""

    reason: Reason
    message: str
    mask: pl.Series


def special_values(column: ColumnContract) -> tuple[float, ...]:
    """The special codes of a numeric column as numbers."""
    return tuple(float(code) for code in column.special_codes)


def faults(values: pl.Series, column: ColumnContract) -> Iterator[Fault]:
    """The checks of one column that at least one value fails. Nulls fail only `required`."""
    if column.role in UNCHECKED_ROLES:
        return
    if column.required and values.null_count():
        yield Fault(Reason.MISSING_REQUIRED, "A value is required.", values.is_null())
    exempt = _special(values, column)
    for reason, message, mask in _checks(values, column):
        wrong = mask.fill_null(False) & ~exempt if exempt is not None else mask.fill_null(False)
        if wrong.any():
            yield Fault(reason, message, wrong)


def _special(values: pl.Series, column: ColumnContract) -> pl.Series | None:
    if not column.special_codes:
        return None
    if column.type in NUMERIC_TYPES:
        codes = pl.Series(values=list(special_values(column)), dtype=pl.Float64)
        return values.cast(pl.Float64).is_in(codes.implode()).fill_null(False)
    return values.cast(pl.String).is_in(list(column.special_codes)).fill_null(False)


def _checks(values: pl.Series, column: ColumnContract) -> Iterator[tuple[Reason, str, pl.Series]]:
    if column.min is not None:
        text = f"The value is below {column.min}."
        yield Reason.OUT_OF_RANGE, text, values < bound(column.min, column.type)
    if column.max is not None:
        text = f"The value is above {column.max}."
        yield Reason.OUT_OF_RANGE, text, values > bound(column.max, column.type)
    if column.allowed:
        yield Reason.NOT_ALLOWED, "The value is not an allowed one.", _not_allowed(values, column)
    if column.pattern is not None and stored_type(column) in TEXT_TYPES:
        text = f"The value does not match {column.pattern}."
        yield Reason.PATTERN_MISMATCH, text, _mismatched(values, column.pattern)


def bound(value: Scalar, kind: ColumnType) -> float | dt.date | dt.datetime | str:
    """A limit of the contract in the type it is compared with. Raises ValueError."""
    if kind is ColumnType.DATE:
        return dt.date.fromisoformat(str(value))
    if kind is ColumnType.DATETIME:
        moment = dt.datetime.fromisoformat(str(value))
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return float(value) if kind in NUMERIC_TYPES else str(value)


def _not_allowed(values: pl.Series, column: ColumnContract) -> pl.Series:
    if column.type in NUMERIC_TYPES:
        numbers = pl.Series(values=[float(v) for v in column.allowed], dtype=pl.Float64)
        return ~values.cast(pl.Float64).is_in(numbers.implode())
    if column.type in TIME_TYPES:
        return ~values.is_in([bound(value, column.type) for value in column.allowed])
    return ~values.cast(pl.String).is_in([str(value) for value in column.allowed])


def _mismatched(values: pl.Series, pattern: str) -> pl.Series:
    """Match each distinct value once; re2 never backtracks."""
    compiled = re2.compile(pattern)
    distinct = values.drop_nulls().unique()
    wrong = [value for value in distinct if compiled.fullmatch(value) is None]
    return values.is_in(wrong)
