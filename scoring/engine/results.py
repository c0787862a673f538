"""What scoring gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scoring.engine.encoding import Columns, Value


@dataclass(frozen=True, slots=True)
class Reason:
    """A feature that pushed the risk up, and by how much.

    ``contribution`` is positive: points lost against the average (scorecard), or TreeSHAP log-odds of
    bad (boosting).
    """

    feature: str
    contribution: float


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """One row's integer score (higher is safer), its PD, and the reasons when they were asked for."""

    score: int
    pd: float
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchReasons:
    """Reasons of m rows: ``feature`` int16 of shape (m, k) indexes ``names``, -1 where there is none;
    ``contribution`` float64 of the same shape, 0 where there is none.
    """

    names: tuple[str, ...]
    feature: NDArray[np.int16]
    contribution: NDArray[np.float64]

    def of(self, row: int) -> tuple[str, ...]:
        """The names of one row's reasons, strongest first."""
        return tuple(self.names[index] for index in self.feature[row] if index >= 0)


@dataclass(frozen=True, slots=True)
class BatchScores:
    """``score`` int32 and ``pd`` float64, both of shape (n,); reasons when they were asked for."""

    score: NDArray[np.int32]
    pd: NDArray[np.float64]
    reasons: BatchReasons | None = None


@dataclass(frozen=True, slots=True)
class FeatureInfo:
    """What a caller must send: name, type, and the texts a categorical feature knows."""

    name: str
    type: str
    special_codes: tuple[float | str, ...]
    categories: tuple[str, ...]


def reason_slots(*shape: int) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """Room for reasons, the last dimension being at least one each. Raises ValueError."""
    if shape[-1] < 1:
        raise ValueError("at least one reason must be asked for")
    return np.empty(shape, dtype=np.int16), np.empty(shape)


class Scorer(Protocol):
    """A loaded model. One row and a batch go through the same compiled kernels: the same bits.

    A feature that is absent raises ScoreInputError; None (NaN in a column) is a missing value.
    """

    kind: str
    model_hash: str
    features: tuple[FeatureInfo, ...]
    score_range: tuple[int, int]

    def score_one(self, values: Mapping[str, Value], *, reasons: int = 0) -> ScoreResult:
        """Score and PD of a row, with up to ``reasons`` reasons."""
        ...

    def score_batch(self, columns: Columns, *, reasons: int = 0) -> BatchScores:
        """Score and PD of every row of columns of one length, with up to ``reasons`` reasons."""
        ...

    def reasons_one(self, values: Mapping[str, Value], k: int = 4) -> tuple[str, ...]:
        """Names of the up to ``k`` features that pushed the risk up most, strongest first.

        Equal contributions keep the order of the model's features.
        """
        ...

    def reasons_batch(
        self, columns: Columns, rows: NDArray[np.generic] | None = None, k: int = 4
    ) -> BatchReasons:
        """The same for rows chosen by a boolean mask or by indexes; None means all."""
        ...

    def contributions_one(self, values: Mapping[str, Value]) -> dict[str, float]:
        """Every feature's contribution, signed: positive pushed the risk up."""
        ...

    def contributions_batch(self, columns: Columns) -> NDArray[np.float64]:
        """The same of every row, shape (n, features) in the order of ``features``."""
        ...
