"""Compiled kernels shared by single rows and batches: bin, add points, rank contributions."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, inline="always")
def _bin(value, kind, t_first, t_last, thresholds, s_first, s_last, specials):  # type: ignore[no-untyped-def]
    """Bin of one encoded value within its feature (see ml.bins for the order of bins)."""
    if kind == 1:
        return int(value)
    ranges = t_last - t_first + 1
    if np.isnan(value):
        return ranges + s_last - s_first
    for place in range(s_first, s_last):
        if value == specials[place]:
            return ranges + place - s_first
    low, high = t_first, t_last
    while low < high:
        middle = (low + high) >> 1
        if thresholds[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low - t_first


@njit(cache=True)
def bin_column(  # type: ignore[no-untyped-def]
    values, out, kind, t_first, t_last, thresholds, s_first, s_last, specials, b_first
):
    """Global bin index of every value of a column of shape (n,) into ``out`` (n,) int32."""
    for row in range(values.size):
        out[row] = b_first + _bin(
            values[row], kind, t_first, t_last, thresholds, s_first, s_last, specials
        )


@njit(cache=True)
def bin_row(values, out, kinds, t_first, thresholds, s_first, specials, b_first):  # type: ignore[no-untyped-def]
    """Global bin index of every feature of one row of shape (features,) into ``out``."""
    for place in range(values.size):
        out[place] = b_first[place] + _bin(
            values[place],
            kinds[place],
            t_first[place],
            t_first[place + 1],
            thresholds,
            s_first[place],
            s_first[place + 1],
            specials,
        )


@njit(cache=True)
def sum_points(bins, points, base, out):  # type: ignore[no-untyped-def]
    """Integer score of rows: ``bins`` (features, n) into ``out`` (n,) int32."""
    out[:] = base
    for place in range(bins.shape[0]):
        for row in range(bins.shape[1]):
            out[row] += points[bins[place, row]]


@njit(cache=True)
def top(values, features, amounts):  # type: ignore[no-untyped-def]
    """Indexes and amounts of the largest positive values, largest first, into two arrays of (k,).

    Equal values keep their order; where fewer than k are positive, -1 and 0 remain.
    """
    k = features.size
    features[:] = -1
    amounts[:] = 0.0
    for place in range(values.size):
        value = values[place]
        if not value > 0.0 or value <= amounts[k - 1]:
            continue
        slot = k - 1
        while slot > 0 and amounts[slot - 1] < value:
            amounts[slot] = amounts[slot - 1]
            features[slot] = features[slot - 1]
            slot -= 1
        amounts[slot] = value
        features[slot] = place


@njit(cache=True)
def top_losses(bins, losses, features, amounts):  # type: ignore[no-untyped-def]
    """``top`` of each row's points lost: ``bins`` (features, n) into (n, k) twice."""
    held = np.empty(bins.shape[0])
    for row in range(bins.shape[1]):
        for place in range(bins.shape[0]):
            held[place] = losses[bins[place, row]]
        top(held, features[row], amounts[row])


@njit(cache=True)
def expand(values, out, s_first, specials):  # type: ignore[no-untyped-def]
    """Model columns of one row: each feature's value, then a flag for each of its special codes.

    A special code's value itself becomes missing, so that it has no place on the scale.
    """
    at = 0
    for place in range(values.size):
        value_at = at
        out[value_at] = values[place]
        at += 1
        for code in range(s_first[place], s_first[place + 1]):
            hit = values[place] == specials[code]
            out[at] = 1.0 if hit else 0.0
            if hit:
                out[value_at] = np.nan
            at += 1


@njit(cache=True)
def expand_rows(values, out, s_first, specials):  # type: ignore[no-untyped-def]
    """``expand`` for every row of (n, features) into (n, columns)."""
    for row in range(values.shape[0]):
        expand(values[row], out[row], s_first, specials)


@njit(cache=True)
def to_score(raw, intercept, slope, offset, factor, low, high):  # type: ignore[no-untyped-def]
    """Integer score of raw log-odds: calibrated, scaled, rounded half up, held within the range."""
    points = np.floor(offset - factor * (intercept + slope * raw) + 0.5)
    return int(min(max(points, low), high))


@njit(cache=True)
def to_scores(raw, out, intercept, slope, offset, factor, low, high):  # type: ignore[no-untyped-def]
    """``to_score`` of every row into ``out`` (n,) int32."""
    for row in range(raw.size):
        out[row] = to_score(raw[row], intercept, slope, offset, factor, low, high)


@njit(cache=True)
def gather(columns, owners, out):  # type: ignore[no-untyped-def]
    """Sums the contributions of model columns by the feature that owns them into ``out``."""
    out[:] = 0.0
    for place in range(columns.size):
        out[owners[place]] += columns[place]
