"""The model report: frozen figures of one training run, and their JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from ml.bins import Binning
from ml.discrimination import CurvePoint, GainsRow
from ml.drift import Drift
from ml.intervals import Estimate
from ml.reliability import CalibrationRow


@dataclass(frozen=True, slots=True, kw_only=True)
class PartReport:
    """One part of the data: train, validation, out_of_time or out_of_sample.

    ``distribution`` rows are (score from, score to, goods, bads).
    """

    name: str
    rows: int
    bads: int
    bad_rate: float
    auc: Estimate
    gini: Estimate
    ks: Estimate
    brier: Estimate
    calibration_error: Estimate
    mean_pd: float
    roc: tuple[CurvePoint, ...]
    ks_curve: tuple[CurvePoint, ...]
    gains: tuple[GainsRow, ...]
    calibration: tuple[CalibrationRow, ...]
    distribution: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BinReport:
    """One bin of a characteristic; ``points`` is None for boosting."""

    label: str
    kind: str
    count: int
    bads: int
    bad_rate: float
    woe: float
    iv: float
    points: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureReport:
    """One feature on the training rows.

    ``importance``: for boosting the mean absolute TreeSHAP contribution, for a scorecard the mean
    absolute points against the average. ``auc`` is of the feature's bins alone.
    """

    name: str
    type: str
    used: bool
    trend: str
    iv: float
    auc: float
    missing: int
    missing_rate: float
    special: int
    importance: float
    csi: Drift | None
    bins: tuple[BinReport, ...]


@dataclass(frozen=True, slots=True)
class DroppedFeature:
    """A feature that does not score; ``reason`` is a stable word, ``detail`` a sentence."""

    name: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class LeakFlag:
    """A sign that a feature knows the outcome; to be judged by a person."""

    name: str
    reason: str
    auc: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReport:
    """Everything the pages of a model show. ``parts`` come in the order train, validation, test."""

    kind: str
    model_hash: str
    seed: int
    rows: int
    bads: int
    target: str
    bad_value: str
    test_name: str
    boundary: str | None
    calibration: str
    rounds: int | None
    parts: tuple[PartReport, ...]
    psi: Drift | None
    features: tuple[FeatureReport, ...]
    dropped: tuple[DroppedFeature, ...]
    leaks: tuple[LeakFlag, ...]
    libraries: dict[str, str]
    notes: tuple[str, ...]

    def part(self, name: str) -> PartReport:
        """The part of that name. Raises KeyError."""
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(name)

    def to_document(self) -> dict[str, Any]:
        """Plain JSON values; floats at six significant digits."""
        shortened = _short(asdict(self))
        if not isinstance(shortened, dict):
            raise TypeError("a report is an object")
        return shortened

    def to_json(self) -> str:
        """The document as JSON text with sorted keys."""
        return json.dumps(self.to_document(), sort_keys=True, allow_nan=False)


def bin_reports(binning: Binning, points: tuple[int, ...] | None) -> tuple[BinReport, ...]:
    """The rows of a characteristic's table."""
    return tuple(
        BinReport(
            label=entry.label,
            kind=entry.kind,
            count=entry.count,
            bads=entry.bads,
            bad_rate=entry.bad_rate,
            woe=entry.woe,
            iv=entry.iv,
            points=None if points is None else points[place],
        )
        for place, entry in enumerate(binning.bins)
    )


def _short(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _short(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_short(entry) for entry in value]
    return value
