"""The type of one column, from its sampled values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import polars as pl

from datasets.choices import TEXT_TYPES, ColumnType, Role
from datasets.contracts import ColumnContract, DataContract, Finding
from datasets.engine.casting import CURRENCIES, cast_column, parse_times
from datasets.engine.dialects import looks_numeric
from datasets.engine.findings import finding
from datasets.engine.special_codes import propose_codes

TEXT_NULLS = ("", "NULL", "null", "NaN", "nan", "#N/A", "N/A", "n/a", "\\N", "<NA>", "(null)")
NUMERIC_SHARE = 0.8
FEW_WORDS = 12
MIN_WORD = 2
FIRST_WORD_CODE = -99_001
CATEGORY_MOST = 200
CATEGORY_SHARE = 0.2
UNIQUE_SHARE = 0.9
UNIQUE_ROWS = 50
DATE_FORMATS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y年%m月%d日",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%d-%b-%y",
    "%Y.%m.%d",
    "%b-%Y",
    "%b-%y",
    "%Y-%m",
    "%m/%Y",
    "%Y年%m月",
)
TIME_FORMATS = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%d %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%Y%m%d%H%M%S",
)
MONTH_FIRST = {"%d/%m/%Y": "%m/%d/%Y", "%d-%m-%Y": "%m-%d-%Y"}
ANY_CURRENCY = rf"\s*[{''.join(CURRENCIES)}]\s*"
BOOLEAN_PAIRS = (
    {"true", "false"},
    {"yes", "no"},
    {"y", "n"},
    {"t", "f"},
    {"是", "否"},
    {"真", "假"},
)


@dataclass(frozen=True, slots=True)
class Notation:
    """How numbers are written in the file."""

    decimal: str = "."
    thousands: str = ""
    parentheses: bool = False


def find_notation(columns: list[pl.Series], null_words: tuple[str, ...]) -> Notation:
    """Decimal mark, thousands mark and parentheses, by vote of the columns that look numeric."""
    votes: Counter[tuple[str, str]] = Counter()
    parentheses = False
    for series in columns:
        if series.dtype != pl.String:
            continue
        values = _present(series, null_words).head(2_000).str.replace_all(ANY_CURRENCY, "")
        if not len(values):
            continue
        shapes = values.str.contains(r"^[+-]?[\d.,' \u00a0]*\d[.,]?\d*\s*[%％]?$")
        enclosed = values.str.contains(r"^\([\d.,]+\)$")
        if (shapes | enclosed).mean() < NUMERIC_SHARE:  # type: ignore[operator]
            continue
        parentheses = parentheses or bool(enclosed.any())
        for vote in _votes(values.str.strip_chars("()%％ ")):
            votes[vote] += 1
    comma = sum(count for (decimal, _), count in votes.items() if decimal == ",")
    point = sum(count for (decimal, _), count in votes.items() if decimal == ".")
    decimal = "," if comma > point else "."
    marks = Counter({mark: n for (d, mark), n in votes.items() if mark and d in (decimal, "")})
    thousands = marks.most_common(1)[0][0] if marks else ""
    return Notation(decimal, "" if thousands == decimal else thousands, parentheses)


def _votes(values: pl.Series) -> list[tuple[str, str]]:
    """What a column says about (decimal mark, thousands mark); "" where it does not say."""
    both_en = values.str.contains(r"^[+-]?\d{1,3}(,\d{3})+\.\d+$").any()
    both_de = values.str.contains(r"^[+-]?\d{1,3}(\.\d{3})+,\d+$").any()
    if both_en or both_de:
        return [(".", ",")] if both_en else [(",", ".")]
    if values.str.contains(r"^[+-]?\d{1,3}( \d{3})+(,\d+)?$").any():
        return [("," if values.str.contains(",").any() else "", " ")]
    if values.str.contains(r"^[+-]?\d{1,3}('\d{3})+").any():
        return [("", "'")]
    commas = values.filter(values.str.contains(","))
    if len(commas):
        grouped = bool(commas.str.contains(r"^[+-]?[1-9]\d{0,2}(,\d{3})+$").all())
        return [("", ",")] if grouped else [(",", "")]
    dotted = values.filter(values.str.contains(r"\."))
    if len(dotted) and dotted.str.contains(r"^[+-]?\d{1,3}(\.\d{3}){2,}$").any():
        return [("", ".")]
    return [(".", "")] if len(dotted) else []


def _present(series: pl.Series, null_words: tuple[str, ...]) -> pl.Series:
    text = series.str.strip_chars().drop_nulls()
    return text.filter(~text.is_in(list(null_words)))


def infer_column(
    name: str, series: pl.Series, notation: Notation, null_words: tuple[str, ...]
) -> tuple[ColumnContract, list[Finding]]:
    """The proposed contract of a column and what was noticed about it."""
    if series.dtype != pl.String and series.dtype != pl.Null:
        return _typed(name, series)
    values = _present(series.cast(pl.String), null_words)
    if not len(values):
        return _plain(name, ColumnType.TEXT), []
    boolean = set(values.str.to_lowercase().unique().to_list())
    if boolean in BOOLEAN_PAIRS:
        return _plain(name, ColumnType.BOOLEAN), []
    dated = _dated(name, values)
    if dated is not None:
        return dated
    numeric = _numeric(name, values, notation)
    return numeric if numeric is not None else _textual(name, series.cast(pl.String))


def _plain(name: str, kind: ColumnType, **more: object) -> ColumnContract:
    extra = {"null_tokens": TEXT_NULLS} if kind in TEXT_TYPES else {}
    return ColumnContract(name=name, label=name, type=kind, **{**extra, **more})  # type: ignore[arg-type]


def _typed(name: str, series: pl.Series) -> tuple[ColumnContract, list[Finding]]:
    """A column whose source already has types."""
    dtype = series.dtype
    if dtype == pl.Boolean:
        return _plain(name, ColumnType.BOOLEAN), []
    if dtype == pl.Date:
        return _plain(name, ColumnType.DATE, formats=("%Y-%m-%d",)), []
    if isinstance(dtype, pl.Datetime):
        return _plain(name, ColumnType.DATETIME, formats=TIME_FORMATS[:1]), []
    if dtype.is_integer():
        return _with_codes(_plain(name, ColumnType.INTEGER), series.cast(pl.Float64))
    if dtype.is_numeric():
        return _with_codes(_plain(name, ColumnType.DECIMAL), series.cast(pl.Float64))
    return _textual(name, series.cast(pl.String))


def _dated(name: str, values: pl.Series) -> tuple[ColumnContract, list[Finding]] | None:
    sample = values.head(5_000)
    for pattern in DATE_FORMATS:
        if not _parses(sample, pattern, pl.Date()):
            continue
        if pattern == "%Y%m%d" and not _plausible_years(sample):
            continue
        other = MONTH_FIRST.get(pattern)
        findings: list[Finding] = []
        if other is not None and _parses(sample, other, pl.Date()):
            findings = [finding("mixed_date_order", column=name, format=pattern)]
        return _plain(name, ColumnType.DATE, formats=(pattern,)), findings
    for pattern in TIME_FORMATS:
        if _parses(sample, pattern, pl.Datetime("us")):
            return _plain(name, ColumnType.DATETIME, formats=(pattern,)), []
    zoned = sample.str.contains(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$")
    if zoned.mean() == 1.0:
        return _plain(name, ColumnType.DATETIME, formats=("%Y-%m-%dT%H:%M:%S%.f%#z",)), []
    return None


def _parses(values: pl.Series, pattern: str, dtype: pl.DataType) -> bool:
    """All but a few of the values follow the pattern; the few will be quarantined."""
    parsed = parse_times(values, pattern, dtype)
    return parsed.null_count() <= len(values) * 0.02 and parsed.null_count() < len(values)


def _plausible_years(values: pl.Series) -> bool:
    years = values.str.slice(0, 4).cast(pl.Int32, strict=False)
    return bool(((years >= 1900) & (years <= 2100)).all()) and bool(
        (values.str.len_chars() == 8).all()
    )


def _numeric(
    name: str, values: pl.Series, notation: Notation
) -> tuple[ColumnContract, list[Finding]] | None:
    percent = bool(values.str.contains(r"\d\s*[%％]$").mean() >= NUMERIC_SHARE)  # type: ignore[operator]
    unit = _currency(values)
    column = ColumnContract(name=name, type=ColumnType.DECIMAL, percent=percent, unit=unit)
    contract = DataContract(
        name="sample",
        columns=(column,),
        decimal=notation.decimal,
        thousands=notation.thousands,
        parentheses_negative=notation.parentheses,
    )
    cast = cast_column(values, column, contract)
    numbers = cast.values.drop_nulls()
    if len(numbers) < NUMERIC_SHARE * len(values) or _is_code_like(values):
        return None
    whole = bool((numbers == numbers.floor()).all()) and not percent
    exact = bool((numbers.abs() < 2.0**53).all())
    written = bool(values.str.contains(r"^[+-]?\d{1,18}$").mean() >= NUMERIC_SHARE)  # type: ignore[operator]
    kind = ColumnType.INTEGER if whole and (exact or written) else ColumnType.DECIMAL
    base = _plain(name, kind, percent=percent, unit=unit)
    column, findings = _with_codes(base, numbers)
    words = values.filter(cast.values.is_null())
    if not len(words):
        return column, findings
    column, noticed = _with_words(column, words, len(values))
    return column, [*findings, noticed]


def _currency(values: pl.Series) -> str:
    """The one currency sign of a column; "" for none, or for several, which are not one unit."""
    marks = [sign for sign in CURRENCIES if values.str.contains(sign, literal=True).any()]
    return marks[0] if len(marks) == 1 else ""


def _is_code_like(values: pl.Series) -> bool:
    """Digits with leading zeros, or too long to be numbers: an identifier, not a quantity."""
    zero_led = int(values.str.contains(r"^0\d+$").sum())
    long = int(values.str.contains(r"^\d{16,}$").sum())
    return zero_led > 0.01 * len(values) or long > 0.5 * len(values)


def _with_codes(column: ColumnContract, numbers: pl.Series) -> tuple[ColumnContract, list[Finding]]:
    found = propose_codes(numbers.drop_nulls().to_numpy())
    if not found.codes:
        return column, []
    names = {str(code): "" for code in found.codes}
    noticed = finding(
        "special_codes",
        column=column.name,
        codes=", ".join(names),
        n=found.rows,
        proposal={"special_codes": names},
    )
    return _changed(column, special_codes=names), [noticed]


def _with_words(column: ColumnContract, words: pl.Series, n: int) -> tuple[ColumnContract, Finding]:
    """Words in a numeric column as special codes where they repeat; rare ones are left to fail."""
    counts = {str(word): int(count) for word, count in words.value_counts(sort=True).iter_rows()}
    repeated = [
        word for word, count in counts.items() if count >= MIN_WORD and not looks_numeric(word)
    ]
    codes = {word: FIRST_WORD_CODE - index for index, word in enumerate(repeated[:FEW_WORDS])}
    names = {**column.special_codes, **{str(code): word for word, code in codes.items()}}
    noticed = finding(
        "words_in_numbers",
        column=column.name,
        share=1 - len(words) / n,
        n=len(words),
        words=", ".join(list(counts)[:5]),
        proposal={"special_codes": names, "text_codes": codes} if codes else {},
    )
    return _changed(column, special_codes=names, text_codes=codes), noticed


def _changed(column: ColumnContract, **changes: object) -> ColumnContract:
    fields = {name: getattr(column, name) for name in column.__struct_fields__}
    return ColumnContract(**{**fields, **changes})


def _textual(name: str, series: pl.Series) -> tuple[ColumnContract, list[Finding]]:
    values = series.str.strip_chars().drop_nulls()
    values = values.filter(values != "")
    distinct = values.n_unique()
    if len(values) >= UNIQUE_ROWS and distinct > UNIQUE_SHARE * len(values):
        noticed = finding("near_unique_text", column=name, distinct=distinct, n=len(values))
        return _plain(name, ColumnType.TEXT, role=Role.ID), [noticed]
    few = distinct <= max(CATEGORY_SHARE * len(values), 20) and distinct <= CATEGORY_MOST
    return _plain(name, ColumnType.CATEGORY if few else ColumnType.TEXT), []
