"""Policy, offer and hard limits in one call: what a decision service needs for one case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scoring.engine.policy.evaluate import CompiledPolicy
from scoring.engine.policy.invariants import Breach, breaches, with_invariants
from scoring.engine.policy.result import APPROVE, PolicyResult
from scoring.engine.pricing import ANNUITY, Fee, JurisdictionProfile, Offer, build_offer


@dataclass(frozen=True, slots=True)
class ProductTerms:
    """What is sold: the product's name, how it is repaid and what it costs beside interest."""

    product: str
    method: str = ANNUITY
    fees: tuple[Fee, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """The final answer: the result after hard limits, and the offer if it is an approval.

    `priced` is the offer as it was checked, also when a limit stopped it; `breaches` says which.
    `counter_offer` is true when the amount offered is below the amount asked for.
    """

    result: PolicyResult
    offer: Offer | None
    priced: Offer | None
    breaches: tuple[Breach, ...]
    counter_offer: bool


def decide(
    compiled: CompiledPolicy,
    inputs: Mapping[str, Any],
    *,
    profile: JurisdictionProfile,
    terms: ProductTerms,
    requested_minor: int | None = None,
    requested_months: int | None = None,
) -> PolicyDecision:
    """Evaluate, price and hold the limits.

    The amount is the one asked for, or the policy's limit where that is lower (a counter-offer) or
    nothing was asked for; the term likewise. Raises what `CompiledPolicy.evaluate` and
    `build_offer` raise.
    """
    result = compiled.evaluate(inputs)
    if result.outcome != APPROVE:
        return PolicyDecision(result, None, None, (), False)
    offer = _price(
        result,
        profile=profile,
        terms=terms,
        requested=(requested_minor, requested_months),
    )
    found = breaches(result, profile=profile, product=terms.product, offer=offer)
    final = with_invariants(result, profile=profile, product=terms.product, offer=offer)
    return PolicyDecision(
        result=final,
        offer=offer if final.outcome == APPROVE else None,
        priced=offer,
        breaches=found,
        counter_offer=requested_minor is not None and offer.amount_minor < requested_minor,
    )


def _price(
    result: PolicyResult,
    *,
    profile: JurisdictionProfile,
    terms: ProductTerms,
    requested: tuple[int | None, int | None],
) -> Offer:
    assert result.limit_minor is not None
    assert result.nominal_rate is not None
    assert result.term_months is not None
    amount, months = requested
    return build_offer(
        amount_minor=min(amount or result.limit_minor, result.limit_minor),
        limit_minor=result.limit_minor,
        term_months=min(months or result.term_months, result.term_months),
        nominal_rate=result.nominal_rate,
        profile=profile,
        method=terms.method,
        fees=terms.fees,
    )
