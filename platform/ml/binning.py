"""Optimal bins of a characteristic: monotone where asked, special codes and missing as bins of their own.

The cells are quantiles of the values (or categories ordered by bad rate); their best merger is found
exactly (``ml.segmentation``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ml.bins import (
    CATEGORICAL,
    GROUP,
    MISSING,
    NUMERIC,
    OTHER,
    RANGE,
    SPECIAL,
    Binning,
    categorical_index,
    numeric_index,
    tabulate,
)
from ml.segmentation import best_cuts

TRENDS = ("auto", "ascending", "descending", "none")
LABEL_CATEGORIES, LABEL_LENGTH = 5, 40


class BinningError(ValueError):
    """A column cannot be binned; ``code`` says why in one word."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class BinningOptions:
    """How bins are sought; shares are of all rows. A bin holds at least the larger of
    ``min_bin_share`` of the rows and ``min_bin_rows``.

    ``turn_gain``: under trend auto, a peak or a valley is taken only when its information value is this
    many times that of the best monotone bins.
    """

    cells: int = 40
    max_bins: int = 10
    min_bin_share: float = 0.05
    min_bin_rows: int = 1
    min_special_count: int = 30
    min_category_count: int = 30
    min_z: float = 0.0
    turn_gain: float = 1.25
    near_unique_share: float = 0.5


@dataclass(frozen=True, slots=True)
class _Sample:
    flags: NDArray[np.bool_]
    options: BinningOptions
    min_count: float = field(init=False)
    totals: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        bads = int(self.flags.sum())
        share = self.options.min_bin_share * self.flags.size
        object.__setattr__(self, "min_count", max(share, float(self.options.min_bin_rows)))
        object.__setattr__(self, "totals", (bads, self.flags.size - bads))


def bin_numeric(
    values: NDArray[np.float64],
    y: NDArray[np.generic],
    *,
    trend: str = "auto",
    specials: Sequence[float] = (),
    options: BinningOptions | None = None,
) -> Binning:
    """Bins of a numeric column of shape (n,), NaN missing; +-inf are ends of the scale.

    ``trend`` is the required course of the bad rate over the ranges. Raises BinningError when there is
    no row, one outcome only, or the trend is unknown.
    """
    sample = _sample(y, options)
    codes = np.array(sorted({float(code) for code in specials}), dtype=np.float64)
    plain = ~np.isnan(values) & ~np.isin(values, codes)
    distinct, place = np.unique(values[plain], return_inverse=True)
    counts = np.bincount(place, minlength=distinct.size)
    bads = np.bincount(place[sample.flags[plain]], minlength=distinct.size)
    edges = _cell_edges(counts, sample.options.cells)
    found, cuts = trend, np.empty(0, dtype=np.int64)
    if edges.size > 1:
        cell_bads = np.add.reduceat(bads, edges)
        cell_goods = np.add.reduceat(counts - bads, edges)
        found, cuts = _choose(cell_bads, cell_goods, trend, sample)
    thresholds = _midpoints(distinct, edges[cuts])
    index = numeric_index(values, thresholds, codes)
    names = [(label, RANGE) for label in _range_labels(thresholds)]
    names += [(f"special {code:.12g}", SPECIAL) for code in codes] + [("missing", MISSING)]
    return Binning(
        type=NUMERIC,
        trend=found,
        bins=tabulate(
            index, sample.flags, names, min_special_count=sample.options.min_special_count
        ),
        specials=tuple(float(code) for code in codes),
        thresholds=tuple(float(edge) for edge in thresholds),
    )


def bin_categorical(
    values: NDArray[np.object_],
    y: NDArray[np.generic],
    *,
    specials: Sequence[str] = (),
    options: BinningOptions | None = None,
) -> Binning:
    """Bins of a text column of shape (n,), None missing: categories of like bad rate are grouped.

    Rare categories share the bin *other*, where unseen ones go too. Raises BinningError with code
    ``near_unique_text`` when most rows hold a text that is rare: there is nothing to group.
    """
    sample = _sample(y, options)
    codes = tuple(sorted({str(code) for code in specials}))
    counts = Counter(value for value in values if value is not None and value not in codes)
    bads = Counter(
        value for value, bad in zip(values, sample.flags, strict=True) if bad and value in counts
    )
    common = [text for text in counts if counts[text] >= sample.options.min_category_count]
    _refuse_near_unique(counts, common, sample)
    prior = sample.totals[0] / sample.flags.size
    common.sort(key=lambda text: ((bads[text] + prior) / (counts[text] + 1.0), text))
    groups = _group(common, counts, bads, sample)
    shell = Binning(type=CATEGORICAL, trend="none", bins=(), specials=codes, groups=groups)
    names = [(_group_label(group), GROUP) for group in groups]
    names += [(f"special {code}", SPECIAL) for code in codes]
    names += [("other", OTHER), ("missing", MISSING)]
    index = categorical_index(values, shell)
    fewest = sample.options.min_special_count
    return replace(shell, bins=tabulate(index, sample.flags, names, min_special_count=fewest))


def _sample(y: NDArray[np.generic], options: BinningOptions | None) -> _Sample:
    flags = np.asarray(y) == 1
    if flags.size == 0 or not flags.any() or flags.all():
        raise BinningError("one_outcome", "binning needs rows of both outcomes")
    return _Sample(flags, options or BinningOptions())


def _choose(
    bads: NDArray[np.int64], goods: NDArray[np.int64], trend: str, sample: _Sample
) -> tuple[str, NDArray[np.int64]]:
    if trend not in TRENDS:
        raise BinningError("unknown_trend", f"trend must be one of {', '.join(TRENDS)}")
    wanted = ("ascending", "descending", "peak", "valley") if trend == "auto" else (trend,)
    found = {
        name: best_cuts(
            bads,
            goods,
            min_count=sample.min_count,
            max_bins=sample.options.max_bins,
            trend=name,
            min_z=sample.options.min_z,
            totals=sample.totals,
        )
        for name in wanted
    }
    best = max(wanted[:2], key=lambda name: found[name][1])
    if trend == "auto":
        turned = max(wanted[2:], key=lambda name: found[name][1])
        if found[turned][1] > sample.options.turn_gain * found[best][1]:
            best = turned
    return best, found[best][0]


def _cell_edges(counts: NDArray[np.int64], cells: int) -> NDArray[np.int64]:
    if counts.size <= cells:
        return np.arange(counts.size)
    upto = np.cumsum(counts)
    wanted = np.linspace(0, upto[-1], cells + 1)[1:-1]
    return np.unique(np.concatenate([[0], np.searchsorted(upto, wanted) + 1]))[: counts.size].clip(
        max=counts.size - 1
    )


def _midpoints(distinct: NDArray[np.float64], first: NDArray[np.int64]) -> NDArray[np.float64]:
    below, above = distinct[first - 1], distinct[first]
    middle = np.where(np.isfinite(below) & np.isfinite(above), below / 2 + above / 2, below)
    return np.where((middle >= below) & (middle < above), middle, below)


def _range_labels(thresholds: NDArray[np.float64]) -> list[str]:
    ends = ["-inf", *(f"{edge:.6g}" for edge in thresholds), "inf"]
    closing = ["]"] * len(thresholds) + [")"]
    return [f"({ends[i]}, {ends[i + 1]}{closing[i]}" for i in range(len(ends) - 1)]


def _group(
    common: list[str], counts: Counter[str], bads: Counter[str], sample: _Sample
) -> tuple[tuple[str, ...], ...]:
    if not common:
        return ()
    sizes = np.array([counts[text] for text in common])
    bad = np.array([bads[text] for text in common])
    edges = _cell_edges(sizes, sample.options.cells)
    cuts, _ = best_cuts(
        np.add.reduceat(bad, edges),
        np.add.reduceat(sizes - bad, edges),
        min_count=sample.min_count,
        max_bins=sample.options.max_bins,
        trend="ascending",
        min_z=sample.options.min_z,
        totals=sample.totals,
    )
    borders = [0, *(int(edges[cut]) for cut in cuts), len(common)]
    return tuple(
        tuple(sorted(common[borders[i] : borders[i + 1]])) for i in range(len(borders) - 1)
    )


def _group_label(group: tuple[str, ...]) -> str:
    shown = ", ".join(
        text if len(text) <= LABEL_LENGTH else text[: LABEL_LENGTH - 3] + "..."
        for text in group[:LABEL_CATEGORIES]
    )
    more = len(group) - LABEL_CATEGORIES
    return f"{shown} and {more} more" if more > 0 else shown


def _refuse_near_unique(counts: Counter[str], common: list[str], sample: _Sample) -> None:
    filled = sum(counts.values())
    if not filled:
        return
    covered = sum(counts[text] for text in common) / filled
    if len(counts) <= 50 or covered >= 1.0 - sample.options.near_unique_share:
        return
    numbers = sum(counts[text] for text in counts if _is_number(text))
    hint = ""
    if numbers >= 0.5 * filled:
        hint = (
            f"; {numbers / filled:.0%} of them are numbers and {filled - numbers} are words: "
            "declare the column numeric and the words as missing or special codes"
        )
    raise BinningError(
        "near_unique_text", f"{len(counts)} different texts in {filled} filled rows{hint}"
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
