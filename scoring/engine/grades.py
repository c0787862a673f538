"""Rating grades from PD."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Sequence

from scoring.engine.errors import EngineError


def grade_of(pd: float, boundaries: Sequence[tuple[str, float]]) -> str:
    """Name of the first grade whose upper PD bound is above ``pd``.

    ``boundaries`` are (name, upper bound) from best to worst, bounds rising; a PD equal to a bound
    belongs to the next worse grade, and the last grade holds everything beyond.
    """
    uppers = [upper for _, upper in boundaries]
    if not boundaries or any(b <= a for a, b in itertools.pairwise(uppers)):
        raise EngineError("grade boundaries must rise and not be empty")
    if not 0.0 <= pd <= 1.0:
        raise EngineError("a PD lies between 0 and 1")
    return boundaries[min(bisect_right(uppers, pd), len(boundaries) - 1)][0]
