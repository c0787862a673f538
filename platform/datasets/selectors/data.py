"""The good rows of a load as arrays, read column by column from encrypted Parquet."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from core import storage
from core.errors import FieldError, InvalidInput, NotFound
from datasets.choices import Privacy, Role
from datasets.contracts import ColumnContract, DataContract
from datasets.engine import bad_flags, iter_batches, read_columns
from datasets.models import DatasetLoad
from datasets.selectors.catalogue import contract_of
from datasets.states import LoadState

Columns = Mapping[str, NDArray[np.generic]]
BATCH_ROWS = 131_072


def column_names(load_id: str) -> tuple[str, ...]:
    """The columns that can be read in clear, in contract order. Raises `NotFound`."""
    return _clear_names(contract_of(load_id).contract)


def open_columns(load_id: str, columns: Sequence[str]) -> Columns:
    """Whole columns, each of `row_count` values. Raises `NotFound`, `InvalidInput` naming unknown columns.

    Numbers (integer, decimal, boolean as 0 and 1) are float64 with NaN where missing; text is an object array of str
    and None; dates are datetime64[D] and moments datetime64[us] (UTC), NaT where missing. Special codes stay numbers.
    Identity columns are encrypted and cannot be asked for.
    """
    with _opened(load_id, columns) as (file, contract):
        return read_columns(file, list(columns), contract)


def iter_columns(
    load_id: str, columns: Sequence[str], batch_rows: int = BATCH_ROWS, *, first_row: int = 0
) -> Iterator[Columns]:
    """The same in row order, at most `batch_rows` at a time; memory stays that of a row group.

    `first_row` (from 0) lets an interrupted reader go on where it stopped.
    """
    with _opened(load_id, columns) as (file, _contract):
        yield from iter_batches(file, list(columns), batch_rows, first_row=first_row)


def open_target(load_id: str) -> NDArray[np.float64]:
    """1 for bad, 0 for good, NaN where the outcome is missing or neither, as the contract says; `row_count` values.

    Raises `NotFound` when the load is not ready or its contract names no target with a direction.
    """
    column = _target(contract_of(load_id).contract)
    values: Any = open_columns(load_id, [column.name])[column.name]
    return bad_flags(values, column)


def _target(contract: DataContract) -> ColumnContract:
    for column in contract.with_role(Role.TARGET):
        if column.bad_values or column.good_values:
            return column
    raise NotFound("The contract names no target with a direction.", code="no_target")


@contextmanager
def _opened(load_id: str, columns: Sequence[str]) -> Iterator[tuple[BinaryIO, DataContract]]:
    row = DatasetLoad.objects.filter(pk=load_id, state=LoadState.READY).only("data_path").first()
    if row is None:
        raise NotFound("No such load, or it is not ready.")
    contract = contract_of(load_id).contract
    known = set(_clear_names(contract))
    errors = [
        FieldError(f"/columns/{place}", "unknown_column", f"No column {name!r} in clear.")
        for place, name in enumerate(columns)
        if name not in known
    ]
    if errors:
        raise InvalidInput("The load has no such columns.", code="unknown_column", errors=errors)
    with storage.open_reader(row.data_path) as reader:
        yield cast(BinaryIO, reader), contract


def _clear_names(contract: DataContract) -> tuple[str, ...]:
    return tuple(
        column.name
        for column in contract.columns
        if column.role != Role.PROHIBITED and column.privacy != Privacy.IDENTITY
    )
