"""From data to user units: nice ticks, linear scales, thinning of long series."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from charts.numerals import finite

Point = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """A linear map from [low, high] to [start, end]; high is above low."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Place a value; what lies outside is held at the border."""
        share = value / 2 - self.low / 2
        share /= self.high / 2 - self.low / 2
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


def nice_step(span: float, count: int) -> float:
    """The step of 1, 2, 2.5 or 5 times a power of ten that cuts a span into about count pieces.

    Up to a quarter more pieces are accepted, so that a span widened to round values keeps its step.
    """
    raw = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    for factor in (1.0, 2.0, 2.5, 5.0):
        if raw <= factor * power * 1.25:
            return factor * power
    return 10.0 * power


def spread(values: Iterable[float], *, zero: bool = False) -> tuple[float, float]:
    """Low and high of the values, widened where they coincide; (0, 1) when there are none."""
    held = list(values)
    if not held:
        return 0.0, 1.0
    low, high = min(held), max(held)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= max(abs(low), abs(high)) * 1e-9 or high - low < 1e-290:
        pad = abs(high) * 0.1 if abs(high) > 1e-290 else 0.5
        return (low - pad, high + pad) if not zero or low == high == 0 else (low, high + pad)
    return low, high


def ticks(low: float, high: float, count: int) -> tuple[tuple[float, ...], float]:
    """Round values inside [low, high] and their step; at most about twice ``count`` of them."""
    step = nice_step(high - low, count)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return tuple(index * step for index in range(first, min(last, first + 40) + 1)), step


def widen(low: float, high: float, count: int) -> tuple[float, float]:
    """Move both ends outward to round values."""
    step = nice_step(high - low, count)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def pairs(x: Sequence[float], y: Sequence[float | None]) -> tuple[list[Point], int]:
    """Points whose both coordinates are finite, and how many were left out.

    Raises ValueError when the lengths differ.
    """
    kept: list[Point] = []
    for raw_x, raw_y in zip(x, y, strict=True):
        held_x, held_y = finite(raw_x), finite(raw_y)
        if held_x is not None and held_y is not None:
            kept.append((held_x, held_y))
    return kept, len(x) - len(kept)


def thin(points: Sequence[Point], limit: int) -> list[Point]:
    """Keep at most ``limit`` points with the shape of the line: largest-triangle-three-buckets.

    Source: S. Steinarsson, Downsampling Time Series for Visual Representation, 2013. Ends stay.
    """
    total = len(points)
    if total <= limit or limit < 3:
        return list(points)
    kept = [points[0]]
    width = (total - 2) / (limit - 2)
    for bucket in range(limit - 2):
        start, stop = int(bucket * width) + 1, int((bucket + 1) * width) + 1
        after = points[stop : min(int((bucket + 2) * width) + 1, total)]
        mean_x = sum(p[0] for p in after) / len(after)
        mean_y = sum(p[1] for p in after) / len(after)
        left_x, left_y = kept[-1]
        kept.append(
            max(
                points[start:stop],
                key=lambda p: abs(
                    (left_x - mean_x) * (p[1] - left_y) - (left_x - p[0]) * (mean_y - left_y)
                ),
            )
        )
    kept.append(points[-1])
    return kept
