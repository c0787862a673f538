"""What every kind of source is read into before it is judged: columns, row numbers, rejects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from datasets.choices import Reason


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that never became a row of columns. `raw` is its text."""

    row: int
    reason: Reason
    message: str
    raw: str


@dataclass(frozen=True, slots=True)
class RawRow:
    """The original text of a row and, by file position, of its fields."""

    text: str
    fields: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some rows of a source.

    `columns` stand in file order, each a polars Series either still text or already typed;
    `rows` holds the source row number of each; `raw(i)` gives back the original of row i.
    `blank` counts lines without a character; `done` is how far the source has been read, in bytes.
    """

    columns: list[pl.Series]
    rows: NDArray[np.int64]
    raw: Callable[[int], RawRow]
    rejects: list[Reject]
    blank: int
    done: int
