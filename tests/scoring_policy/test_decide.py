"""Hard limits after the policy, and the whole decision with its offer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from scoring.engine.policy import (
    Decider,
    InputRefusedError,
    ProductTerms,
    Request,
    breaches,
    compile_policy,
    decide,
    document_from_form,
    load_policy,
    with_invariants,
)
from scoring.engine.pricing import (
    PROFILES,
    UNSECURED_CONSUMER,
    Fee,
    ProductCaps,
    TermsRefusedError,
    build_offer,
)

from .documents import good, loan_form, ruled_form

CN = PROFILES["CN"]
TERMS = ProductTerms(UNSECURED_CONSUMER)


def compiled(**price):
    form = loan_form()
    prices = tuple(replace(item, **price) for item in form.prices)
    return compile_policy(load_policy(document_from_form(replace(form, prices=prices))))


def outcome_of(profile=CN, terms=TERMS, score=800, **price):
    decision = decide(compiled(**price), {"score": score}, profile=profile, terms=terms)
    return decision.result.outcome, decision.result.codes, decision.offer is not None


def test_the_published_chinese_limits():
    caps = CN.caps_for(UNSECURED_CONSUMER)
    assert (caps.max_amount_minor, caps.max_term_months, caps.max_all_in_apr) == (
        200_000_00,
        12,
        Decimal("0.24"),
    )
    assert CN.currency == "CNY"


@pytest.mark.parametrize(
    ("price", "codes"),
    [
        ({"limit_minor": 200_000_00}, ()),
        ({"limit_minor": 200_000_01}, ("CAP_AMOUNT",)),
        ({"term_months": 12}, ()),
        ({"term_months": 13}, ("CAP_TERM",)),
        ({"rate": Decimal("0.2399")}, ()),
        ({"rate": Decimal("0.2401")}, ("CAP_ALL_IN_APR",)),
        (
            {"limit_minor": 300_000_00, "term_months": 24, "rate": Decimal("0.3")},
            ("CAP_AMOUNT", "CAP_TERM", "CAP_ALL_IN_APR"),
        ),
    ],
)
def test_a_value_at_a_limit_is_within_it_and_one_step_beyond_is_referred(price, codes):
    expected = ("refer", codes, False) if codes else ("approve", (), True)
    assert outcome_of(**price) == expected


def test_the_rate_limit_is_held_on_the_exact_rate_at_the_border():
    result = compiled().evaluate({"score": 800})
    offer = build_offer(
        amount_minor=1_000_000,
        limit_minor=1_000_000,
        term_months=12,
        nominal_rate=Decimal("0.1"),
        profile=CN,
    )
    at = replace(offer, all_in_apr=Decimal("0.24"), all_in_apr_percent=Decimal("24.00"))
    above = replace(at, all_in_apr=Decimal("0.240000000001"))
    kwargs = {"profile": CN, "product": UNSECURED_CONSUMER}
    assert with_invariants(result, offer=at, **kwargs) is result
    assert with_invariants(result, offer=above, **kwargs).codes == ("CAP_ALL_IN_APR",)
    assert [b.found for b in breaches(result, offer=above, **kwargs)] == ["0.240000000001"]
    euros = replace(at, currency="EUR")
    assert with_invariants(result, offer=euros, **kwargs).codes == ("CAP_CURRENCY",)


def test_fees_count_towards_the_limit():
    price = {"rate": Decimal("0.2300")}
    assert outcome_of(**price)[0] == "approve"
    charged = ProductTerms(
        UNSECURED_CONSUMER, fees=(Fee("guarantee", "monthly", share=Decimal("0.001")),)
    )
    assert outcome_of(terms=charged, **price)[:2] == ("refer", ("CAP_ALL_IN_APR",))


def test_a_breach_becomes_a_refusal_where_the_profile_says_so():
    strict = CN.with_product(replace(CN.caps_for(UNSECURED_CONSUMER), on_breach="decline"))
    assert outcome_of(profile=strict, term_months=13) == ("decline", ("CAP_TERM",), False)
    with pytest.raises(ValueError, match="on_breach"):
        ProductCaps("x", on_breach="approve")


def test_every_limit_can_be_changed_and_other_products_have_none():
    wide = CN.with_product(ProductCaps(UNSECURED_CONSUMER, max_term_months=24))
    assert outcome_of(profile=wide, term_months=24)[0] == "approve"
    assert outcome_of(profile=wide, term_months=25)[0] == "refer"
    other = ProductTerms("mortgage")
    assert outcome_of(terms=other, term_months=360, limit_minor=10**10)[0] == "approve"


def test_limits_never_touch_a_refusal():
    for score, outcome in ((570, "refer"), (500, "decline")):
        found = outcome_of(score=score, term_months=99)
        assert found[0] == outcome
        assert not any(code.startswith("CAP_") for code in found[1])


def test_a_stopped_offer_is_kept_for_the_record_and_not_offered():
    decision = decide(compiled(term_months=13), {"score": 800}, profile=CN, terms=TERMS)
    assert decision.offer is None
    assert decision.priced is not None
    assert decision.priced.term_months == 13
    assert [(b.code, b.found, b.limit) for b in decision.breaches] == [("CAP_TERM", "13", "12")]


@pytest.mark.parametrize(
    ("asked", "months", "amount", "term", "counter"),
    [
        (None, None, 10_200_000, 12, False),
        (10_200_000, 12, 10_200_000, 12, False),
        (10_200_001, 12, 10_200_000, 12, True),
        (5_000_000, 6, 5_000_000, 6, False),
        (5_000_000, 24, 5_000_000, 12, True),
    ],
)
def test_the_offer_is_what_was_asked_for_up_to_the_limit(asked, months, amount, term, counter):
    decision = decide(
        compile_policy(load_policy(document_from_form(loan_form()))),
        {"score": 640},
        profile=CN,
        terms=TERMS,
        requested_minor=asked,
        requested_months=months,
    )
    assert (decision.offer.amount_minor, decision.offer.term_months) == (amount, term)
    assert decision.offer.limit_minor == 10_200_000
    assert decision.counter_offer is counter


def test_a_batch_of_requests_equals_one_by_one():
    policy = compile_policy(load_policy(document_from_form(ruled_form())))
    decider = Decider(policy, profile=CN, terms=TERMS)
    requests = [
        Request(good(score=300 + 11 * n, age=15 + n), amount_minor=100_000 * (n + 1))
        for n in range(50)
    ]
    fresh = [Decider(policy, profile=CN, terms=TERMS).decide(item) for item in requests]
    assert list(decider.decide_many(requests)) == fresh
    assert {item.result.outcome for item in fresh} == {"approve", "refer", "decline"}


def test_a_bad_request_in_a_batch_yields_its_error():
    policy = compile_policy(load_policy(document_from_form(ruled_form())))
    decider = Decider(policy, profile=CN, terms=TERMS)
    answers = list(
        decider.decide_many([Request({}), Request(good(), amount_minor=0), Request(good())])
    )
    assert isinstance(answers[0], InputRefusedError)
    assert isinstance(answers[1], TermsRefusedError)
    assert answers[2].offer is not None
