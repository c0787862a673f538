"""Which rows train, which validate, which test: stratified, and out of time where time is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Split:
    """Part of each row, int8 of shape (n,): 0 train, 1 validation, 2 test; what the test is called."""

    part: NDArray[np.int8]
    test_name: str
    boundary: str | None


def stratified_split(y: NDArray[np.generic], *, validation: float, test: float, seed: int) -> Split:
    """Random parts with the same bad rate; the fractions are of all rows, the rest trains."""
    part = np.zeros(len(y), dtype=np.int8)
    generator = np.random.Generator(np.random.PCG64(seed))
    for outcome in (0, 1):
        rows = generator.permutation(np.flatnonzero(np.asarray(y) == outcome))
        tests, validations = round(test * rows.size), round(validation * rows.size)
        part[rows[:tests]] = TEST
        part[rows[tests : tests + validations]] = VALIDATION
    return Split(part, "out_of_sample", None)


def out_of_time_split(
    y: NDArray[np.generic],
    time: NDArray[np.generic],
    *,
    validation: float,
    test: float,
    seed: int,
) -> Split:
    """The latest rows test; earlier ones train or validate at random, stratified by outcome.

    The border never parts rows of one moment: it is the moment whose later rows come closest to the
    wanted fraction. Raises ValueError when there is but one moment.
    """
    moments, counts = np.unique(time, return_counts=True)
    if moments.size < 2:
        raise ValueError("an out-of-time test needs at least two moments")
    later = counts[::-1].cumsum()[::-1] / counts.sum()
    first = 1 + int(np.argmin(np.abs(later[1:] - test)))
    tested = np.asarray(time) >= moments[first]
    share = validation / max(1.0 - test, 1e-9)
    inner = stratified_split(np.asarray(y)[~tested], validation=share, test=0.0, seed=seed)
    part = np.full(len(y), TEST, dtype=np.int8)
    part[~tested] = inner.part
    return Split(part, "out_of_time", str(moments[first]))
