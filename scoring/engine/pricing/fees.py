"""Fees of a loan: what they are called, when they are paid, what they come to.

Every fee the borrower must pay to get the loan belongs here, whoever receives it: service,
guarantee, insurance that is required. That is what makes the rate *all-in*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from scoring.engine.pricing.errors import TermsRefusedError

UPFRONT, FINANCED, MONTHLY = "upfront", "financed", "monthly"
TIMINGS = (UPFRONT, FINANCED, MONTHLY)


@dataclass(frozen=True, slots=True)
class Fee:
    """One fee: `flat_minor` plus `share` of the amount, rounded half up to a minor unit.

    `upfront` is withheld from the drawdown, `financed` is added to the principal, `monthly` is
    paid with every instalment.
    """

    name: str
    timing: str
    flat_minor: int = 0
    share: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        """Refuse an unknown timing and negative figures."""
        if self.timing not in TIMINGS:
            raise TermsRefusedError(f"the timing is one of {TIMINGS}")
        if self.flat_minor < 0 or not self.share.is_finite() or self.share < 0:
            raise TermsRefusedError("fees are not negative")

    def amount_minor(self, loan_minor: int) -> int:
        """What the fee comes to on a loan of this amount (each time it is paid)."""
        part = (loan_minor * self.share).to_integral_value(ROUND_HALF_UP)
        return self.flat_minor + int(part)


@dataclass(frozen=True, slots=True)
class FeeTotals:
    """Fees in minor units by timing; `monthly_minor` is for one month."""

    upfront_minor: int
    financed_minor: int
    monthly_minor: int

    def total_minor(self, months: int) -> int:
        """All fees over the term."""
        return self.upfront_minor + self.financed_minor + self.monthly_minor * months


def total_fees(fees: Sequence[Fee], *, loan_minor: int) -> FeeTotals:
    """Add fees up by timing for a loan of `loan_minor`."""
    sums = dict.fromkeys(TIMINGS, 0)
    for fee in fees:
        sums[fee.timing] += fee.amount_minor(loan_minor)
    return FeeTotals(sums[UPFRONT], sums[FINANCED], sums[MONTHLY])
