"""Training data as the engine takes them: columns, outcome, optional time and given split."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.engine.errors import FrameError


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingFrame:
    """n rows in columns.

    ``columns``: float64 arrays of shape (n,) with NaN for missing, or object arrays of str and None.
    ``y``: (n,), 1 for bad and 0 for good. ``time``: (n,) int64 or datetime64, no NaT. ``part``: (n,) of
    0 train, 1 validation, 2 test, when the split is given instead of drawn.
    Raises FrameError when anything does not fit.
    """

    columns: Mapping[str, NDArray[np.generic]]
    y: NDArray[np.generic]
    time: NDArray[np.generic] | None = None
    part: NDArray[np.int8] | None = None

    def __post_init__(self) -> None:
        rows = len(self.y)
        outcomes = np.unique(self.y).tolist()
        if outcomes != [0, 1]:
            raise FrameError(
                f"the outcome must hold 0 and 1 and nothing else, found {outcomes[:5]}"
            )
        for name, column in self.columns.items():
            _check_column(name, column, rows)
        if self.time is not None:
            _check_time(self.time, rows)
        if self.part is not None and (
            len(self.part) != rows or not set(np.unique(self.part).tolist()) <= {0, 1, 2}
        ):
            raise FrameError("the given split must hold 0, 1 or 2 for each row")

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.y)

    def fingerprint(self) -> str:
        """SHA-256 over names, types and values of all columns, the outcome, time and split."""
        digest = hashlib.sha256()
        for name in sorted(self.columns):
            _absorb(digest, name, self.columns[name])
        _absorb(digest, "y", np.asarray(self.y, dtype=np.int8))
        for name, extra in (("time", self.time), ("part", self.part)):
            if extra is not None:
                _absorb(digest, name, extra)
        return digest.hexdigest()


def outcome_of(
    values: NDArray[np.generic], *, bad_value: str, good_value: str | None = None
) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """``(y, resolved)`` of a target column: 1 where its text equals ``bad_value``.

    Numbers compare by value, so that "1" matches 1.0. Missing rows are not resolved; with
    ``good_value`` neither are rows of any third value. Raises FrameError when nothing is bad or good.
    """
    texts = [_text(value) for value in values]
    bad = _text(bad_value)
    y = np.array([text == bad for text in texts], dtype=np.int8)
    good = None if good_value is None else _text(good_value)
    resolved = np.array(
        [text is not None and (good is None or text in (bad, good)) for text in texts]
    )
    if not y[resolved].any() or y[resolved].all():
        raise FrameError(f"the target needs rows that equal {bad_value!r} and rows that do not")
    return y, resolved


def _text(value: object) -> str | None:
    if value is None:
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return str(value)
    return None if np.isnan(number) else repr(number)


def _check_column(name: str, column: NDArray[np.generic], rows: int) -> None:
    if not isinstance(column, np.ndarray) or column.shape != (rows,):
        raise FrameError(f"{name}: must be an array of {rows} values")
    if column.dtype == np.float64:
        return
    if column.dtype != np.dtype(object):
        raise FrameError(f"{name}: must be float64, or object with texts, not {column.dtype}")
    if not all(value is None or type(value) is str for value in column):
        raise FrameError(f"{name}: a text column may hold only str and None")


def _check_time(time: NDArray[np.generic], rows: int) -> None:
    if time.shape != (rows,) or time.dtype.kind not in "iM":
        raise FrameError(f"time must be int64 or datetime64 of {rows} values")
    if time.dtype.kind == "M" and np.isnat(time).any():
        raise FrameError("time is missing in some rows")


def _absorb(digest: hashlib._Hash, name: str, column: NDArray[np.generic]) -> None:
    digest.update(struct.pack("<I", len(name.encode())) + name.encode())
    digest.update(column.dtype.str.encode())
    if column.dtype != np.dtype(object):
        digest.update(np.ascontiguousarray(column).tobytes())
        return
    for value in column:
        text = b"" if value is None else str(value).encode()
        digest.update(struct.pack("<i", -1 if value is None else len(text)) + text)
