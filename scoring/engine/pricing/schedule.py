"""Repayment schedules in integer minor units, exact to the last one.

Convention: equal months, interest of a month = balance x nominal rate / 12, rounded half up to a
minor unit each month; the level instalment is rounded half up and the last one takes what is left,
so that principal sums exactly to the amount.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from scoring.engine.pricing.errors import TermsRefusedError

ANNUITY, EQUAL_PRINCIPAL, BULLET = "annuity", "equal_principal", "bullet"
METHODS = (ANNUITY, EQUAL_PRINCIPAL, BULLET)
_CONTEXT = Context(prec=40)
MAX_MONTHS = 1200


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment; `month` counts from the drawdown, the balance is after the payment."""

    month: int
    payment_minor: int
    principal_minor: int
    interest_minor: int
    fee_minor: int
    balance_minor: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """All payments of a loan of `principal_minor`."""

    method: str
    principal_minor: int
    nominal_rate: Decimal
    instalments: tuple[Instalment, ...]

    @property
    def total_paid_minor(self) -> int:
        """Everything paid after the drawdown: principal, interest, monthly fees."""
        return sum(item.payment_minor for item in self.instalments)

    @property
    def total_interest_minor(self) -> int:
        """All interest."""
        return sum(item.interest_minor for item in self.instalments)

    @property
    def hash(self) -> str:
        """Hexadecimal SHA-256 over every figure of the schedule."""
        lines = [f"{self.method}|{self.principal_minor}|{self.nominal_rate.normalize():f}"]
        lines += [
            f"{i.month}|{i.payment_minor}|{i.principal_minor}|{i.interest_minor}|{i.fee_minor}"
            for i in self.instalments
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def build_schedule(
    *,
    principal_minor: int,
    nominal_rate: Decimal,
    term_months: int,
    method: str = ANNUITY,
    monthly_fee_minor: int = 0,
) -> Schedule:
    """The schedule of a loan; `nominal_rate` is an annual fraction.

    `annuity`: level payments; `equal_principal`: level principal; `bullet`: interest each month,
    principal at the end. Raises `TermsRefusedError`.
    """
    _check_terms(principal_minor, nominal_rate, term_months, monthly_fee_minor)
    if method not in METHODS:
        raise TermsRefusedError(f"the method is one of {METHODS}")
    with localcontext(_CONTEXT):
        monthly_rate = nominal_rate / 12
        level = _level(principal_minor, monthly_rate, term_months, method)
        balance = principal_minor
        items = []
        for month in range(1, term_months + 1):
            interest = _round(balance * monthly_rate)
            if month == term_months:
                principal = balance
            elif method == ANNUITY:
                principal = min(max(level - interest, 0), balance)
            else:
                principal = min(level, balance)
            balance -= principal
            payment = principal + interest + monthly_fee_minor
            items.append(
                Instalment(month, payment, principal, interest, monthly_fee_minor, balance)
            )
    return Schedule(method, principal_minor, nominal_rate, tuple(items))


def _level(principal_minor: int, monthly_rate: Decimal, months: int, method: str) -> int:
    """The level payment of an annuity, or the level principal of the other methods."""
    if method == BULLET:
        return 0
    if method == EQUAL_PRINCIPAL or monthly_rate == 0:
        return _round(Decimal(principal_minor) / months)
    discount = 1 - (1 + monthly_rate) ** -months
    return _round(principal_minor * monthly_rate / discount)


def _round(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_UP))


def _check_terms(principal: int, rate: Decimal, months: int, fee: int) -> None:
    if principal <= 0:
        raise TermsRefusedError("the principal is positive")
    if not rate.is_finite() or rate < 0:
        raise TermsRefusedError("the nominal rate is not negative")
    if not 1 <= months <= MAX_MONTHS:
        raise TermsRefusedError(f"the term is 1 to {MAX_MONTHS} months")
    if fee < 0:
        raise TermsRefusedError("fees are not negative")
