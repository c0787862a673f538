"""From the values of a row or a column to the numbers a model reads; one rule for both.

Numeric: ints, floats and bools; None and NaN are missing; infinities are the ends of the scale. A text is
refused, also one that looks like a number. Categorical: texts and None; a text the model does not know is
*other*. Nothing else is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.engine.errors import ScoreInputError

Floats = NDArray[np.float64]
Value = float | int | str | None
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class CodedColumn:
    """A text column as codes into ``values``, shape (n,); a negative code is missing."""

    codes: NDArray[np.integer]
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)


Column = NDArray[np.generic] | CodedColumn
Columns = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class FeatureEncoding:
    """How one feature is read. ``codes`` is None for a numeric feature; otherwise the code of each
    known text, with ``other`` and ``missing`` for the rest.
    """

    name: str
    codes: Mapping[str, int] | None = None
    other: int = -1
    missing: int = -1


def encode_row(values: Mapping[str, Value], encodings: tuple[FeatureEncoding, ...]) -> list[float]:
    """One number a feature. Raises ScoreInputError for an absent or ill-typed value."""
    row = []
    for feature in encodings:
        try:
            value = values[feature.name]
        except KeyError:
            raise ScoreInputError(feature.name, "is absent; missing must be said by null") from None
        if type(value) is float and feature.codes is None:
            row.append(value)
        else:
            row.append(encode_value(value, feature))
    return row


def encode_value(value: object, feature: FeatureEncoding) -> float:
    """The number of one value. Raises ScoreInputError when its type does not fit."""
    if feature.codes is not None:
        if value is None:
            return float(feature.missing)
        if not isinstance(value, str):
            raise ScoreInputError(feature.name, f"must be a text, not {type(value).__name__}")
        return float(feature.codes.get(value, feature.other))
    if value is None:
        return NAN
    if isinstance(value, float | int | np.number | np.bool_):
        try:
            return float(value)
        except OverflowError:
            raise ScoreInputError(feature.name, "is too large a number") from None
    raise ScoreInputError(feature.name, f"must be a number, not {type(value).__name__}")


def encode_column(columns: Columns, feature: FeatureEncoding) -> Floats:
    """The numbers of one column, float64 of shape (n,); the same rule as ``encode_row``."""
    if feature.name not in columns:
        raise ScoreInputError(feature.name, "the column is absent")
    column = columns[feature.name]
    if isinstance(column, CodedColumn):
        return _encode_coded(column, feature)
    if feature.codes is None and column.dtype.kind in "fiub":
        # A read-only array (Arrow's) is another type to numba, which would compile once more.
        return np.require(column, dtype=np.float64, requirements=["C", "W"])
    values = (encode_value(value, feature) for value in column.tolist())
    return np.fromiter(values, dtype=np.float64, count=len(column))


def _encode_coded(column: CodedColumn, feature: FeatureEncoding) -> Floats:
    if feature.codes is None:
        raise ScoreInputError(feature.name, "must be a number, not str")
    table = np.array([*(encode_value(value, feature) for value in column.values), feature.missing])
    codes = np.where(column.codes < 0, len(column.values), column.codes)
    if codes.size and codes.max() > len(column.values):
        raise ScoreInputError(feature.name, "a code has no value")
    return np.asarray(table[codes], dtype=np.float64)


def row_count(columns: Columns, encodings: tuple[FeatureEncoding, ...]) -> int:
    """Rows of the columns. Raises ScoreInputError when one is absent or their lengths differ."""
    count = -1
    for feature in encodings:
        if feature.name not in columns:
            raise ScoreInputError(feature.name, "the column is absent")
        length = len(columns[feature.name])
        if count not in (-1, length):
            raise ScoreInputError(feature.name, f"has {length} rows, others have {count}")
        count = length
    return max(count, 0)
