"""Schedules, fees and offers in whole minor units."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.engine.pricing import (
    PROFILES,
    AprUndefinedError,
    Fee,
    JurisdictionProfile,
    ProductCaps,
    TermsRefusedError,
    build_offer,
    build_schedule,
    total_fees,
)

CN = PROFILES["CN"]


def test_an_annuity_known_from_its_formula():
    """1,200.00 at 12 % over 12 months: payment 106.62 (1200 x 0.01 / (1 - 1.01^-12) = 106.6185)."""
    schedule = build_schedule(principal_minor=120_000, nominal_rate=Decimal("0.12"), term_months=12)
    payments = [item.payment_minor for item in schedule.instalments]
    assert payments[:11] == [10662] * 11
    assert payments[11] == 10660
    first = schedule.instalments[0]
    assert (first.interest_minor, first.principal_minor, first.balance_minor) == (
        1200,
        9462,
        110_538,
    )


def test_equal_principal_and_bullet():
    equal = build_schedule(
        principal_minor=10_000,
        nominal_rate=Decimal("0.12"),
        term_months=3,
        method="equal_principal",
    )
    assert [(i.principal_minor, i.interest_minor) for i in equal.instalments] == [
        (3333, 100),
        (3333, 67),
        (3334, 33),
    ]
    bullet = build_schedule(
        principal_minor=10_000, nominal_rate=Decimal("0.12"), term_months=3, method="bullet"
    )
    assert [(i.principal_minor, i.interest_minor) for i in bullet.instalments] == [
        (0, 100),
        (0, 100),
        (10_000, 100),
    ]


def test_interest_is_rounded_half_up_each_month():
    """0.5 % a month of 100 is half a minor unit."""
    schedule = build_schedule(principal_minor=100, nominal_rate=Decimal("0.06"), term_months=1)
    assert schedule.total_interest_minor == 1
    below = build_schedule(principal_minor=99, nominal_rate=Decimal("0.06"), term_months=1)
    assert below.total_interest_minor == 0


@settings(max_examples=200, deadline=None)
@given(
    principal=st.integers(1, 10**11),
    rate=st.decimals(0, 3, places=6),
    months=st.integers(1, 120),
    method=st.sampled_from(["annuity", "equal_principal", "bullet"]),
    fee=st.integers(0, 10_000),
)
def test_schedules_add_up_to_the_last_minor_unit(principal, rate, months, method, fee):
    schedule = build_schedule(
        principal_minor=principal,
        nominal_rate=rate,
        term_months=months,
        method=method,
        monthly_fee_minor=fee,
    )
    items = schedule.instalments
    assert [item.month for item in items] == list(range(1, months + 1))
    assert sum(item.principal_minor for item in items) == principal
    assert items[-1].balance_minor == 0
    balance = principal
    for item in items:
        assert min(item.principal_minor, item.interest_minor, item.balance_minor) >= 0
        assert item.payment_minor == item.principal_minor + item.interest_minor + item.fee_minor
        balance -= item.principal_minor
        assert item.balance_minor == balance
    assert schedule.total_paid_minor == principal + schedule.total_interest_minor + fee * months


@settings(max_examples=100, deadline=None)
@given(
    principal=st.integers(10_000, 10**9),
    rate=st.decimals(0, 1, places=4),
    months=st.integers(2, 60),
)
def test_annuity_payments_are_level_but_for_the_last(principal, rate, months):
    schedule = build_schedule(principal_minor=principal, nominal_rate=rate, term_months=months)
    payments = [item.payment_minor for item in schedule.instalments]
    assert len(set(payments[:-1])) == 1


def test_the_schedule_hash_sees_every_figure():
    base = {"principal_minor": 10_000, "nominal_rate": Decimal("0.1"), "term_months": 3}
    one = build_schedule(**base)
    assert build_schedule(**{**base, "nominal_rate": Decimal("0.10")}).hash == one.hash
    changes = [{"principal_minor": 10_001}, {"term_months": 4}, {"monthly_fee_minor": 1},
               {"method": "bullet"}, {"nominal_rate": Decimal("0.11")}]  # fmt: skip
    others = {build_schedule(**{**base, **change}).hash for change in changes}
    assert len(others | {one.hash}) == 6


@pytest.mark.parametrize(
    "change",
    [
        {"principal_minor": 0},
        {"principal_minor": -1},
        {"nominal_rate": Decimal("-0.01")},
        {"nominal_rate": Decimal("NaN")},
        {"term_months": 0},
        {"term_months": 1201},
        {"monthly_fee_minor": -1},
        {"method": "balloon"},
    ],
)
def test_terms_that_make_no_loan_are_refused(change):
    base = {"principal_minor": 10_000, "nominal_rate": Decimal("0.1"), "term_months": 3}
    with pytest.raises(TermsRefusedError):
        build_schedule(**{**base, **change})


# ---- fees --------------------------------------------------------------------------------------
def test_fees_are_a_flat_part_and_a_share_rounded_half_up():
    assert Fee("f", "upfront", flat_minor=100, share=Decimal("0.005")).amount_minor(10_100) == 151
    assert Fee("f", "upfront", share=Decimal("0.005")).amount_minor(10_099) == 50


def test_fees_add_up_by_timing():
    fees = [
        Fee("a", "upfront", flat_minor=5),
        Fee("b", "upfront", flat_minor=7),
        Fee("c", "financed", flat_minor=11),
        Fee("d", "monthly", flat_minor=13),
    ]
    totals = total_fees(fees, loan_minor=1000)
    assert (totals.upfront_minor, totals.financed_minor, totals.monthly_minor) == (12, 11, 13)
    assert totals.total_minor(3) == 12 + 11 + 39


@pytest.mark.parametrize(
    "bad",
    [{"timing": "late"}, {"flat_minor": -1}, {"share": Decimal("-0.1")}, {"share": Decimal("NaN")}],
)
def test_bad_fees_are_refused(bad):
    with pytest.raises(TermsRefusedError):
        Fee(**{"name": "f", "timing": "upfront", **bad})


# ---- offers ------------------------------------------------------------------------------------
OFFER = {
    "amount_minor": 5_000_000,
    "limit_minor": 8_000_000,
    "term_months": 12,
    "nominal_rate": Decimal("0.108"),
    "profile": CN,
}


def test_an_offer_states_what_is_drawn_paid_and_owed():
    fees = [
        Fee("service", "upfront", share=Decimal("0.01")),
        Fee("insurance", "financed", flat_minor=20_000),
        Fee("account", "monthly", flat_minor=500),
    ]
    offer = build_offer(**OFFER, fees=fees)
    assert offer.net_drawdown_minor == 4_950_000
    schedule = build_schedule(
        principal_minor=5_020_000,
        nominal_rate=Decimal("0.108"),
        term_months=12,
        monthly_fee_minor=500,
    )
    assert offer.schedule_hash == schedule.hash
    assert offer.instalment_minor == schedule.instalments[0].payment_minor
    assert offer.last_instalment_minor == schedule.instalments[-1].payment_minor
    assert offer.total_paid_minor == schedule.total_paid_minor + 50_000
    assert (offer.currency, offer.profile, offer.apr_method) == ("CNY", "CN", "cn_irr_nominal")
    assert offer.all_in_apr > offer.nominal_rate
    assert offer.compound_apr > offer.all_in_apr


@pytest.mark.parametrize(("profile", "percent"), [("CN", "10.80"), ("US", "10.80"), ("EU", "11.4")])
def test_a_loan_without_fees_by_each_profile(profile, percent):
    """10.8 % nominal is (1 + 0.009)^12 - 1 = 11.35 % effective, shown with one decimal in the EU."""
    offer = build_offer(**{**OFFER, "profile": PROFILES[profile]})
    assert offer.all_in_apr_percent == Decimal(percent)
    assert (offer.compound_apr is None) is (profile != "CN")


def test_the_compounded_chinese_method_is_a_setting():
    profile = replace(CN, apr_method="cn_irr_compound")
    offer = build_offer(**{**OFFER, "profile": profile})
    assert offer.all_in_apr == offer.compound_apr
    assert offer.all_in_apr_percent == Decimal("11.35")


def test_the_amount_may_reach_the_limit_and_not_pass_it():
    assert build_offer(**{**OFFER, "amount_minor": 8_000_000}).amount_minor == 8_000_000
    with pytest.raises(TermsRefusedError, match="limit"):
        build_offer(**{**OFFER, "amount_minor": 8_000_001})


def test_fees_that_leave_nothing_to_draw_have_no_rate():
    with pytest.raises(AprUndefinedError):
        build_offer(**OFFER, fees=[Fee("f", "upfront", flat_minor=5_000_000)])


def test_profiles_refuse_unknown_methods_and_doubled_products():
    with pytest.raises(ValueError, match="apr_method"):
        JurisdictionProfile("X", "X", "XXX", "simple")
    with pytest.raises(ValueError, match="once"):
        replace(CN, products=(ProductCaps("a"), ProductCaps("a")))


def test_an_unlisted_product_has_no_limits():
    caps = PROFILES["US"].caps_for("anything")
    assert (caps.max_amount_minor, caps.max_term_months, caps.max_all_in_apr) == (None,) * 3
