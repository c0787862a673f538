"""Values to the types of a contract: what does not fit is marked, never guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from datasets.choices import TEXT_TYPES, ColumnType, Reason, Role
from datasets.contracts import ColumnContract, DataContract

TRUE_WORDS = ("true", "t", "yes", "y", "1", "on", "是", "真")
FALSE_WORDS = ("false", "f", "no", "n", "0", "off", "否", "假")
ISO_DATES = ("%Y-%m-%d",)
ISO_TIMES = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d")
ZONED_TIMES = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z")
EXACT_TO = float(2**53)
CURRENCIES = ("$", "¥", "￥", "€", "£", "元")
UNCHECKED_ROLES = frozenset({Role.IGNORE, Role.PROHIBITED})
MOMENT = pl.Datetime("us", "UTC")

POLARS_TYPES: dict[ColumnType, pl.DataType] = {
    ColumnType.INTEGER: pl.Int64(),
    ColumnType.DECIMAL: pl.Float64(),
    ColumnType.TEXT: pl.String(),
    ColumnType.CATEGORY: pl.String(),
    ColumnType.BOOLEAN: pl.Boolean(),
    ColumnType.DATE: pl.Date(),
    ColumnType.DATETIME: MOMENT,
}
ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    ColumnType.INTEGER: pa.int64(),
    ColumnType.DECIMAL: pa.float64(),
    ColumnType.TEXT: pa.large_string(),
    ColumnType.CATEGORY: pa.large_string(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.DATETIME: pa.timestamp("us", "UTC"),
}


@dataclass(frozen=True, slots=True)
class Cast:
    """Typed values, null where missing or failed; `failures` marks the failed ones by reason."""

    values: pl.Series
    failures: tuple[tuple[Reason, pl.Series], ...] = ()


def stored_type(column: ColumnContract) -> ColumnType:
    """The type a column is read as: one that is not used stays text, so that it refuses no row."""
    return ColumnType.TEXT if column.role in UNCHECKED_ROLES else column.type


def null_tokens_of(column: ColumnContract, contract: DataContract) -> tuple[str, ...]:
    """The words that mean "missing" in this column; the empty field always does."""
    tokens = contract.null_tokens if column.null_tokens is None else column.null_tokens
    return tokens if "" in tokens else ("", *tokens)


def fast_type(column: ColumnContract, contract: DataContract) -> pa.DataType | None:
    """The Arrow type that its CSV reader may try for this column, if any."""
    plain = not (column.percent or column.text_codes or column.null_tokens is not None)
    if not plain or contract.thousands or contract.parentheses_negative:
        return None
    kind = stored_type(column)
    if kind is ColumnType.INTEGER:
        return pa.int64()
    return pa.float64() if kind is ColumnType.DECIMAL else None


def cast_column(series: pl.Series, column: ColumnContract, contract: DataContract) -> Cast:
    """Cast text or already typed values to the stored type of a column."""
    kind = stored_type(column)
    if series.dtype == pl.Null:
        return Cast(pl.Series(values=[None] * len(series), dtype=POLARS_TYPES[kind]))
    if series.dtype != pl.String:
        typed = _already_typed(series, kind)
        if typed is not None:
            return typed
        series = series.cast(pl.String)
    text = series.str.strip_chars()
    missing = text.is_null() | text.is_in(list(null_tokens_of(column, contract)))
    text = _nulled(text, missing)
    if kind in TEXT_TYPES:
        return Cast(text)
    if kind is ColumnType.BOOLEAN:
        return _failing(text, _booleans(text))
    if kind is ColumnType.DATE:
        return _failing(text, _dates(text, column))
    if kind is ColumnType.DATETIME:
        return _failing(text, _moments(text, column))
    return _numbers(text, kind, column, contract)


def _nulled(series: pl.Series, mask: pl.Series) -> pl.Series:
    if not mask.any():
        return series
    frame = pl.DataFrame({"v": series, "m": mask})
    return frame.select(pl.when(pl.col("m")).then(None).otherwise(pl.col("v")).alias("v"))["v"]


def _failing(text: pl.Series, values: pl.Series) -> Cast:
    failed = text.is_not_null() & values.is_null()
    return Cast(values, ((Reason.UNTYPABLE, failed),)) if failed.any() else Cast(values)


def _already_typed(series: pl.Series, kind: ColumnType) -> Cast | None:
    """Values of a typed source, when its type says the same as the contract's."""
    dtype = series.dtype
    if kind is ColumnType.INTEGER and dtype == pl.Int64:
        return Cast(series)
    if kind is ColumnType.INTEGER and dtype.is_integer():
        values = series.cast(pl.Int64, strict=False)
        return _failing(series.cast(pl.String), values)
    if kind is ColumnType.INTEGER and dtype.is_float():
        return _integral(series.cast(pl.Float64))
    if kind is ColumnType.DECIMAL and (dtype.is_numeric()):
        return _finite(series.cast(pl.Float64))
    if kind is ColumnType.BOOLEAN and dtype == pl.Boolean:
        return Cast(series)
    if kind is ColumnType.DATE and dtype == pl.Date:
        return Cast(series)
    if kind in (ColumnType.DATE, ColumnType.DATETIME) and isinstance(dtype, pl.Datetime):
        return Cast(_to_utc(series) if kind is ColumnType.DATETIME else series.cast(pl.Date))
    if kind is ColumnType.DATETIME and dtype == pl.Date:
        return Cast(_to_utc(series.cast(pl.Datetime("us"))))
    return None


def _to_utc(series: pl.Series) -> pl.Series:
    dtype = series.dtype
    zoned = isinstance(dtype, pl.Datetime) and dtype.time_zone is not None
    moment = series.dt.cast_time_unit("us")
    return moment.dt.convert_time_zone("UTC") if zoned else moment.dt.replace_time_zone("UTC")


def _finite(values: pl.Series) -> Cast:
    """NaN in a typed source is a missing value; infinity is a fault."""
    if values.is_finite().all():
        return Cast(values)
    values = _nulled(values, values.is_nan().fill_null(False))
    wild = values.is_infinite().fill_null(False)
    if not wild.any():
        return Cast(values)
    return Cast(_nulled(values, wild), ((Reason.NOT_FINITE, wild),))


def _integral(values: pl.Series) -> Cast:
    finite = _finite(values)
    values = finite.values
    whole = (values == values.floor()) & (values.abs() <= EXACT_TO)
    failed = ~whole.fill_null(True)
    as_integers = _nulled(values, failed).cast(pl.Int64)
    failures = finite.failures
    if failed.any():
        failures = (*failures, (Reason.UNTYPABLE, failed))
    return Cast(as_integers, failures)


def _numbers(
    text: pl.Series, kind: ColumnType, column: ColumnContract, contract: DataContract
) -> Cast:
    """Plain numbers at once, the rest through the separators the contract names."""
    target = POLARS_TYPES[kind]
    plain = not column.percent and contract.decimal == "." and contract.thousands != "."
    values = (
        text.cast(target, strict=False)
        if plain
        else pl.Series(values=[None] * len(text), dtype=target)
    )
    rest = (text.is_not_null() & values.is_null()).arg_true()
    failures: tuple[tuple[Reason, pl.Series], ...] = ()
    if len(rest):
        again = _written_numbers(text.gather(rest), column, contract)
        cast = _integral_or_nan(again) if kind is ColumnType.INTEGER else again
        values = values.scatter(rest, cast)
    values, wild = _split_wild(values)
    coded = text.is_in(list(column.text_codes)) if column.text_codes else None
    failed = text.is_not_null() & values.is_null() & ~wild
    if coded is not None and coded.any():
        frame = pl.DataFrame({"v": values, "t": text, "c": coded})
        mapped = pl.col("t").replace_strict(column.text_codes, default=None, return_dtype=target)
        values = frame.select(pl.when("c").then(mapped).otherwise(pl.col("v")).alias("v"))["v"]
        failed = failed & ~coded
        wild = wild & ~coded
    if failed.any():
        failures = ((Reason.UNTYPABLE, failed),)
    if wild.any():
        failures = (*failures, (Reason.NOT_FINITE, wild))
    return Cast(values, failures)


def _split_wild(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Values with NaN and infinity taken out, and where they stood."""
    if not values.dtype.is_float():
        return values, pl.Series(values=[False], dtype=pl.Boolean).new_from_index(0, len(values))
    wild = ~values.is_finite().fill_null(True)
    return _nulled(values, wild), wild


def _integral_or_nan(values: pl.Series) -> pl.Series:
    whole = ((values == values.floor()) & (values.abs() <= EXACT_TO)).fill_null(False)
    return _nulled(values, ~whole).cast(pl.Int64, strict=False)


def _written_numbers(text: pl.Series, column: ColumnContract, contract: DataContract) -> pl.Series:
    """Numbers with thousands separators, decimal comma, per-cent sign, parentheses as Float64."""
    value = pl.col("t").str.replace_all("\u2212", "-", literal=True)
    value = value.str.replace_all("[\u00a0\u202f]", " ")
    if contract.parentheses_negative:
        value = value.str.replace(r"^\((.*)\)$", "-$1")
    if column.unit in CURRENCIES:
        sign = re.escape(column.unit)
        value = value.str.replace(rf"^([+-]?)\s*{sign}\s*", "$1").str.replace(rf"\s*{sign}$", "")
    scale = 1.0
    if column.percent:
        scale = 0.01
        value = pl.when(value.str.contains(r"[%％]$")).then(value.str.replace(r"\s*[%％]$", ""))
    grouped = _grouped_pattern(contract)
    bare = (
        value.str.replace_all(contract.thousands, "", literal=True) if contract.thousands else value
    )
    valid = value.str.contains(grouped)
    if contract.decimal == ",":
        bare = bare.str.replace(",", ".", literal=True)
    number = pl.when(valid).then(bare).cast(pl.Float64, strict=False)
    word = pl.col("t").str.to_lowercase().str.contains(r"^[+-]?(inf|infinity|nan)$")
    wild = (
        pl.when(word)
        .then(pl.lit(float("inf")))
        .otherwise(number * scale if scale != 1.0 else number)
    )
    return pl.DataFrame({"t": text}).select(wild.alias("t"))["t"]


def _grouped_pattern(contract: DataContract) -> str:
    """What a written number looks like under the contract's separators."""
    point = r"\." if contract.decimal == "." else ","
    whole = r"\d+"
    if contract.thousands:
        mark = {".": r"\."}.get(contract.thousands, contract.thousands)
        whole = rf"(?:\d{{1,3}}(?:{mark}\d{{3}})+|\d+)"
    return rf"^[+-]?(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?$"


def _booleans(text: pl.Series) -> pl.Series:
    low = text.str.to_lowercase()
    frame = pl.DataFrame({"t": low})
    words = dict.fromkeys(TRUE_WORDS, True) | dict.fromkeys(FALSE_WORDS, False)
    mapped = pl.col("t").replace_strict(words, default=None, return_dtype=pl.Boolean)
    return frame.select(mapped)["t"]


def _dates(text: pl.Series, column: ColumnContract) -> pl.Series:
    values = pl.Series(values=[None] * len(text), dtype=pl.Date)
    for pattern in dict.fromkeys((*column.formats, *ISO_DATES)):
        values = _fill(values, text, pattern, pl.Date())
    if values.null_count() > text.null_count():
        values = _coalesce(values, _midnights(text))
    return values


def _midnights(text: pl.Series) -> pl.Series:
    """Moments written out to the second whose time is midnight, as databases export dates."""
    moment = text.str.strptime(pl.Datetime("us"), "%Y-%m-%d %H:%M:%S%.f", strict=False)
    at_midnight = (moment.dt.truncate("1d") == moment).fill_null(False)
    return _nulled(moment, ~at_midnight).cast(pl.Date)


def _moments(text: pl.Series, column: ColumnContract) -> pl.Series:
    values = pl.Series(values=[None] * len(text), dtype=pl.Datetime("us"))
    for pattern in dict.fromkeys((*column.formats, *ISO_TIMES)):
        if "%z" not in pattern and "%#z" not in pattern:
            values = _fill(values, text, pattern, pl.Datetime("us"))
    utc = values.dt.replace_time_zone("UTC")
    if utc.null_count() > text.null_count():
        zulu = text.str.replace(r"Z$", "+00:00")
        for pattern in ZONED_TIMES:
            utc = _coalesce(utc, zulu.str.strptime(MOMENT, pattern, strict=False))
    return utc


def _fill(values: pl.Series, text: pl.Series, pattern: str, dtype: pl.DataType) -> pl.Series:
    """Parse by one pattern what is still null."""
    if values.null_count() == text.null_count():
        return values
    return _coalesce(values, parse_times(text, pattern, dtype))


def parse_times(text: pl.Series, pattern: str, dtype: pl.DataType) -> pl.Series:
    """Text by one strftime pattern, null where it does not fit; a month stands for its first day."""
    if "%d" not in pattern:
        text, pattern = "01 " + text, f"%d {pattern}"
    if "%H" not in pattern and isinstance(dtype, pl.Datetime):
        return text.str.strptime(pl.Date, pattern, strict=False).cast(dtype)
    return text.str.strptime(dtype, pattern, strict=False)  # type: ignore[arg-type]


def _coalesce(first: pl.Series, second: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"a": first, "b": second})
    return frame.select(pl.coalesce("a", "b").alias("a"))["a"]
