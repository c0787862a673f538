"""One row in, one answer out: score, policy, offer, limits, reasons. No clock, no database, no randomness."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from scoring.engine.artifact import canonical
from scoring.engine.policy import APPROVE, DECLINE, REFER, PolicyFailedError, PolicyResult
from scoring.engine.pricing import JurisdictionProfile, Offer, PricingError, build_offer
from scoring.engine.reasons import ModelReason, PrincipalReason, principal_reasons
from scoring.runtime.bundle import AMOUNT, PD, REASON_CANDIDATES, SCORE, TERM, Bundle

Value = float | int | str | bool | None
# Codes of the process, never reasons for a customer.
POLICY_FAILED = "POLICY_FAILED"
AMOUNT_ABOVE_LIMIT = "AMOUNT_ABOVE_LIMIT"
CAP_AMOUNT, CAP_TERM, CAP_APR = "CAP_AMOUNT", "CAP_TERM", "CAP_APR"
TERMS_REFUSED = "TERMS_REFUSED"
INTERNAL = frozenset(
    {POLICY_FAILED, AMOUNT_ABOVE_LIMIT, CAP_AMOUNT, CAP_TERM, CAP_APR, TERMS_REFUSED}
)
REASON_LIMIT = 4


@dataclass(frozen=True, slots=True)
class Wish:
    """What the applicant asks for; None leaves it to the policy."""

    amount_minor: int | None = None
    term_months: int | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What policy, price and hard limits make of a score: everything but the reasons."""

    outcome: str
    grade: str
    offer: Offer | None
    codes: tuple[str, ...]
    process_codes: tuple[str, ...]
    hits: tuple[dict[str, Any], ...]
    trace: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """The score of a version beside the champion; None where it could not read the inputs."""

    slot: str
    version_id: str
    number: int
    score: int | None
    pd: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer. `output` is what is stored and hashed; it holds no binary fractions."""

    score: int
    pd: float
    ruling: Ruling
    reasons: tuple[PrincipalReason, ...]
    watched: tuple[Watched, ...]
    output: dict[str, Any]
    output_hash: str


def decide(bundle: Bundle, values: Mapping[str, Value], wish: Wish) -> Answer:
    """The answer to one application.

    Raises `ScoreInputError` and `InputRefusedError` about the inputs, `CatalogueGapError` when a reason has no text.
    """
    scored = bundle.scorer.score_one(values, reasons=REASON_CANDIDATES)  # type: ignore[arg-type]
    ruling = rule(bundle, scored.score, scored.pd, values, wish)
    shortfalls = [(r.feature, r.contribution) for r in scored.reasons]
    reasons = reasons_of(bundle, ruling, shortfalls)
    watched = tuple(_watched(bundle, values))
    output = output_document(bundle, scored.score, scored.pd, ruling, reasons, watched)
    return Answer(scored.score, scored.pd, ruling, reasons, watched, output, output_hash(output))


def rule(bundle: Bundle, score: int, pd: float, values: Mapping[str, Any], wish: Wish) -> Ruling:
    """Policy, then price, then the product's hard limits; whatever fails goes to a person."""
    given = policy_values(bundle, values)
    given |= {SCORE: score, PD: pd, AMOUNT: wish.amount_minor, TERM: wish.term_months}
    try:
        result = bundle.policy.evaluate(given)
    except PolicyFailedError:
        return Ruling(REFER, "", None, (), (POLICY_FAILED,), (), ())
    offer, outcome, process = _offer(bundle, result, wish)
    hits = tuple(
        {"node": h.node_id, "kind": h.kind, "row": h.row_id, "code": h.code, "outcome": h.outcome}
        for h in result.hits
    )
    trace = tuple(
        {
            "node": s.node_id,
            "type": s.node_type,
            "kind": s.kind,
            "rows": list(s.rows),
            "branch": s.branch,
        }
        for s in result.trace
    )
    return Ruling(outcome, result.grade, offer, result.codes, process, hits, trace)


def policy_values(bundle: Bundle, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the policy reads, in one form: 5.0 is 5, and a yes-or-no kept as 0 and 1 is a truth value again."""
    out = dict(values)
    for field in bundle.policy_inputs:
        value = out.get(field.name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if field.type == "boolean" and value in (0, 1):
            value = bool(value)
        elif field.type != "boolean" and isinstance(value, bool):
            value = int(value)
        if field.name in out:
            out[field.name] = value
    return out


def _offer(
    bundle: Bundle, result: PolicyResult, wish: Wish
) -> tuple[Offer | None, str, tuple[str, ...]]:
    """The offer of an approval with its outcome after the hard limits."""
    if result.outcome != APPROVE:
        return None, result.outcome, ()
    assert result.limit_minor is not None
    assert result.nominal_rate is not None
    assert result.term_months is not None
    amount = result.limit_minor if wish.amount_minor is None else wish.amount_minor
    term = min(result.term_months, wish.term_months or result.term_months)
    if amount > result.limit_minor:
        return None, REFER, (AMOUNT_ABOVE_LIMIT,)
    try:
        offer = _priced(amount, result.limit_minor, term, str(result.nominal_rate), bundle.profile)
    except PricingError:
        return None, REFER, (TERMS_REFUSED,)
    broken = _broken_caps(bundle, offer)
    if broken:
        return None, bundle.profile.caps_for(bundle.product).on_breach, broken
    return offer, APPROVE, ()


@lru_cache(maxsize=8_192)
def _priced(amount: int, limit: int, term: int, rate: str, profile: JurisdictionProfile) -> Offer:
    """The same terms are priced once. The rate comes as text: 0.10 equals 0.1 but is written otherwise."""
    return build_offer(
        amount_minor=amount,
        limit_minor=limit,
        term_months=term,
        nominal_rate=Decimal(rate),
        profile=profile,
    )


def _broken_caps(bundle: Bundle, offer: Offer) -> tuple[str, ...]:
    caps = bundle.profile.caps_for(bundle.product)
    checks = (
        (CAP_AMOUNT, caps.max_amount_minor, offer.limit_minor),
        (CAP_TERM, caps.max_term_months, offer.term_months),
        (CAP_APR, caps.max_all_in_apr, offer.all_in_apr),
    )
    return tuple(code for code, most, found in checks if most is not None and found > most)


def reasons_of(
    bundle: Bundle, ruling: Ruling, shortfalls: Sequence[tuple[str, float]]
) -> tuple[PrincipalReason, ...]:
    """At most four reasons of a refusal or referral; an approval has none."""
    if ruling.outcome not in (DECLINE, REFER):
        return ()
    features = [ModelReason(name, amount) for name, amount in shortfalls]
    codes = [code for code in ruling.codes if code not in INTERNAL]
    return principal_reasons(features, codes, bundle.catalogue, REASON_LIMIT)


def _watched(bundle: Bundle, values: Mapping[str, Value]) -> Iterable[Watched]:
    for watcher in bundle.watchers:
        known = {f.name: values.get(f.name) for f in watcher.scorer.features}
        try:
            scored = watcher.scorer.score_one(known)  # type: ignore[arg-type]
            yield Watched(watcher.slot, watcher.version_id, watcher.number, scored.score, scored.pd)
        except ValueError:
            yield Watched(watcher.slot, watcher.version_id, watcher.number, None, None)


def offer_document(offer: Offer | None) -> dict[str, Any] | None:
    """An offer as JSON: money in minor units, rates as decimal texts."""
    if offer is None:
        return None
    return {
        "amount_minor": offer.amount_minor,
        "limit_minor": offer.limit_minor,
        "currency": offer.currency,
        "term_months": offer.term_months,
        "nominal_rate": str(offer.nominal_rate),
        "apr": str(offer.all_in_apr),
        "apr_percent": str(offer.all_in_apr_percent),
        "apr_method": offer.apr_method,
        "instalment_minor": offer.instalment_minor,
        "last_instalment_minor": offer.last_instalment_minor,
        "total_paid_minor": offer.total_paid_minor,
        "method": offer.method,
        "schedule_hash": offer.schedule_hash,
    }


def output_document(
    bundle: Bundle,
    score: int,
    pd: float,
    ruling: Ruling,
    reasons: tuple[PrincipalReason, ...],
    watched: tuple[Watched, ...],
) -> dict[str, Any]:
    """The answer as the one JSON document that is hashed; binary fractions stand in hexadecimal."""
    return {
        "score": score,
        "pd": pd.hex(),
        "grade": ruling.grade,
        "outcome": ruling.outcome,
        "offer": offer_document(ruling.offer),
        "reasons": [
            {
                "code": r.reason.code,
                "feature": r.reason.feature,
                "en": r.reason.text_en,
                "zh": r.reason.text_zh,
            }
            for r in reasons
        ],
        "codes": [*ruling.codes, *ruling.process_codes],
        "hits": list(ruling.hits),
        "trace": list(ruling.trace),
        "watched": [
            {
                "slot": w.slot,
                "version": w.version_id,
                "number": w.number,
                "score": w.score,
                "pd": None if w.pd is None else w.pd.hex(),
            }
            for w in watched
        ],
        "versions": {
            "model": bundle.version_sha256,
            "policy": bundle.policy_sha256,
            "reasons": bundle.catalogue_sha256,
            "profile": {"code": bundle.profile.code, "currency": bundle.profile.currency},
        },
    }


def output_hash(output: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of an answer."""
    return hashlib.sha256(canonical(output)).hexdigest()
