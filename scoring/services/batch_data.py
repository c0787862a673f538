"""Between a load's columns and a batch: what is read, in chunks of a fixed size whatever the file's blocks are."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import FieldError, InvalidInput
from datasets import selectors as datasets
from datasets.choices import NUMERIC_TYPES, TIME_TYPES, ColumnType
from datasets.contracts import DataContract
from scoring.engine.encoding import CodedColumn
from scoring.engine.spec import NUMERIC
from scoring.runtime.bundle import Bundle

Raw = dict[str, NDArray[np.generic]]
Read = dict[str, NDArray[np.generic] | CodedColumn]


def columns_to_read(bundle: Bundle, load_id: str, contract: DataContract) -> tuple[str, ...]:
    """The model's features, then what the policy reads and the load has. Raises `InvalidInput` about absent ones."""
    there = set(datasets.column_names(load_id))
    errors = []
    for feature in bundle.scorer.features:
        pointer = f"/load/{feature.name}"
        if feature.name not in there:
            errors.append(
                FieldError(pointer, "column_missing", "The load has no such column in clear.")
            )
            continue
        kind = contract.column(feature.name).type
        if (kind in NUMERIC_TYPES or kind == ColumnType.BOOLEAN) != (feature.type == NUMERIC):
            detail = f"The model reads it as {feature.type}, the load holds it as {kind.value}."
            errors.append(FieldError(pointer, "wrong_type", detail))
    for field in bundle.policy_inputs:
        if field.name in there and contract.column(field.name).type in TIME_TYPES:
            errors.append(
                FieldError(f"/load/{field.name}", "wrong_type", "Dates are not read by policies.")
            )
        if field.name not in there and not field.nullable:
            errors.append(
                FieldError(f"/load/{field.name}", "column_missing", "The policy needs this column.")
            )
    if errors:
        raise InvalidInput("The load cannot be scored by this model.", errors=errors)
    features = [f.name for f in bundle.scorer.features]
    extra = [f.name for f in bundle.policy_inputs if f.name in there]
    return tuple(dict.fromkeys([*features, *extra]))


def key_columns(load_id: str, contract: DataContract) -> tuple[str, ...]:
    """The contract's keys that can be shown in clear, to find a row again."""
    there = set(datasets.column_names(load_id))
    return tuple(name for name in contract.keys if name in there)


def chunks(load_id: str, names: Sequence[str], rows: int) -> Iterator[Raw]:
    """Exactly `rows` rows at a time, the last one less: the same cut at every attempt."""
    waiting: list[Raw] = []
    held = 0
    for batch in datasets.iter_columns(load_id, names, rows):
        count = len(next(iter(batch.values())))
        if not count:
            continue
        waiting.append(dict(batch))
        held += count
        while held >= rows:
            joined = _joined(waiting)
            yield {name: column[:rows] for name, column in joined.items()}
            held -= rows
            waiting = [{name: column[rows:] for name, column in joined.items()}] if held else []
    if held:
        yield _joined(waiting)


def _joined(parts: Sequence[Raw]) -> Raw:
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def readable(raw: Mapping[str, NDArray[np.generic]], names: Sequence[str]) -> Read:
    """Texts as codes, so that each different text is looked at once."""
    return {name: _coded(raw[name]) if raw[name].dtype == object else raw[name] for name in names}


def _coded(column: NDArray[np.generic]) -> CodedColumn:
    encoded = pa.array(column, type=pa.string()).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return CodedColumn(codes, tuple(encoded.dictionary.to_pylist()))
