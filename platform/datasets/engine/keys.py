"""Has this key been seen before: exact for one integer key, by 64-bit hash otherwise.

Memory is eight bytes a row and stays flat while parts merge. Two different keys share a hash with
probability n**2 / 2**65: one in 400,000 files of ten million rows.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

PARTS = 64
SHIFT = np.uint64(58)
MIX = np.uint64(0x9E3779B97F4A7C15)

Hashes = NDArray[np.uint64]


class SeenKeys:
    """Remembers 64-bit keys; tells for a batch which of them are repeats."""

    def __init__(self) -> None:
        self._parts: list[list[Hashes]] = [[] for _ in range(PARTS)]

    def repeats(self, hashes: Hashes) -> NDArray[np.bool_]:
        """True where a key occurred earlier, in this batch or before; then remember the batch."""
        found = np.zeros(len(hashes), dtype=bool)
        places = ((hashes * MIX) >> SHIFT).astype(np.int64)
        order = np.argsort(places, kind="stable")
        edges = np.searchsorted(places[order], np.arange(PARTS + 1))
        for part in range(PARTS):
            inside = order[edges[part] : edges[part + 1]]
            if len(inside):
                found[inside] = self._repeats_in(part, hashes[inside])
        return found

    def _repeats_in(self, part: int, hashes: Hashes) -> NDArray[np.bool_]:
        runs = self._parts[part]
        distinct, first = np.unique(hashes, return_index=True)
        repeated = np.ones(len(hashes), dtype=bool)
        repeated[first] = False
        known = np.zeros(len(distinct), dtype=bool)
        for run in runs:
            at = np.minimum(np.searchsorted(run, distinct), len(run) - 1)
            known |= run[at] == distinct
        repeated[first] = known
        self._remember(runs, distinct[~known])
        return repeated

    @staticmethod
    def _remember(runs: list[Hashes], fresh: Hashes) -> None:
        """Sorted runs, each at least twice as long as the next: few to search, cheap to merge."""
        while runs and len(fresh) and len(runs[-1]) < 2 * len(fresh):
            fresh = np.sort(np.concatenate([runs.pop(), fresh]))
        if len(fresh):
            runs.append(fresh)


def key_hashes(columns: list[pl.Series]) -> Hashes:
    """One 64-bit key per row: the number itself for one integer column, a hash otherwise."""
    if len(columns) == 1 and columns[0].dtype == pl.Int64 and columns[0].null_count() == 0:
        return columns[0].to_numpy().view(np.uint64)
    frame = pl.DataFrame({str(i): column for i, column in enumerate(columns)})
    return frame.hash_rows(seed=7).to_numpy()
