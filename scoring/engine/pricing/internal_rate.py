"""The rate that makes advances and payments worth the same: one solver for all methods.

`sum(amount / ((1 + f * i) * (1 + i) ** t)) = 0`, with advances positive and payments negative, `t`
whole (or fractional) periods and `f` the odd fraction of a period counted by simple interest
(12 CFR 1026 Appendix J (b)(8); with f = 0 it is the equation of Directive 2008/48/EC Annex I).

Bisection in binary floats brackets and approaches the root; Newton steps in decimals of 34 digits
finish it, so that the answer, rounded to 12 decimals half to even, does not depend on the platform.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from scoring.engine.pricing.errors import AprUndefinedError

RATE_QUANTUM = Decimal("0.000000000001")
_CONTEXT = Context(prec=34)
_LOWEST = -0.999
_HIGHEST = 1e6
_CLOSE = 1e-6
_NEWTON_STEPS = 12
_SETTLED = Decimal("1e-18")
_SLACK = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Flow:
    """Money moving at a time: positive to the borrower, negative from the borrower.

    `time` in periods from the first advance (whole periods where `odd` is used), `odd` the
    fraction of a period beyond them, `amount_minor` in minor units.
    """

    amount_minor: int
    time: Decimal
    odd: Decimal = Decimal(0)


def internal_rate(flows: Sequence[Flow]) -> Decimal:
    """The rate per period that balances the flows, to 12 decimals.

    Raises `AprUndefinedError` unless something is advanced and something is paid, or when no rate
    between -99.9 % and 100,000,000 % per period balances them.
    """
    kept = [flow for flow in flows if flow.amount_minor]
    if not any(flow.amount_minor > 0 for flow in kept):
        raise AprUndefinedError("nothing is advanced")
    if not any(flow.amount_minor < 0 for flow in kept):
        raise AprUndefinedError("nothing is paid back")
    if sum(flow.amount_minor for flow in kept) == 0:
        return Decimal(0)
    low, high = _bracket([(f.amount_minor, float(f.time), float(f.odd)) for f in kept])
    with localcontext(_CONTEXT):
        rate = _refine(kept, low, high)
        return rate.quantize(RATE_QUANTUM, rounding=ROUND_HALF_EVEN)


def _refine(flows: Sequence[Flow], low: float, high: float) -> Decimal:
    """Newton steps from the middle of the bracket until nothing moves."""
    rate = (Decimal(low) + Decimal(high)) / 2
    for _ in range(_NEWTON_STEPS):
        value, slope = _value_and_slope(flows, rate)
        if slope == 0:
            break
        step = value / slope
        rate -= step
        if abs(step) < _SETTLED:
            break
    if not Decimal(low) - _SLACK <= rate <= Decimal(high) + _SLACK:
        raise AprUndefinedError("no single rate balances the flows")
    return rate


def _bracket(flows: list[tuple[int, float, float]]) -> tuple[float, float]:
    """Two close rates of opposite sign; the balance rises with the rate for an ordinary loan."""
    low, high = 0.0, 0.02
    if _balance(flows, 0.0) > 0:
        low, high = _LOWEST, 0.0
    else:
        while _balance(flows, high) < 0:
            low, high = high, high * 4
            if high > _HIGHEST:
                raise AprUndefinedError("no rate balances the flows")
    if _balance(flows, low) > 0:
        raise AprUndefinedError("no rate balances the flows")
    while high - low > _CLOSE * max(abs(low), abs(high)):
        middle = (low + high) / 2
        if _balance(flows, middle) < 0:
            low = middle
        else:
            high = middle
        if high - low < _CLOSE:
            break
    return low, high


def _balance(flows: list[tuple[int, float, float]], rate: float) -> float:
    growth = 1.0 + rate
    total = 0.0
    for amount, time, odd in flows:
        total += amount / ((1.0 + odd * rate) * math.pow(growth, time))
    return total


def _value_and_slope(flows: Sequence[Flow], rate: Decimal) -> tuple[Decimal, Decimal]:
    """The balance and its derivative; powers are carried from one flow to the next."""
    value = slope = Decimal(0)
    discount = 1 / (1 + rate)
    power, at = Decimal(1), Decimal(0)
    for flow in flows:
        step = flow.time - at
        if step:
            power *= discount if step == 1 else discount**step
            at = flow.time
        simple = 1 + flow.odd * rate
        part = flow.amount_minor * power / simple
        value += part
        slope -= part * (flow.time * discount + flow.odd / simple)
    return value, slope
