"""From a load and its contract to what the trainer takes: specification first, rows later."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import FieldError, InvalidInput, field_error
from datasets import selectors as datasets
from datasets.choices import NUMERIC_TYPES, TEXT_TYPES, TIME_TYPES, ColumnType, Privacy, Role
from datasets.contracts import ColumnContract, DataContract
from scoring.engine.errors import SpecError
from scoring.engine.frame import TrainingFrame
from scoring.engine.spec import (
    CATEGORICAL,
    INPUT,
    NUMERIC,
    FeatureSpec,
    TrainingSpec,
    spec_from_document,
)

OPTIONS = frozenset(
    {
        "features", "exclude", "target", "time_column", "calibration", "split", "scale", "scorecard", "boosting",
    }
)  # fmt: skip
# Roles a column may have and still be reported on, by the engine's word for them.
_REPORTED = {
    Role.FEATURE: INPUT,
    Role.PROTECTED: "protected",
    Role.PROHIBITED: "prohibited",
    Role.KNOWN_AFTER_DECISION: "known_after_decision",
}
_NUMERIC = NUMERIC_TYPES | {ColumnType.BOOLEAN}


def build_spec(
    *, contract: DataContract, kind: str, options: Mapping[str, Any], seed: int
) -> TrainingSpec:
    """The whole specification of a run. Raises `InvalidInput` with a pointer to each fault.

    `features` may list names or {"name", "trend"}; without it every column with the role feature trains. Columns that
    are protected, prohibited, known after the decision, identifying or dates never do, whoever asks.
    """
    errors: list[FieldError] = [
        FieldError(f"/spec/{name}", "unknown_field", "This setting is not known.")
        for name in sorted(set(options) - OPTIONS)
    ]
    target = _target(contract, options, errors)
    features = _features(contract, options, target, errors)
    time_column = _time(contract, options, errors)
    if errors or target is None:
        raise InvalidInput("The run cannot start.", errors=errors)
    extra = {
        k: options[k]
        for k in ("calibration", "split", "scale", "scorecard", "boosting")
        if k in options
    }
    document = {
        "kind": kind,
        "target": target.name,
        "bad_value": "|".join(str(v) for v in target.bad_values),
        "features": features,
        "time_column": time_column,
        "seed": seed,
        **extra,
    }
    try:
        return spec_from_document(document)
    except SpecError as error:
        raise field_error("/spec", error.code, str(error)) from error


def _target(
    contract: DataContract, options: Mapping[str, Any], errors: list[FieldError]
) -> ColumnContract | None:
    asked = options.get("target")
    columns = contract.with_role(Role.TARGET)
    found = next((c for c in columns if asked in (None, c.name)), None)
    if found is None:
        detail = "The contract names no such target." if asked else "The contract names no target."
        errors.append(FieldError("/spec/target", "no_target", detail))
    elif not found.bad_values:
        detail = "The contract does not say which value of the target is bad."
        errors.append(FieldError("/spec/target", "no_direction", detail))
    return found


def _features(
    contract: DataContract,
    options: Mapping[str, Any],
    target: ColumnContract | None,
    errors: list[FieldError],
) -> list[dict[str, Any]]:
    columns = {c.name: c for c in contract.columns}
    excluded = _names(options.get("exclude", ()), "/spec/exclude", columns, errors)
    asked = options.get("features")
    out = []
    if asked is None:
        wanted = {c.name: "auto" for c in contract.columns if _why_not(c) is None}
    else:
        wanted = _asked(asked, columns, errors)
    for column in contract.columns:
        if column.name in wanted and column.name not in excluded:
            out.append(_feature(column, INPUT, wanted[column.name]))
        elif column.role in _REPORTED and column.role != Role.FEATURE and column is not target:
            out.append(_feature(column, _REPORTED[column.role], "auto"))
    if not errors and not any(f["role"] == INPUT for f in out):
        errors.append(FieldError("/spec/features", "no_features", "No column may train."))
    return out


def _asked(
    asked: Any, columns: Mapping[str, ColumnContract], errors: list[FieldError]
) -> dict[str, str]:
    if not isinstance(asked, Sequence) or isinstance(asked, str):
        errors.append(FieldError("/spec/features", "invalid", "A list is expected."))
        return {}
    wanted: dict[str, str] = {}
    for place, entry in enumerate(asked):
        given = entry if isinstance(entry, Mapping) else {"name": entry}
        name, trend = given.get("name"), given.get("trend", "auto")
        pointer = f"/spec/features/{place}"
        column = columns.get(name) if isinstance(name, str) else None
        if column is None:
            errors.append(FieldError(pointer, "unknown_column", f"No column {str(name)[:80]!r}."))
        elif (why := _why_not(column)) is not None:
            errors.append(FieldError(pointer, "excluded_column", f"{name}: {why}"))
        elif not isinstance(trend, str) or set(given) - {"name", "trend"}:
            errors.append(FieldError(pointer, "invalid", "Only a name and a trend are expected."))
        else:
            wanted[column.name] = trend
    return wanted


def _names(
    asked: Any, pointer: str, columns: Mapping[str, ColumnContract], errors: list[FieldError]
) -> frozenset[str]:
    if not isinstance(asked, Sequence) or isinstance(asked, str):
        errors.append(FieldError(pointer, "invalid", "A list of names is expected."))
        return frozenset()
    for place, name in enumerate(asked):
        if not isinstance(name, str) or name not in columns:
            detail = f"No column {str(name)[:80]!r}."
            errors.append(FieldError(f"{pointer}/{place}", "unknown_column", detail))
    return frozenset(str(name) for name in asked)


def _why_not(column: ColumnContract) -> str | None:
    """Why a column may never train, or None when it may."""
    if column.role != Role.FEATURE:
        return f"it has the role {column.role.value}"
    if column.privacy == Privacy.IDENTITY:
        return "it identifies a person"
    if column.type in TIME_TYPES:
        return "dates are not scored; derive a number of days first"
    return None


def _feature(column: ColumnContract, role: str, trend: str) -> dict[str, Any]:
    numeric = column.type in _NUMERIC
    specials: list[float | str] = []
    if column.type in NUMERIC_TYPES:
        specials = [float(code) for code in column.special_codes]
    elif column.type in TEXT_TYPES:
        specials = list(column.special_codes)
    return {
        "name": column.name,
        "type": NUMERIC if numeric else CATEGORICAL,
        "role": role,
        "special_codes": specials if role == INPUT else [],
        "trend": trend,
    }


def _time(
    contract: DataContract, options: Mapping[str, Any], errors: list[FieldError]
) -> str | None:
    columns = [c for c in contract.with_role(Role.TIME) if c.type in TIME_TYPES]
    asked = options.get("time_column", columns[0].name if columns else None)
    if asked is None or any(c.name == asked for c in columns):
        return asked
    detail = "The contract has no date or moment of that name with the role time."
    errors.append(FieldError("/spec/time_column", "unknown_column", detail))
    return None


def read_frame(load_id: str, contract: DataContract, spec: TrainingSpec) -> TrainingFrame:
    """The resolved rows of a load. Raises `InvalidInput` when the target or the time does not allow a run."""
    names = [f.name for f in spec.inputs]
    extra = [spec.target, *([spec.time_column] if spec.time_column else [])]
    columns = dict(datasets.open_columns(load_id, [*names, *extra]))
    y, resolved = outcome(columns.pop(spec.target), contract.column(spec.target))
    time = columns.pop(spec.time_column) if spec.time_column else None
    if time is not None:
        resolved &= ~np.isnat(time)
        time = time[resolved]
    kept = {name: _as_trained(f, columns[name][resolved]) for name, f in _by_name(spec)}
    y = y[resolved]
    if not y.any() or y.all():
        detail = "The target needs rows that are bad and rows that are good."
        raise field_error("/spec/target", "one_outcome", detail)
    return TrainingFrame(columns=kept, y=y, time=time)


def _by_name(spec: TrainingSpec) -> list[tuple[str, FeatureSpec]]:
    return [(feature.name, feature) for feature in spec.inputs]


def _as_trained(feature: FeatureSpec, column: NDArray[np.generic]) -> NDArray[np.generic]:
    if feature.type == NUMERIC:
        return np.asarray(column, dtype=np.float64)
    return column


def outcome(
    values: NDArray[np.generic], column: ColumnContract
) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """1 for bad, and which rows are resolved: missing ones never, with `good_values` no third value either."""
    bad, good = {_key(v) for v in column.bad_values}, {_key(v) for v in column.good_values}
    keys = [_key(v) for v in values.tolist()]
    y = np.array([key in bad for key in keys], dtype=np.int8)
    resolved = np.array(
        [key is not None and (not good or key in bad or key in good) for key in keys]
    )
    return y, resolved


def _key(value: Any) -> str | None:
    """Numbers compare by value, so that "1" matches 1.0; None and NaN are missing."""
    if value is None:
        return None
    if isinstance(value, bool):
        value = int(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        text = str(value).strip().lower()
        return {"true": "1.0", "false": "0.0"}.get(text, str(value))
    return None if number != number else repr(number)
