"""The best cut of ordered cells into bins, found exactly by dynamic programming."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
IMPOSSIBLE = -1.0


@njit(cache=True)
def _information(bads: float, goods: float, all_bads: float, all_goods: float) -> float:
    good_share = goods / all_goods
    bad_share = bads / all_bads
    return (good_share - bad_share) * math.log(good_share / bad_share)


@njit(cache=True)
def _follows(
    left_bads: float,
    left_goods: float,
    right_bads: float,
    right_goods: float,
    direction: int,
    min_z: float,
) -> bool:
    left_count, right_count = left_bads + left_goods, right_bads + right_goods
    step = right_bads / right_count - left_bads / left_count
    if direction * step < 0.0 or (direction != 0 and step == 0.0):
        return False
    if min_z <= 0.0:
        return True
    pooled = (left_bads + right_bads) / (left_count + right_count)
    error = math.sqrt(pooled * (1.0 - pooled) * (1.0 / left_count + 1.0 / right_count))
    return abs(step) >= min_z * error


@njit(cache=True)
def _search(
    bads: Ints,
    goods: Ints,
    totals: tuple[float, float],
    min_count: float,
    max_bins: int,
    rising: int,
    turn: int,
    min_z: float,
) -> tuple[NDArray[np.float64], Ints]:
    cells = bads.size
    cum_bads = np.zeros(cells + 1)
    cum_goods = np.zeros(cells + 1)
    for cell in range(cells):
        cum_bads[cell + 1] = cum_bads[cell] + bads[cell]
        cum_goods[cell + 1] = cum_goods[cell] + goods[cell]
    phases = 2 if turn else 1
    best = np.full((phases, max_bins, cells, cells), IMPOSSIBLE)
    back = np.full((phases, max_bins, cells, cells), -1, dtype=np.int64)
    for end in range(cells):
        for start in range(end + 1):
            b = cum_bads[end + 1] - cum_bads[start]
            g = cum_goods[end + 1] - cum_goods[start]
            if b + g < min_count or b < 1.0 or g < 1.0:
                continue
            gain = _information(b, g, totals[0], totals[1])
            if start == 0:
                best[0, 0, 0, end] = gain
                continue
            for before in range(start):
                lb = cum_bads[start] - cum_bads[before]
                lg = cum_goods[start] - cum_goods[before]
                if lb + lg < min_count or lb < 1.0 or lg < 1.0:
                    continue
                onward = _follows(lb, lg, b, g, rising, min_z)
                turned = turn and _follows(lb, lg, b, g, -rising, min_z)
                for used in range(max_bins - 1):
                    first = best[0, used, before, start - 1]
                    if onward and first >= 0.0 and first + gain > best[0, used + 1, start, end]:
                        best[0, used + 1, start, end] = first + gain
                        back[0, used + 1, start, end] = before
                    if not turned:
                        continue
                    for phase in range(2):
                        held = best[phase, used, before, start - 1]
                        if held >= 0.0 and held + gain > best[1, used + 1, start, end]:
                            best[1, used + 1, start, end] = held + gain
                            back[1, used + 1, start, end] = before * 2 + phase
    return best[:, :, :, cells - 1].copy(), back.reshape(-1)


def best_cuts(
    bads: Ints,
    goods: Ints,
    *,
    min_count: float,
    max_bins: int,
    trend: str,
    min_z: float = 0.0,
    totals: tuple[int, int] | None = None,
) -> tuple[Ints, float]:
    """First cell of every bin but the first, and the information value reached.

    ``bads`` and ``goods`` count the cells in order, shape (cells,). Every bin holds at least ``min_count``
    rows and both outcomes. ``trend`` rules the bad rates of neighbours: ascending, descending, peak (up
    then down), valley (down then up) or none; ``min_z`` asks for that many standard errors between
    them. Among all segmentations under these rules the information value is the largest there is.
    ``totals`` are (bads, goods) of the whole sample where the cells are only a part of it.
    No admissible cut at all gives no cuts and 0.
    """
    rising = {"ascending": 1, "descending": -1, "peak": 1, "valley": -1, "none": 0}[trend]
    turn = int(trend in {"peak", "valley"})
    whole = totals or (int(bads.sum()), int(goods.sum()))
    nothing = np.empty(0, dtype=np.int64)
    if bads.size < 2 or not whole[0] or not whole[1]:
        return nothing, 0.0
    limit = max(1, min(max_bins, bads.size))
    last, back = _search(
        bads.astype(np.int64),
        goods.astype(np.int64),
        (float(whole[0]), float(whole[1])),
        float(min_count),
        limit,
        rising,
        turn,
        float(min_z),
    )
    if last.max() < 0.0:
        return nothing, 0.0
    where = np.unravel_index(int(np.argmax(last)), last.shape)
    return _walk_back(back, (int(where[0]), int(where[1]), int(where[2])), limit, bads.size, turn)[
        ::-1
    ], float(last.max())


def _walk_back(back: Ints, at: tuple[int, int, int], limit: int, cells: int, turn: int) -> Ints:
    phase, used, start = at
    end, cuts = cells - 1, []
    while used > 0:
        cuts.append(start)
        flat = ((phase * limit + used) * cells + start) * cells + end
        step = int(back[flat])
        end = start - 1
        start, phase = (step // 2, step % 2) if phase == 1 else (step, 0)
        used -= 1
    return np.array(cuts, dtype=np.int64)
