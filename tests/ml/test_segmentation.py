"""The dynamic programme against all segmentations written out."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.segmentation import best_cuts

cells = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=2, max_size=8)
TRENDS = ("none", "ascending", "descending", "peak", "valley")


def fits(rates: list[float], trend: str) -> bool:
    steps = [right - left for left, right in itertools.pairwise(rates)]
    if trend == "none":
        return True
    if trend == "ascending":
        return all(step > 0 for step in steps)
    if trend == "descending":
        return all(step < 0 for step in steps)
    sign = 1 if trend == "peak" else -1
    return any(
        all(sign * step > 0 for step in steps[:turn])
        and all(sign * step < 0 for step in steps[turn:])
        for turn in range(len(steps) + 1)
    )


def best_by_enumeration(bads, goods, *, min_count, max_bins, trend):
    best, size = 0.0, len(bads)
    for used in range(max_bins):
        for cuts in itertools.combinations(range(1, size), used):
            borders = [0, *cuts, size]
            b = [sum(bads[i:j]) for i, j in itertools.pairwise(borders)]
            g = [sum(goods[i:j]) for i, j in itertools.pairwise(borders)]
            if any(x < 1 or z < 1 or x + z < min_count for x, z in zip(b, g, strict=True)):
                continue
            if not fits([x / (x + z) for x, z in zip(b, g, strict=True)], trend):
                continue
            shares = [(z / sum(goods), x / sum(bads)) for x, z in zip(b, g, strict=True)]
            best = max(best, sum((p - q) * math.log(p / q) for p, q in shares))
    return best


@settings(max_examples=150, deadline=None)
@given(cells, st.sampled_from(TRENDS), st.integers(1, 12), st.integers(2, 5))
def test_no_admissible_segmentation_has_more_information(rows, trend, min_count, max_bins):
    bads, goods = [r[0] for r in rows], [r[1] for r in rows]
    limits = {"min_count": min_count, "max_bins": max_bins, "trend": trend}
    cuts, found = best_cuts(np.array(bads), np.array(goods), **limits)
    if sum(bads) and sum(goods):
        assert found == pytest.approx(best_by_enumeration(bads, goods, **limits), abs=1e-9)
    borders = [0, *cuts.tolist(), len(rows)]
    assert borders == sorted(set(borders))
    if cuts.size:
        counts = [(sum(bads[i:j]), sum(goods[i:j])) for i, j in itertools.pairwise(borders)]
        assert all(b >= 1 and g >= 1 and b + g >= min_count for b, g in counts)
        assert len(counts) <= max_bins
        assert fits([b / (b + g) for b, g in counts], trend)
        shares = [(g / sum(goods), b / sum(bads)) for b, g in counts]
        assert sum((p - q) * math.log(p / q) for p, q in shares) == pytest.approx(found)


def test_neighbours_can_be_required_to_differ_clearly():
    bads, goods = np.array([10, 11, 60]), np.array([90, 89, 40])
    loose, _ = best_cuts(bads, goods, min_count=1, max_bins=5, trend="ascending")
    strict, _ = best_cuts(bads, goods, min_count=1, max_bins=5, trend="ascending", min_z=2.0)
    assert loose.tolist() == [1, 2]
    assert strict.tolist() == [2]


def test_nothing_to_cut_is_no_cut():
    cuts, found = best_cuts(np.array([5]), np.array([5]), min_count=1, max_bins=5, trend="none")
    assert (cuts.size, found) == (0, 0.0)
    cuts, found = best_cuts(
        np.array([0, 0]), np.array([5, 5]), min_count=1, max_bins=5, trend="none"
    )
    assert (cuts.size, found) == (0, 0.0)
