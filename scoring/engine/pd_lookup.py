"""The PD of an integer score, looked up: no arithmetic, so no two answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scoring.engine.artifact import Reader
from scoring.engine.errors import ArtifactError
from scoring.engine.scale import MAX_SCORES


class PdLookup:
    """PDs of the scores from ``lowest`` on; they never rise with the score."""

    def __init__(self, reader: Reader) -> None:
        """Raises ArtifactError when the table is empty, too long, rises, or leaves 0 to 1."""
        self._lowest = reader.integer("lowest")
        self._list = reader.numbers("values", 0.0, 1.0)
        if not 1 <= len(self._list) <= MAX_SCORES:
            raise ArtifactError(f"{reader.place}: 1 to {MAX_SCORES} PDs are allowed")
        if any(a < b for a, b in zip(self._list, self._list[1:], strict=False)):
            raise ArtifactError(f"{reader.place}: a PD rises with the score")
        self._array = np.array(self._list, dtype=np.float64)

    @property
    def range(self) -> tuple[int, int]:
        """Lowest and highest score."""
        return self._lowest, self._lowest + len(self._list) - 1

    def one(self, score: int) -> float:
        """PD of a reachable score."""
        return self._list[score - self._lowest]

    def many(self, scores: NDArray[np.int32]) -> NDArray[np.float64]:
        """PDs of reachable scores, shape (n,)."""
        return self._array[scores - np.int32(self._lowest)]
