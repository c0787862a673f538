"""Pricing: instalment schedules, fees, all-in APR by jurisdiction, offers.

    offer = build_offer(amount_minor=5_000_000, limit_minor=8_000_000, term_months=12,
                        nominal_rate=Decimal("0.1080"), profile=PROFILES["CN"],
                        fees=[Fee("service", "upfront", share=Decimal("0.01"))])
    offer.all_in_apr, offer.all_in_apr_percent, offer.schedule_hash

Money is integer minor units, rates are Decimal annual fractions, every rounding is named where
it happens.
"""

from scoring.engine.pricing.apr import (
    ChineseRates,
    all_in_apr,
    cn_rates,
    eu_effective_rate,
    eu_effective_rate_monthly,
    shown_percent,
    us_actuarial_rate,
    us_single_payment_rate,
)
from scoring.engine.pricing.errors import AprUndefinedError, PricingError, TermsRefusedError
from scoring.engine.pricing.fees import Fee, FeeTotals, total_fees
from scoring.engine.pricing.internal_rate import Flow, internal_rate
from scoring.engine.pricing.offer import Offer, build_offer, cash_flows, offer_schedule
from scoring.engine.pricing.profile import (
    PROFILES,
    UNSECURED_CONSUMER,
    JurisdictionProfile,
    ProductCaps,
)
from scoring.engine.pricing.schedule import (
    ANNUITY,
    BULLET,
    EQUAL_PRINCIPAL,
    Instalment,
    Schedule,
    build_schedule,
)

__all__ = [
    "ANNUITY",
    "BULLET",
    "EQUAL_PRINCIPAL",
    "PROFILES",
    "UNSECURED_CONSUMER",
    "AprUndefinedError",
    "ChineseRates",
    "Fee",
    "FeeTotals",
    "Flow",
    "Instalment",
    "JurisdictionProfile",
    "Offer",
    "PricingError",
    "ProductCaps",
    "Schedule",
    "TermsRefusedError",
    "all_in_apr",
    "build_offer",
    "build_schedule",
    "cash_flows",
    "cn_rates",
    "eu_effective_rate",
    "eu_effective_rate_monthly",
    "internal_rate",
    "offer_schedule",
    "shown_percent",
    "total_fees",
    "us_actuarial_rate",
    "us_single_payment_rate",
]
