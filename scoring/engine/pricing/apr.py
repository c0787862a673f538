"""Annual percentage rates by jurisdiction, from cash flows.

- `eu_effective_rate`: Directive 2008/48/EC Annex I: `sum C (1+X)^-t = sum D (1+X)^-s`, t in years.
- `us_actuarial_rate`: 12 CFR 1026 Appendix J: unit-period rate times unit-periods in a year.
- `cn_rates`: the monthly internal rate of return times 12 (`nominal`, what the market quotes) and
  compounded (`compound`); People's Bank announcement 2021 No. 3 allows either if it is named.

All return exact annual fractions (12 decimals or better); `shown_percent` rounds for display.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from scoring.engine.pricing.internal_rate import RATE_QUANTUM, Flow, internal_rate
from scoring.engine.pricing.profile import (
    CN_IRR_COMPOUND,
    CN_IRR_NOMINAL,
    EU_EFFECTIVE,
    JurisdictionProfile,
)

MONTHS = Decimal(12)
DAYS_IN_YEAR = Decimal(365)


@dataclass(frozen=True, slots=True)
class ChineseRates:
    """Both annualised rates of one loan; the method must be named beside the figure."""

    nominal: Decimal
    compound: Decimal


def eu_effective_rate(flows: Sequence[Flow]) -> Decimal:
    """Effective annual rate; `time` of each flow in years (days / 365, weeks / 52, months / 12)."""
    return internal_rate(flows)


def eu_effective_rate_monthly(flows: Sequence[Flow]) -> Decimal:
    """Effective annual rate of flows timed in equal months (one twelfth of a year each)."""
    return _compound(internal_rate(flows))


def us_actuarial_rate(flows: Sequence[Flow], *, unit_periods_per_year: Decimal) -> Decimal:
    """Nominal annual rate; `time` in whole unit-periods, `odd` the fraction of one."""
    rate = internal_rate(flows) * unit_periods_per_year
    return rate.quantize(RATE_QUANTUM)


def us_single_payment_rate(*, advance_minor: int, payment_minor: int, days: int) -> Decimal:
    """Appendix J (c)(5): one advance and one payment within a year: the term is the unit-period."""
    flows = (Flow(advance_minor, Decimal(0)), Flow(-payment_minor, Decimal(1)))
    return us_actuarial_rate(flows, unit_periods_per_year=DAYS_IN_YEAR / days)


def cn_rates(flows: Sequence[Flow]) -> ChineseRates:
    """Monthly internal rate of return annualised both ways; `time` in months."""
    monthly = internal_rate(flows)
    return ChineseRates(nominal=monthly * MONTHS, compound=_compound(monthly))


def all_in_apr(flows: Sequence[Flow], *, profile: JurisdictionProfile) -> Decimal:
    """The profile's rate for flows timed in months from the drawdown."""
    if profile.apr_method == EU_EFFECTIVE:
        return eu_effective_rate_monthly(flows)
    if profile.apr_method == CN_IRR_NOMINAL:
        return cn_rates(flows).nominal
    if profile.apr_method == CN_IRR_COMPOUND:
        return cn_rates(flows).compound
    return us_actuarial_rate(flows, unit_periods_per_year=MONTHS)


def shown_percent(rate: Decimal, *, profile: JurisdictionProfile) -> Decimal:
    """The percentage as shown: 0.096912 becomes 9.69 with two decimals, rounded half up."""
    return (rate * 100).quantize(Decimal(1).scaleb(-profile.apr_decimals), ROUND_HALF_UP)


def in_years(flows: Sequence[Flow], *, periods_per_year: Decimal) -> tuple[Flow, ...]:
    """The same flows with their times turned into years."""
    return tuple(replace(flow, time=flow.time / periods_per_year) for flow in flows)


def _compound(monthly: Decimal) -> Decimal:
    return ((1 + monthly) ** 12 - 1).quantize(RATE_QUANTUM)
