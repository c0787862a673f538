"""All-in rates: the published worked examples, independent solvers, and their properties."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from scoring.engine.pricing import (
    PROFILES,
    AprUndefinedError,
    Flow,
    all_in_apr,
    build_schedule,
    cash_flows,
    cn_rates,
    eu_effective_rate,
    eu_effective_rate_monthly,
    internal_rate,
    shown_percent,
    total_fees,
    us_actuarial_rate,
    us_single_payment_rate,
)
from scoring.engine.pricing.fees import Fee

US, EU, CN = PROFILES["US"], PROFILES["EU"], PROFILES["CN"]


def reg_z(advance, payments, *, whole, odd, per_year):
    """One advance, payments one unit-period apart, the first `whole` periods and `odd` away."""
    flows = [Flow(advance, Decimal(0))]
    flows += [Flow(-p, Decimal(whole + n), odd) for n, p in enumerate(payments)]
    return us_actuarial_rate(flows, unit_periods_per_year=Decimal(per_year))


@pytest.mark.parametrize(
    ("example", "advance", "payments", "whole", "odd", "per_year", "percent"),
    [
        ("(c)(1)(i) monthly", 500000, [23000] * 24, 1, (0, 1), 12, "9.69"),
        ("(c)(1)(ii) long first", 600000, [20000] * 36, 1, (19, 30), 12, "11.82"),
        ("(c)(1)(iii) semimonthly", 500000, [21917] * 24, 0, (6, 15), 24, "10.34"),
        ("(c)(1)(iv) quarterly", 1000000, [38500] * 40, 1, (39, 90), 4, "8.97"),
        ("(c)(1)(v) weekly", 50000, [1760] * 30, 4, (4, 7), 52, "14.96"),
        ("(c)(2)(i) odd first payment", 500000, [25000] + [23000] * 23, 1, (0, 1), 12, "10.08"),
        ("(c)(2)(ii) four weeks", 40000, [3950] + [3831] * 11, 1, (5, 28), 13, "28.50"),
        ("(c)(3)(i) odd last payment", 500000, [23000] * 23 + [28000], 1, (0, 1), 12, "10.50"),
        ("(c)(3)(ii) two weeks", 20000, [950] * 19 + [3000], 0, (8, 14), 26, "12.22"),
        (
            "(c)(4)(i) odd first and last",
            500000,
            [25000] + [23000] * 22 + [28000],
            1,
            (0, 1),
            12,
            "10.90",
        ),
        (
            "(c)(4)(ii) two months",
            800000,
            [44936] + [46500] * 18 + [20000],
            0,
            (52, 60),
            6,
            "7.30",
        ),
    ],
)
def test_the_examples_of_regulation_z_appendix_j(
    example, advance, payments, whole, odd, per_year, percent
):
    fraction = Decimal(odd[0]) / odd[1]
    rate = reg_z(advance, payments, whole=whole, odd=fraction, per_year=per_year)
    assert shown_percent(rate, profile=US) == Decimal(percent)


def test_the_single_payment_example_of_appendix_j():
    """(c)(5)(i): 1,000 on 3 January 1978, 1,080 on 15 September: 255 days, 11.45 %."""
    rate = us_single_payment_rate(advance_minor=100000, payment_minor=108000, days=255)
    assert shown_percent(rate, profile=US) == Decimal("11.45")
    assert float(rate) == pytest.approx(0.08 * 365 / 255, abs=1e-12)


def days(*flows):
    return [Flow(amount, Decimal(day) / 365) for amount, day in flows]


def test_the_first_example_of_the_european_directive():
    """Directive 98/7/EC, Annex III: 1,000 repaid by 1,200 after 546 days: 12.96 %, shown 13.0 %."""
    rate = eu_effective_rate(days((100000, 0), (-120000, 546)))
    assert (rate * 100).quantize(Decimal("0.01")) == Decimal("12.96")
    assert shown_percent(rate, profile=EU) == Decimal("13.0")


def test_a_charge_withheld_from_the_loan_raises_the_rate():
    """The same with 50 kept by the lender; closed form (1200 / 950)^(365 / 546) - 1."""
    rate = eu_effective_rate(days((95000, 0), (-120000, 546)))
    assert float(rate) == pytest.approx((1200 / 950) ** (365 / 546) - 1, abs=1e-12)
    assert shown_percent(rate, profile=EU) == Decimal("16.9")


def test_two_equal_yearly_payments_have_the_closed_form_of_a_quadratic():
    """1,000 repaid by 600 after one and 600 after two years: 1000 x^2 - 600 x - 600 = 0."""
    rate = eu_effective_rate(days((100000, 0), (-60000, 365), (-60000, 730)))
    root = (600 + (600**2 + 4 * 1000 * 600) ** 0.5) / 2000
    assert float(rate) == pytest.approx(root - 1, abs=1e-12)
    assert shown_percent(rate, profile=EU) == Decimal("13.1")


def test_one_percent_a_month_is_twelve_and_twelve_point_six_eight():
    flows = [Flow(100_000_000, Decimal(0)), Flow(-101_000_000, Decimal(1))]
    rates = cn_rates(flows)
    assert rates.nominal == Decimal("0.12")
    assert rates.compound == Decimal("0.126825030132")
    assert eu_effective_rate_monthly(flows) == rates.compound


def test_the_shown_figure_rounds_half_up():
    assert shown_percent(Decimal("0.0525"), profile=EU) == Decimal("5.3")
    assert shown_percent(Decimal("0.05249999"), profile=EU) == Decimal("5.2")
    assert shown_percent(Decimal("0.239950"), profile=CN) == Decimal("24.00")
    assert shown_percent(Decimal("0.239949"), profile=CN) == Decimal("23.99")


def test_without_cost_the_rate_is_zero_and_below_cost_negative():
    free = [Flow(1200, Decimal(0))] + [Flow(-100, Decimal(n)) for n in range(1, 13)]
    assert internal_rate(free) == 0
    subsidised = [Flow(1000, Decimal(0)), Flow(-900, Decimal(1))]
    assert internal_rate(subsidised) == Decimal("-0.1")


@pytest.mark.parametrize(
    "flows",
    [
        [],
        [Flow(100, Decimal(0))],
        [Flow(-100, Decimal(1))],
        [Flow(0, Decimal(0)), Flow(-1, Decimal(1))],
        [Flow(1, Decimal(0)), Flow(-(10**12), Decimal(1))],
    ],
)
def test_flows_without_a_rate_are_refused(flows):
    with pytest.raises(AprUndefinedError):
        internal_rate(flows)


LOANS = st.fixed_dictionaries(
    {
        "amount": st.integers(100_00, 10_000_000_00),
        "rate": st.decimals(0, Decimal("0.6"), places=4),
        "months": st.integers(1, 60),
        "method": st.sampled_from(["annuity", "equal_principal", "bullet"]),
    }
)


def flows_of(loan, fees=()):
    totals = total_fees(fees, loan_minor=loan["amount"])
    schedule = build_schedule(
        principal_minor=loan["amount"] + totals.financed_minor,
        nominal_rate=loan["rate"],
        term_months=loan["months"],
        method=loan["method"],
        monthly_fee_minor=totals.monthly_minor,
    )
    return cash_flows(amount_minor=loan["amount"], fees=totals, schedule=schedule)


@settings(max_examples=100, deadline=None)
@given(loan=LOANS, share=st.decimals(0, Decimal("0.2"), places=3))
def test_the_solver_agrees_with_brent(loan, share):
    flows = flows_of(loan, [Fee("service", "upfront", share=share)])

    def balance(rate):
        return sum(f.amount_minor * (1 + rate) ** -float(f.time) for f in flows)

    expected = brentq(balance, -0.5, 50, xtol=1e-15, rtol=1e-14)
    assert float(internal_rate(flows)) == pytest.approx(expected, abs=5e-11)


@settings(max_examples=60, deadline=None)
@given(
    loan=LOANS,
    timing=st.sampled_from(["upfront", "financed", "monthly"]),
    fee=st.integers(1, 5000),
    profile=st.sampled_from([US, EU, CN]),
)
def test_every_fee_raises_the_rate_under_every_profile(loan, timing, fee, profile):
    """A financed fee is spread over the payments: it must outgrow their rounding to be seen."""
    if timing == "financed":
        fee += 4 * loan["months"]
    without = all_in_apr(flows_of(loan), profile=profile)
    small = all_in_apr(flows_of(loan, [Fee("f", timing, flat_minor=fee)]), profile=profile)
    large = all_in_apr(flows_of(loan, [Fee("f", timing, flat_minor=2 * fee)]), profile=profile)
    assert without < small < large


@settings(max_examples=60, deadline=None)
@given(loan=LOANS)
def test_without_fees_the_rate_is_the_nominal_one_up_to_rounding_to_the_cent(loan):
    """Each month's interest is off by half a cent at most."""
    apr = all_in_apr(flows_of(loan), profile=US)
    slack = Decimal(12) * loan["months"] / loan["amount"]
    assert abs(apr - loan["rate"]) <= slack


@settings(max_examples=60, deadline=None)
@given(loan=LOANS)
def test_the_three_methods_are_ordered(loan):
    """The compounded rate is never below the nominal one, and US equals CN nominal by months."""
    flows = flows_of(loan)
    nominal = all_in_apr(flows, profile=US)
    assert all_in_apr(flows, profile=CN) == nominal
    assert all_in_apr(flows, profile=EU) >= nominal
