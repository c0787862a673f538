"""Counting use: a module registers how to count, the platform asks each bank once a minute.

Use is derived from the bank's own rows, never counted beside them: it cannot drift from them and costs nothing on
the way of a decision.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Meter:
    """`count(begin, end)` gives the use in [begin, end), run in the bank's scope. `code` is also the quota's name."""

    code: str
    count: Callable[[datetime, datetime], int]


_meters: dict[str, Meter] = {}


def register_meter(meter: Meter) -> None:
    _meters[meter.code] = meter


def meters() -> list[Meter]:
    return list(_meters.values())
