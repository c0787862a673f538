"""Policy, offer and hard limits together: what a decision service needs for one case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scoring.engine.policy.errors import InputRefusedError, PolicyFailedError
from scoring.engine.policy.evaluate import CompiledPolicy
from scoring.engine.policy.invariants import Breach, breaches, with_invariants
from scoring.engine.policy.result import APPROVE, PolicyResult
from scoring.engine.pricing import (
    ANNUITY,
    Fee,
    JurisdictionProfile,
    Offer,
    PricingError,
    build_offer,
)

MAX_REMEMBERED = 50_000
"""Distinct offers a `Decider` keeps; further ones are computed each time."""


@dataclass(frozen=True, slots=True)
class ProductTerms:
    """What is sold: the product's name, how it is repaid and what it costs beside interest."""

    product: str
    method: str = ANNUITY
    fees: tuple[Fee, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One case: the policy's inputs, and what was asked for (None: whatever the policy grants)."""

    inputs: Mapping[str, Any]
    amount_minor: int | None = None
    term_months: int | None = None


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """The final answer: the result after hard limits, and the offer if it is an approval.

    `priced` is the offer as it was checked, also when a limit stopped it; `breaches` says which.
    `counter_offer` is true when the amount or term offered is below the one asked for.
    """

    result: PolicyResult
    offer: Offer | None
    priced: Offer | None
    breaches: tuple[Breach, ...]
    counter_offer: bool


class Decider:
    """A compiled policy with the terms and limits it is used under; remembers equal offers."""

    def __init__(
        self, compiled: CompiledPolicy, *, profile: JurisdictionProfile, terms: ProductTerms
    ) -> None:
        self.compiled = compiled
        self.profile = profile
        self.terms = terms
        self._offers: dict[tuple[Any, ...], Offer] = {}

    def decide(self, request: Request) -> PolicyDecision:
        """Evaluate, price and hold the limits.

        The amount is the one asked for, or the policy's limit where that is lower (a counter-offer)
        or nothing was asked for; the term likewise. Raises what `CompiledPolicy.evaluate` and
        `build_offer` raise.
        """
        return self._finish(self.compiled.evaluate(request.inputs), request)

    def decide_many(
        self, requests: Iterable[Request]
    ) -> Iterator[PolicyDecision | InputRefusedError | PolicyFailedError | PricingError]:
        """Decide each request in order; one that cannot be decided yields its error."""
        listed = list(requests)
        results = self.compiled.evaluate_many(request.inputs for request in listed)
        for request, result in zip(listed, results, strict=True):
            if isinstance(result, InputRefusedError | PolicyFailedError):
                yield result
                continue
            try:
                yield self._finish(result, request)
            except PricingError as error:
                yield error

    def _finish(self, result: PolicyResult, request: Request) -> PolicyDecision:
        if result.outcome != APPROVE:
            return PolicyDecision(result, None, None, (), False)
        offer = self._offer(result, request)
        product = self.terms.product
        found = breaches(result, profile=self.profile, product=product, offer=offer)
        if found:
            result = with_invariants(result, profile=self.profile, product=product, offer=offer)
        return PolicyDecision(
            result=result,
            offer=None if found else offer,
            priced=offer,
            breaches=found,
            counter_offer=_below(offer.amount_minor, request.amount_minor)
            or _below(offer.term_months, request.term_months),
        )

    def _offer(self, result: PolicyResult, request: Request) -> Offer:
        assert result.limit_minor is not None
        assert result.nominal_rate is not None
        assert result.term_months is not None
        amount = _at_most(request.amount_minor, result.limit_minor)
        months = _at_most(request.term_months, result.term_months)
        key = (amount, result.limit_minor, months, result.nominal_rate.as_tuple())
        offer = self._offers.get(key)
        if offer is None:
            offer = build_offer(
                amount_minor=amount,
                limit_minor=result.limit_minor,
                term_months=months,
                nominal_rate=result.nominal_rate,
                profile=self.profile,
                method=self.terms.method,
                fees=self.terms.fees,
            )
            if len(self._offers) < MAX_REMEMBERED:
                self._offers[key] = offer
        return offer


def decide(
    compiled: CompiledPolicy,
    inputs: Mapping[str, Any],
    *,
    profile: JurisdictionProfile,
    terms: ProductTerms,
    requested_minor: int | None = None,
    requested_months: int | None = None,
) -> PolicyDecision:
    """Decide one case without keeping a `Decider`; see `Decider.decide`."""
    decider = Decider(compiled, profile=profile, terms=terms)
    return decider.decide(Request(inputs, requested_minor, requested_months))


def _at_most(asked: int | None, granted: int) -> int:
    return granted if asked is None else min(asked, granted)


def _below(offered: int, asked: int | None) -> bool:
    return asked is not None and offered < asked
