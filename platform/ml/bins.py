"""The bins of one characteristic: what they hold, how a value finds its own, what each is worth.

Bins stand in one order: ranges (or groups of categories), special codes, other (categories that are rare
or were never seen), missing. A range is open below and closed above: (lower, upper].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RANGE, GROUP, SPECIAL, OTHER, MISSING = "range", "group", "special", "other", "missing"
NUMERIC, CATEGORICAL = "numeric", "categorical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """One attribute of a characteristic with its counts on the training rows.

    ``woe`` = ln(share of all goods / share of all bads): positive is safer than average. A bin with too
    few rows to judge is ``neutral``: its WOE is 0.
    """

    label: str
    kind: str
    count: int
    bads: int
    woe: float
    iv: float
    neutral: bool

    @property
    def bad_rate(self) -> float:
        """Share of bads among the bin's rows, 0 when it is empty."""
        return self.bads / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Binning:
    """All bins of a characteristic and the rule that sends a value to one of them.

    Numeric: ``thresholds`` ascending (upper ends of all ranges but the last) and ``specials``.
    Categorical: ``groups`` of categories; ``specials`` are then texts.
    """

    type: str
    trend: str
    bins: tuple[Bin, ...]
    specials: tuple[float | str, ...] = ()
    thresholds: tuple[float, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()

    @property
    def iv(self) -> float:
        """Information value of the characteristic."""
        return float(sum(entry.iv for entry in self.bins))

    @property
    def woe(self) -> NDArray[np.float64]:
        """WOE of each bin, shape (bins,)."""
        return np.array([entry.woe for entry in self.bins])


def numeric_index(
    values: NDArray[np.float64],
    thresholds: NDArray[np.float64],
    specials: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Bin of each value, shape (n,): NaN is missing, a special code is its own bin, +-inf the ends."""
    index = np.searchsorted(thresholds, values, side="left").astype(np.int64)
    first_special = thresholds.size + 1
    for place, code in enumerate(specials):
        index[values == code] = first_special + place
    index[np.isnan(values)] = first_special + specials.size
    return index


def category_places(binning: Binning) -> dict[str, int]:
    """Bin of every known category or special text; unknown ones belong to the bin of kind other."""
    places = {text: place for place, group in enumerate(binning.groups) for text in group}
    for offset, code in enumerate(binning.specials):
        places[str(code)] = len(binning.groups) + offset
    return places


def categorical_index(values: NDArray[np.object_], binning: Binning) -> NDArray[np.int64]:
    """Bin of each text, shape (n,): None is missing, unknown texts are other."""
    places = category_places(binning)
    missing = len(binning.groups) + len(binning.specials) + 1
    found = (missing if value is None else places.get(value, missing - 1) for value in values)
    return np.fromiter(found, dtype=np.int64, count=len(values))


def index_of(values: NDArray[np.generic], binning: Binning) -> NDArray[np.int64]:
    """Bin of each value of a numeric or categorical column, shape (n,)."""
    if binning.type == CATEGORICAL:
        return categorical_index(np.asarray(values, dtype=object), binning)
    return numeric_index(
        np.asarray(values, dtype=np.float64),
        np.array(binning.thresholds, dtype=np.float64),
        np.array(binning.specials, dtype=np.float64),
    )


def tabulate(
    index: NDArray[np.int64],
    flags: NDArray[np.bool_],
    names: list[tuple[str, str]],
    *,
    min_special_count: int,
) -> tuple[Bin, ...]:
    """The table of bins from each row's bin; ``names`` are (label, kind) in bin order.

    A special, other or missing bin with fewer than ``min_special_count`` rows is neutral. Where a judged
    bin has no bads or no goods, half a row is added to both (Siddiqi's adjusted WOE).
    """
    counts = np.bincount(index, minlength=len(names))
    bads = np.bincount(index[flags], minlength=len(names))
    total_bads, total_goods = int(bads.sum()), int(counts.sum() - bads.sum())
    table = []
    for place, (label, kind) in enumerate(names):
        count, bad = int(counts[place]), int(bads[place])
        few = count == 0 or (kind not in {RANGE, GROUP} and count < min_special_count)
        woe, iv = (0.0, 0.0) if few else woe_iv(bad, count - bad, total_bads, total_goods)
        table.append(
            Bin(label=label, kind=kind, count=count, bads=bad, woe=woe, iv=iv, neutral=few)
        )
    return tuple(table)


def woe_iv(bads: int, goods: int, total_bads: int, total_goods: int) -> tuple[float, float]:
    """WOE and information value of one bin; half a row is added to both cells when one is empty."""
    extra = 0.5 if not bads or not goods else 0.0
    good_share = (goods + extra) / total_goods
    bad_share = (bads + extra) / total_bads
    woe = math.log(good_share / bad_share)
    return woe, (good_share - bad_share) * woe
