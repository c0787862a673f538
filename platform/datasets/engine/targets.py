"""Good and bad, as the contract declares them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from datasets.choices import NUMERIC_TYPES, ColumnType
from datasets.contracts import ColumnContract, Scalar
from datasets.engine.casting import FALSE_WORDS, TRUE_WORDS
from datasets.engine.reading import Values


def is_declared(column: ColumnContract) -> bool:
    """Whether the contract says which values are bad or which are good."""
    return bool(column.bad_values or column.good_values)


def bad_flags(values: Values, column: ColumnContract) -> NDArray[np.float64]:
    """1 for bad, 0 for good, NaN where the outcome is missing or neither; length n.

    `values` are as `read_columns` gives them. With only one side declared, every other present
    value is on the other side. Raises ValueError when no side is declared.
    """
    if not is_declared(column):
        raise ValueError(f"{column.name} declares neither bad nor good values.")
    present = _present(values)
    bad = _among(values, column.bad_values, column) & present
    good = _among(values, column.good_values, column) & present
    if not column.good_values:
        good = present & ~bad & ~_special(values, column)
    elif not column.bad_values:
        bad = present & ~good & ~_special(values, column)
    return np.where(bad, 1.0, np.where(good, 0.0, np.nan))


def _present(values: Values) -> NDArray[np.bool_]:
    if values.dtype == np.object_:
        return np.array([value is not None for value in values], dtype=bool)
    return np.asarray(~np.isnan(values.astype(np.float64)))


def _among(values: Values, wanted: tuple[Scalar, ...], column: ColumnContract) -> NDArray[np.bool_]:
    if column.type in NUMERIC_TYPES:
        return np.isin(values, [float(value) for value in wanted])
    if column.type is ColumnType.BOOLEAN:
        return np.isin(values, [truth(value) for value in wanted])
    words = {str(value).strip() for value in wanted}
    return np.array([value in words for value in values], dtype=bool)


def _special(values: Values, column: ColumnContract) -> NDArray[np.bool_]:
    if not column.special_codes:
        return np.zeros(len(values), dtype=bool)
    return _among(values, tuple(column.special_codes), column)


def truth(value: Scalar) -> float:
    """1.0 or 0.0 for a word or number that means true or false. Raises ValueError."""
    word = str(value).strip().lower()
    if word in TRUE_WORDS or word == "1.0":
        return 1.0
    if word in FALSE_WORDS or word == "0.0":
        return 0.0
    raise ValueError(f"{value!r} is neither true nor false.")
