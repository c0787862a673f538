"""What a training run is asked to do: frozen, validated, and itself a JSON document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from scoring.engine.errors import SpecError

SCORECARD, BOOSTING = "scorecard", "boosting"
NUMERIC, CATEGORICAL = "numeric", "categorical"
INPUT, PROTECTED, PROHIBITED, KNOWN_AFTER = (
    "input",
    "protected",
    "prohibited",
    "known_after_decision",
)
ROLES = (INPUT, PROTECTED, PROHIBITED, KNOWN_AFTER)
TRENDS = ("auto", "ascending", "descending", "none")
CALIBRATIONS = ("platt", "isotonic")
MAX_FEATURES = 2_000
MAX_SPECIALS = 32

_PLAIN: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float,),
    "bool": (bool,),
    "str": (str,),
    "str | None": (str, type(None)),
}

Options = TypeVar("Options")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSpec:
    """One column: its type, role, special codes and the course of risk that is demanded of it.

    Only role ``input`` trains; the other roles keep a column out and are reported as such. ``trend`` is
    the course of the bad rate as the value grows: for a scorecard the bins are forced to it, for
    boosting it becomes a monotone constraint (auto and none leave boosting free).
    """

    name: str
    type: str = NUMERIC
    role: str = INPUT
    special_codes: tuple[float | str, ...] = ()
    trend: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSpec:
    """Fractions of all rows to validate and to test; the rest trains. ``test`` may be 0."""

    validation: float = 0.2
    test: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSpec:
    """Points: ``base_score`` stands for ``base_odds`` goods to one bad, which every
    ``points_to_double`` points more double.
    """

    base_score: int = 600
    base_odds: float = 50.0
    points_to_double: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardOptions:
    """How a scorecard is built. ``max_correlation`` is of WOE columns; shares are of training rows.

    A bin holds at least the larger of ``min_bin_share`` of the rows and ``min_bin_rows``: a small
    share keeps rare but telling bins (a recent default), the number keeps small samples steady.
    """

    min_iv: float = 0.01
    max_correlation: float = 0.9
    max_features: int = 30
    max_bins: int = 10
    min_bin_share: float = 0.02
    min_bin_rows: int = 50
    min_special_count: int = 30
    min_category_count: int = 30
    min_z: float = 1.0
    ridge: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoostingOptions:
    """LightGBM's parameters, and ``patience`` rounds of early stopping on the validation rows.

    ``auto_monotone`` constrains every numeric feature of trend auto to the direction that its bins
    show on the training rows, where they show one.
    """

    max_rounds: int = 600
    patience: int = 50
    learning_rate: float = 0.03
    leaves: int = 15
    max_depth: int = 5
    min_leaf_rows: int = 20
    row_share: float = 0.8
    column_share: float = 0.7
    lambda_l2: float = 5.0
    auto_monotone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSpec:
    """A whole training run. Same specification and same data give the same artifact bytes.

    ``bad_value`` says which value of ``target`` is bad; the frame already holds the outcome as 1 for
    bad. ``time_column`` asks for an out-of-time test and needs the frame's ``time``.
    """

    kind: str
    target: str
    bad_value: str
    features: tuple[FeatureSpec, ...]
    time_column: str | None = None
    id_column: str | None = None
    seed: int = 42
    calibration: str = "platt"
    split: SplitSpec = SplitSpec()
    scale: ScaleSpec = ScaleSpec()
    scorecard: ScorecardOptions = ScorecardOptions()
    boosting: BoostingOptions = BoostingOptions()

    def __post_init__(self) -> None:
        _check(self)

    @property
    def inputs(self) -> tuple[FeatureSpec, ...]:
        """The features that train."""
        return tuple(feature for feature in self.features if feature.role == INPUT)

    def to_document(self) -> dict[str, Any]:
        """The specification as plain JSON values."""
        return asdict(self)


def spec_from_document(document: Mapping[str, Any]) -> TrainingSpec:
    """The specification in a JSON document; unknown keys are refused. Raises SpecError."""
    values = dict(document)
    try:
        features = tuple(
            _build(FeatureSpec, {**entry, "special_codes": tuple(entry.get("special_codes", ()))})
            for entry in values.pop("features")
        )
        parts = {
            name: _build(kind, values.pop(name, {}))
            for name, kind in (
                ("split", SplitSpec),
                ("scale", ScaleSpec),
                ("scorecard", ScorecardOptions),
                ("boosting", BoostingOptions),
            )
        }
        return _build(TrainingSpec, {**values, **parts, "features": features})
    except (AttributeError, KeyError, OverflowError, TypeError) as error:
        raise SpecError(f"not a training specification: {error}") from error


def _build(kind: type[Options], values: Mapping[str, Any]) -> Options:
    known = {entry.name for entry in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - known)
    if unknown:
        raise SpecError(f"unknown keys in {kind.__name__}: {', '.join(unknown)}")
    typed = {
        entry.name: _typed(values[entry.name], str(entry.type), entry.name)
        for entry in fields(kind)  # type: ignore[arg-type]
        if entry.name in values
    }
    return kind(**typed)


def _typed(value: Any, wanted: str, name: str) -> Any:
    """The value as its annotation says; a whole number may stand for a float. Raises SpecError."""
    if wanted not in _PLAIN:
        return value
    if wanted == "float" and type(value) is int:
        return float(value)
    if type(value) not in _PLAIN[wanted]:
        raise SpecError(f"{name} must be {wanted}, not {type(value).__name__}")
    return value


def _check(spec: TrainingSpec) -> None:
    _demand(spec.kind in (SCORECARD, BOOSTING), "kind must be scorecard or boosting")
    _demand(spec.calibration in CALIBRATIONS, "calibration must be platt or isotonic")
    _demand(0 <= spec.seed < 2**31, "seed must be 0 to 2147483647")
    names = [feature.name for feature in spec.features]
    _demand(len(set(names)) == len(names), "a feature is named twice")
    _demand(len(spec.inputs) >= 1, "no feature has the role input")
    _demand(len(names) <= MAX_FEATURES, f"more than {MAX_FEATURES} features")
    for taken in (spec.target, spec.time_column, spec.id_column):
        _demand(taken not in names, f"{taken} cannot be a feature as well")
    for feature in spec.features:
        _check_feature(feature)
    split, scale = spec.split, spec.scale
    _demand(0.05 <= split.validation <= 0.5, "split.validation must be 0.05 to 0.5")
    _demand(0.0 <= split.test <= 0.5, "split.test must be 0 to 0.5")
    _demand(split.validation + split.test <= 0.8, "split must leave a fifth of the rows to train")
    _demand(0 <= scale.base_score <= 10_000, "scale.base_score must be 0 to 10000")
    _demand(0.01 <= scale.base_odds <= 1e6, "scale.base_odds must be 0.01 to 1000000")
    _demand(1 <= scale.points_to_double <= 500, "scale.points_to_double must be 1 to 500")
    _check_scorecard(spec.scorecard)
    _check_boosting(spec.boosting)


def _check_feature(feature: FeatureSpec) -> None:
    name = feature.name
    _demand(bool(name) and len(name) <= 200, "a feature's name must have 1 to 200 characters")
    _demand(feature.type in (NUMERIC, CATEGORICAL), f"{name}: type must be numeric or categorical")
    _demand(feature.role in ROLES, f"{name}: role must be one of {', '.join(ROLES)}")
    _demand(feature.trend in TRENDS, f"{name}: trend must be one of {', '.join(TRENDS)}")
    codes = feature.special_codes
    _demand(len(codes) <= MAX_SPECIALS, f"{name}: more than {MAX_SPECIALS} special codes")
    if feature.type == CATEGORICAL:
        _demand(all(isinstance(code, str) for code in codes), f"{name}: codes must be texts")
        _demand(feature.trend in ("auto", "none"), f"{name}: a categorical feature has no trend")
        return
    numbers = [code for code in codes if isinstance(code, int | float) and math.isfinite(code)]
    _demand(len(numbers) == len(codes), f"{name}: special codes must be finite numbers")


def _check_scorecard(options: ScorecardOptions) -> None:
    _demand(0.0 <= options.min_iv <= 1.0, "scorecard.min_iv must be 0 to 1")
    _demand(0.0 < options.max_correlation <= 1.0, "scorecard.max_correlation must be above 0 to 1")
    _demand(1 <= options.max_features <= 500, "scorecard.max_features must be 1 to 500")
    _demand(2 <= options.max_bins <= 20, "scorecard.max_bins must be 2 to 20")
    _demand(0.0 < options.min_bin_share <= 0.5, "scorecard.min_bin_share must be above 0 to 0.5")
    _demand(options.min_bin_rows >= 1, "scorecard.min_bin_rows must be at least 1")
    _demand(options.min_special_count >= 1, "scorecard.min_special_count must be at least 1")
    _demand(options.min_category_count >= 1, "scorecard.min_category_count must be at least 1")
    _demand(0.0 <= options.min_z <= 10.0, "scorecard.min_z must be 0 to 10")
    _demand(0.0 <= options.ridge <= 1e6, "scorecard.ridge must be 0 to 1000000")


def _check_boosting(options: BoostingOptions) -> None:
    _demand(1 <= options.max_rounds <= 5000, "boosting.max_rounds must be 1 to 5000")
    _demand(1 <= options.patience <= 5000, "boosting.patience must be 1 to 5000")
    _demand(0.001 <= options.learning_rate <= 1.0, "boosting.learning_rate must be 0.001 to 1")
    _demand(2 <= options.leaves <= 256, "boosting.leaves must be 2 to 256")
    _demand(1 <= options.max_depth <= 16, "boosting.max_depth must be 1 to 16")
    _demand(options.min_leaf_rows >= 1, "boosting.min_leaf_rows must be at least 1")
    _demand(0.1 <= options.row_share <= 1.0, "boosting.row_share must be 0.1 to 1")
    _demand(0.1 <= options.column_share <= 1.0, "boosting.column_share must be 0.1 to 1")
    _demand(0.0 <= options.lambda_l2 <= 1e6, "boosting.lambda_l2 must be 0 to 1000000")


def _demand(holds: bool, message: str) -> None:
    if not holds:
        raise SpecError(message)
