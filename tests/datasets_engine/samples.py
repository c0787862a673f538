"""Small files made for the tests, and a conversion that hands back everything it wrote."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

import polars as pl

from datasets.choices import ColumnType
from datasets.contracts import ColumnContract, DataContract, IntakeSummary, SourceFormat
from datasets.engine import DEFAULT_LIMITS, Limits, convert


@dataclass(frozen=True)
class Outcome:
    summary: IntakeSummary
    good: pl.DataFrame
    bad: pl.DataFrame
    stored: io.BytesIO
    raw_bytes: bytes

    def reason_of(self, row: int) -> str:
        return str(self.bad.filter(pl.col("_row") == row)["reason"][0])


def contract_of(*columns: ColumnContract, **more: Any) -> DataContract:
    return DataContract(name="sample", columns=columns, **more)


def text(name: str, **more: Any) -> ColumnContract:
    return ColumnContract(name=name, type=ColumnType.TEXT, **more)


def integer(name: str, **more: Any) -> ColumnContract:
    return ColumnContract(name=name, type=ColumnType.INTEGER, **more)


def decimal(name: str, **more: Any) -> ColumnContract:
    return ColumnContract(name=name, type=ColumnType.DECIMAL, **more)


def run(
    data: bytes,
    contract: DataContract,
    *,
    limits: Limits = DEFAULT_LIMITS,
    source_format: SourceFormat | None = None,
    **more: Any,
) -> Outcome:
    target, quarantine = io.BytesIO(), io.BytesIO()
    summary = convert(
        io.BytesIO(data),
        contract,
        target,
        quarantine,
        limits=limits,
        source_format=source_format,
        **more,
    )
    assert summary.rows_in == summary.rows_good + summary.rows_quarantined
    good, bad = (
        pl.read_parquet(io.BytesIO(target.getvalue())),
        pl.read_parquet(io.BytesIO(quarantine.getvalue())),
    )
    assert len(good) == summary.rows_good
    assert bad["_row"].n_unique() == summary.rows_quarantined
    assert not set(good["_row"]) & set(bad["_row"])
    raw = target.getvalue() + quarantine.getvalue()
    return Outcome(summary, good, bad, io.BytesIO(target.getvalue()), raw)


def written(
    rows: list[list[str]],
    delimiter: str = ",",
    line_end: str = "\n",
    quoting: int = csv.QUOTE_MINIMAL,
) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(rows)
    return out.getvalue().encode()
