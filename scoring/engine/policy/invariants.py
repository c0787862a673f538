"""Hard limits of a jurisdiction, held after the policy whatever the policy says.

An approval beyond a limit is never clipped into one within it: it becomes *refer* or *decline*
(`ProductCaps.on_breach`) and carries a code that names the limit. Refusals are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from scoring.engine.policy.result import APPROVE, PolicyResult
from scoring.engine.pricing import JurisdictionProfile, Offer, ProductCaps

CODE_AMOUNT = "CAP_AMOUNT"
CODE_TERM = "CAP_TERM"
CODE_APR = "CAP_ALL_IN_APR"
CODE_CURRENCY = "CAP_CURRENCY"


@dataclass(frozen=True, slots=True)
class Breach:
    """One limit that was passed: its code, the value found and the limit (as text)."""

    code: str
    found: str
    limit: str


def breaches(
    result: PolicyResult,
    *,
    profile: JurisdictionProfile,
    product: str,
    offer: Offer | None = None,
) -> tuple[Breach, ...]:
    """Every limit an approval passes; empty for a refusal or when all is within.

    The policy's limit and term are checked, and the offer's where there is one; the APR needs an
    offer. A value equal to a limit is within it.
    """
    if result.outcome != APPROVE:
        return ()
    caps = profile.caps_for(product)
    return (*_size_breaches(result, offer, caps), *_offer_breaches(offer, caps, profile))


def with_invariants(
    result: PolicyResult,
    *,
    profile: JurisdictionProfile,
    product: str,
    offer: Offer | None = None,
) -> PolicyResult:
    """The result with hard limits held: unchanged, or with its outcome and codes replaced."""
    found = breaches(result, profile=profile, product=product, offer=offer)
    if not found:
        return result
    codes = tuple(dict.fromkeys(breach.code for breach in found))
    return replace(result, outcome=profile.caps_for(product).on_breach, codes=codes)


def _size_breaches(result: PolicyResult, offer: Offer | None, caps: ProductCaps) -> list[Breach]:
    found = []
    amounts = [result.limit_minor, offer.amount_minor if offer else None]
    amount = max((value for value in amounts if value is not None), default=0)
    if caps.max_amount_minor is not None and amount > caps.max_amount_minor:
        found.append(Breach(CODE_AMOUNT, str(amount), str(caps.max_amount_minor)))
    terms = [result.term_months, offer.term_months if offer else None]
    term = max((value for value in terms if value is not None), default=0)
    if caps.max_term_months is not None and term > caps.max_term_months:
        found.append(Breach(CODE_TERM, str(term), str(caps.max_term_months)))
    return found


def _offer_breaches(
    offer: Offer | None, caps: ProductCaps, profile: JurisdictionProfile
) -> list[Breach]:
    if offer is None:
        return []
    found = []
    if offer.currency != profile.currency:
        found.append(Breach(CODE_CURRENCY, offer.currency, profile.currency))
    ceiling = caps.max_all_in_apr
    if ceiling is not None and offer.all_in_apr > ceiling:
        found.append(Breach(CODE_APR, _text(offer.all_in_apr), _text(ceiling)))
    return found


def _text(rate: Decimal) -> str:
    return f"{rate:f}"
