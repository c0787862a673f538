"""What both kinds of training begin with: the split, and the bins of every candidate feature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.binning import BinningError, BinningOptions, bin_categorical, bin_numeric
from ml.bins import Binning, index_of
from ml.discrimination import auc
from ml.splitting import TEST, TRAIN, VALIDATION, Split, out_of_time_split, stratified_split
from scoring.engine.errors import FrameError, TrainingError
from scoring.engine.frame import TrainingFrame
from scoring.engine.report import DroppedFeature, LeakFlag
from scoring.engine.spec import CATEGORICAL, INPUT, KNOWN_AFTER, NUMERIC, FeatureSpec, TrainingSpec

LEAK_AUC = 0.85
MIN_OUTCOMES = 10
MIN_CALIBRATION_BADS = 50

Progress = Callable[[int, int, str], None]


class Steps:
    """Counts the steps of a run and tells the caller, who may raise to stop it."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total, self._done, self._progress = total, 0, progress

    def step(self, message: str, steps: int = 1) -> None:
        """So many steps more are done."""
        self._done = min(self._done + steps, self._total)
        self.say(message)

    def say(self, message: str) -> None:
        """Tells where the run stands."""
        if self._progress is not None:
            self._progress(self._done, self._total, message)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A feature that could be binned: bins on the training rows, each row's bin, its AUC alone."""

    spec: FeatureSpec
    binning: Binning
    index: NDArray[np.int64]
    auc: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Split data and candidates. ``part`` is of shape (n,)."""

    frame: TrainingFrame
    spec: TrainingSpec
    split: Split
    candidates: tuple[Candidate, ...]
    dropped: tuple[DroppedFeature, ...]
    leaks: tuple[LeakFlag, ...]

    def rows(self, part: int) -> NDArray[np.bool_]:
        """Which rows belong to a part."""
        return self.split.part == part

    def calibration_rows(self) -> tuple[NDArray[np.bool_], str]:
        """Rows to calibrate a scorecard on: validation, with train too when its bads are few."""
        validation = self.rows(VALIDATION)
        if int(np.asarray(self.frame.y)[validation].sum()) >= MIN_CALIBRATION_BADS:
            return validation, "validation"
        return validation | self.rows(TRAIN), "train_and_validation"


def prepare(frame: TrainingFrame, spec: TrainingSpec, steps: Steps) -> Prepared:
    """Splits the rows and bins every input on the training part.

    Raises FrameError when columns and specification disagree, TrainingError when a part has too few
    rows of an outcome.
    """
    for feature in spec.inputs:
        _check_type(frame, feature)
    split = _split(frame, spec)
    y = np.asarray(frame.y)
    for part, name in ((TRAIN, "train"), (VALIDATION, "validation"), (TEST, split.test_name)):
        _check_outcomes(y[split.part == part], name, optional=part == TEST)
    candidates, dropped = [], []
    for feature in spec.inputs:
        found = _candidate(frame, spec, split, feature)
        if isinstance(found, Candidate):
            candidates.append(found)
        else:
            dropped.append(found)
        steps.step(f"binned {feature.name}")
    dropped += [
        DroppedFeature(feature.name, feature.role, f"has the role {feature.role}")
        for feature in spec.features
        if feature.role != INPUT
    ]
    if not candidates:
        raise TrainingError("no feature can be used: " + "; ".join(d.detail for d in dropped))
    return Prepared(
        frame=frame,
        spec=spec,
        split=split,
        candidates=tuple(candidates),
        dropped=tuple(dropped),
        leaks=_leaks(spec, candidates),
    )


def binning_options(spec: TrainingSpec) -> BinningOptions:
    """The binning part of a specification."""
    given = spec.scorecard
    return BinningOptions(
        max_bins=given.max_bins,
        min_bin_share=given.min_bin_share,
        min_bin_rows=given.min_bin_rows,
        min_special_count=given.min_special_count,
        min_category_count=given.min_category_count,
        min_z=given.min_z,
    )


def _split(frame: TrainingFrame, spec: TrainingSpec) -> Split:
    if frame.part is not None:
        name = "out_of_time" if spec.time_column is not None else "out_of_sample"
        return Split(np.asarray(frame.part, dtype=np.int8), name, None)
    validation, test = spec.split.validation, spec.split.test
    if spec.time_column is None or test == 0.0:
        return stratified_split(frame.y, validation=validation, test=test, seed=spec.seed)
    if frame.time is None:
        raise FrameError("the specification has a time column but the frame has no time")
    try:
        return out_of_time_split(
            frame.y, frame.time, validation=validation, test=test, seed=spec.seed
        )
    except ValueError as error:
        raise TrainingError(str(error)) from error


def _check_type(frame: TrainingFrame, feature: FeatureSpec) -> None:
    if feature.name not in frame.columns:
        raise FrameError(f"{feature.name}: the column is absent")
    held = NUMERIC if frame.columns[feature.name].dtype == np.float64 else CATEGORICAL
    if held != feature.type:
        raise FrameError(f"{feature.name}: declared {feature.type}, but the column is {held}")


def _check_outcomes(y: NDArray[np.generic], name: str, *, optional: bool) -> None:
    if optional and y.size == 0:
        return
    bads = int((y == 1).sum())
    fewest = MIN_OUTCOMES if name == "train" else 2
    if min(bads, y.size - bads) < fewest:
        raise TrainingError(
            f"the {name} part has {bads} bads and {y.size - bads} goods; {fewest} of each are needed"
        )


def _candidate(
    frame: TrainingFrame, spec: TrainingSpec, split: Split, feature: FeatureSpec
) -> Candidate | DroppedFeature:
    column = frame.columns[feature.name]
    train = split.part == TRAIN
    y = np.asarray(frame.y)[train]
    options = binning_options(spec)
    try:
        if feature.type == NUMERIC:
            codes = [float(code) for code in feature.special_codes]
            binning = bin_numeric(
                np.asarray(column[train], dtype=np.float64),
                y,
                trend=feature.trend,
                specials=codes,
                options=options,
            )
        else:
            texts = [str(code) for code in feature.special_codes]
            binning = bin_categorical(
                np.asarray(column[train], dtype=object), y, specials=texts, options=options
            )
    except BinningError as error:
        return DroppedFeature(feature.name, error.code, str(error))
    index = index_of(column, binning)
    return Candidate(feature, binning, index, auc(y, -binning.woe[index[train]]))


def _leaks(spec: TrainingSpec, candidates: list[Candidate]) -> tuple[LeakFlag, ...]:
    flags = [
        LeakFlag(candidate.spec.name, "separates_alone", candidate.auc)
        for candidate in candidates
        if candidate.auc > LEAK_AUC
    ]
    flags += [
        LeakFlag(feature.name, "known_after_decision", None)
        for feature in spec.features
        if feature.role == KNOWN_AFTER
    ]
    return tuple(flags)
