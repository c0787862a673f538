"""An offer: what the customer gets, pays each month, and pays in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from scoring.engine.pricing.apr import all_in_apr, cn_rates, shown_percent
from scoring.engine.pricing.errors import TermsRefusedError
from scoring.engine.pricing.fees import Fee, FeeTotals, total_fees
from scoring.engine.pricing.internal_rate import Flow
from scoring.engine.pricing.profile import (
    CN_IRR_COMPOUND,
    CN_IRR_NOMINAL,
    JurisdictionProfile,
)
from scoring.engine.pricing.schedule import ANNUITY, Schedule, build_schedule


@dataclass(frozen=True, slots=True)
class Offer:
    """Terms of one loan; money in minor units of `currency`, rates as annual fractions.

    `all_in_apr` is exact and by `apr_method`; `all_in_apr_percent` is what is shown.
    `compound_apr` is the second, compounded figure where the market has two (CN), else None.
    `instalment_minor` is the first payment, `last_instalment_minor` the final one.
    """

    amount_minor: int
    limit_minor: int
    currency: str
    term_months: int
    nominal_rate: Decimal
    method: str
    instalment_minor: int
    last_instalment_minor: int
    fees: FeeTotals
    net_drawdown_minor: int
    total_paid_minor: int
    all_in_apr: Decimal
    all_in_apr_percent: Decimal
    compound_apr: Decimal | None
    apr_method: str
    profile: str
    schedule_hash: str


def build_offer(
    *,
    amount_minor: int,
    limit_minor: int,
    term_months: int,
    nominal_rate: Decimal,
    profile: JurisdictionProfile,
    method: str = ANNUITY,
    fees: Sequence[Fee] = (),
) -> Offer:
    """Price a loan of `amount_minor` under a profile.

    Raises `TermsRefusedError` when the amount is above the limit or the terms make no loan, and
    `AprUndefinedError` when fees leave nothing to draw.
    """
    if amount_minor > limit_minor:
        raise TermsRefusedError("the amount is above the limit")
    totals = total_fees(fees, loan_minor=amount_minor)
    schedule = offer_schedule(
        amount_minor=amount_minor,
        term_months=term_months,
        nominal_rate=nominal_rate,
        method=method,
        fees=totals,
    )
    flows = cash_flows(amount_minor=amount_minor, fees=totals, schedule=schedule)
    apr, compound = _rates(flows, profile)
    return Offer(
        amount_minor=amount_minor,
        limit_minor=limit_minor,
        currency=profile.currency,
        term_months=term_months,
        nominal_rate=nominal_rate,
        method=method,
        instalment_minor=schedule.instalments[0].payment_minor,
        last_instalment_minor=schedule.instalments[-1].payment_minor,
        fees=totals,
        net_drawdown_minor=amount_minor - totals.upfront_minor,
        total_paid_minor=schedule.total_paid_minor + totals.upfront_minor,
        all_in_apr=apr,
        all_in_apr_percent=shown_percent(apr, profile=profile),
        compound_apr=compound,
        apr_method=profile.apr_method,
        profile=profile.code,
        schedule_hash=schedule.hash,
    )


def _rates(flows: Sequence[Flow], profile: JurisdictionProfile) -> tuple[Decimal, Decimal | None]:
    """The profile's all-in rate, and the compounded one beside it where the market has two."""
    if profile.apr_method not in (CN_IRR_NOMINAL, CN_IRR_COMPOUND):
        return all_in_apr(flows, profile=profile), None
    rates = cn_rates(flows)
    nominal = profile.apr_method == CN_IRR_NOMINAL
    return (rates.nominal if nominal else rates.compound), rates.compound


def offer_schedule(
    *,
    amount_minor: int,
    term_months: int,
    nominal_rate: Decimal,
    fees: FeeTotals,
    method: str = ANNUITY,
) -> Schedule:
    """The payments behind an offer; financed fees are part of the principal."""
    return build_schedule(
        principal_minor=amount_minor + fees.financed_minor,
        nominal_rate=nominal_rate,
        term_months=term_months,
        method=method,
        monthly_fee_minor=fees.monthly_minor,
    )


def cash_flows(*, amount_minor: int, fees: FeeTotals, schedule: Schedule) -> tuple[Flow, ...]:
    """Flows in months as the borrower sees them: the net drawdown, then every payment."""
    drawdown = Flow(amount_minor - fees.upfront_minor, Decimal(0))
    payments = (Flow(-item.payment_minor, Decimal(item.month)) for item in schedule.instalments)
    return (drawdown, *payments)
