"""The shape of one stored column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.choices import ColumnType
from datasets.contracts import ColumnContract, ColumnProfile, ValueCount
from datasets.engine.checking import special_values

BINS = 20
TOP = 20
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NumericParts:
    """A numeric column taken apart: plain values with NaN elsewhere, and where the codes stand."""

    plain: Floats
    special: NDArray[np.bool_]
    codes: dict[str, int]


def numeric_parts(values: Floats, column: ColumnContract) -> NumericParts:
    """Separate special codes from plain values; both arrays keep length n."""
    codes: dict[str, int] = {}
    special = np.zeros(len(values), dtype=bool)
    for name, number in zip(column.special_codes, special_values(column), strict=True):
        here = values == number
        codes[name] = int(here.sum())
        special |= here
    return NumericParts(np.where(special, np.nan, values), special, codes)


def numeric_profile(values: Floats, parts: NumericParts, column: ColumnContract) -> ColumnProfile:
    """Profile of float64 values with NaN for missing; statistics are of plain values only."""
    plain = parts.plain[np.isfinite(parts.plain)]
    distinct, counts = np.unique(plain, return_counts=True)
    quantiles = _quantiles(plain)
    edges, bins = _histogram(plain, distinct, counts, quantiles)
    most = np.argsort(-counts, kind="stable")[:TOP]
    return ColumnProfile(
        name=column.name,
        type=column.type,
        n=len(values),
        missing=int(np.isnan(values).sum()),
        distinct=len(distinct),
        distinct_is_exact=True,
        special=parts.codes,
        minimum=float(plain.min()) if len(plain) else None,
        maximum=float(plain.max()) if len(plain) else None,
        mean=_mean(plain),
        quantiles=quantiles,
        edges=edges,
        counts=bins,
        top=tuple(ValueCount(value=f"{distinct[i]:.10g}", count=int(counts[i])) for i in most),
    )


def _mean(plain: Floats) -> float | None:
    """Mean that does not overflow on values near the end of float64."""
    if not len(plain):
        return None
    scale = float(np.abs(plain).max())
    if scale < 1e150:
        return float(plain.mean())
    return float((plain / scale).mean() * scale)


def _quantiles(plain: Floats) -> dict[str, float]:
    if not len(plain):
        return {}
    found = np.quantile(plain, QUANTILES, method="inverted_cdf")
    return {f"p{round(q * 100)}": float(value) for q, value in zip(QUANTILES, found, strict=True)}


def _histogram(
    plain: Floats, distinct: Floats, counts: NDArray[np.int64], quantiles: dict[str, float]
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Each value a bin where they are few; else equal widths from p1 to p99, ends to the limits."""
    if not len(plain):
        return (), ()
    if len(distinct) <= BINS:
        return (*distinct.tolist(), float(distinct[-1])), tuple(int(count) for count in counts)
    low, high = quantiles["p1"], quantiles["p99"]
    if high <= low or high - low > 1e300:
        low, high = float(distinct[0] / 2), float(distinct[-1] / 2)
    inner = np.linspace(low, high, BINS - 1)
    edges = np.unique(np.concatenate([distinct[:1], inner, distinct[-1:]]))
    places = np.searchsorted(edges[1:-1], plain, side="right")
    bins = np.bincount(places, minlength=len(edges) - 1)
    return tuple(edges.tolist()), tuple(int(count) for count in bins)


def text_profile(
    column: ColumnContract,
    *,
    n: int,
    missing: int,
    distinct: int,
    exact: bool,
    counts: dict[str, int],
    hidden: bool,
) -> ColumnProfile:
    """Profile of a text column from the counts of its values; `hidden` shows none of them."""
    codes = {code: counts.get(code, 0) for code in column.special_codes}
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    top = () if hidden else tuple(ValueCount(value=v[:80], count=c) for v, c in most)
    return ColumnProfile(
        name=column.name,
        type=column.type,
        n=n,
        missing=missing,
        distinct=distinct,
        distinct_is_exact=exact,
        special=codes,
        top=top,
    )


def moment_profile(values: NDArray[np.datetime64], column: ColumnContract) -> ColumnProfile:
    """Profile of dates or moments: first, last, distinct, and the fullest months."""
    absent = np.isnat(values)
    present = values[~absent]
    months, counts = np.unique(present.astype("datetime64[M]"), return_counts=True)
    most = np.argsort(-counts, kind="stable")[:TOP]
    return ColumnProfile(
        name=column.name,
        type=column.type,
        n=len(values),
        missing=int(absent.sum()),
        distinct=len(np.unique(present)),
        distinct_is_exact=True,
        minimum=str(present.min()) if len(present) else None,
        maximum=str(present.max()) if len(present) else None,
        top=tuple(ValueCount(value=str(months[i]), count=int(counts[i])) for i in most),
    )


def is_numeric_like(kind: ColumnType) -> bool:
    """Types that `read_columns` gives as float64."""
    return kind in (ColumnType.INTEGER, ColumnType.DECIMAL, ColumnType.BOOLEAN)
