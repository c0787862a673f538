"""The principal reasons of one decision: at most four, specific, in order, truly scored.

12 CFR 1002.9(b)(2) and its official commentary: the reasons must relate to and accurately describe
the factors actually considered or scored; more than four is likely not to help the applicant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scoring.engine.reasons.catalogue import Catalogue, Reason
from scoring.engine.reasons.errors import CatalogueGapError

MOST = 4


@dataclass(frozen=True, slots=True)
class ModelReason:
    """What a feature cost: `shortfall` in points or log-odds, positive when it hurt."""

    feature: str
    shortfall: float


@dataclass(frozen=True, slots=True)
class PrincipalReason:
    """One reason as given: rank from 1, its catalogue entry and, for a feature, what it cost."""

    rank: int
    reason: Reason
    shortfall: float | None = None


def principal_reasons(
    model_reasons: Iterable[ModelReason],
    policy_hits: Iterable[str],
    catalogue: Catalogue,
    k: int = MOST,
) -> tuple[PrincipalReason, ...]:
    """Choose the reasons of an adverse decision.

    `policy_hits` are the codes of the rules that decided (`PolicyResult.codes`), in order: they
    come first, internal codes are passed over. Then come the features that hurt, worst first, equal
    ones by name. A feature already named by a rule is not repeated.

    Raises `CatalogueGapError` when a deciding rule or a chosen feature has no reason, and
    `ValueError` when `k` is not from 1 to 4.
    """
    if not 1 <= k <= MOST:
        raise ValueError(f"k is 1 to {MOST}")
    codes = [code for code in dict.fromkeys(policy_hits) if code not in catalogue.internal]
    hurting = sorted(
        (item for item in model_reasons if item.shortfall > 0),
        key=lambda item: (-item.shortfall, item.feature),
    )
    missing = [code for code in codes if code not in catalogue.reasons]
    chosen: list[PrincipalReason] = []
    features: set[str] = set()
    for code in codes:
        if len(chosen) < k and code in catalogue.reasons:
            reason = catalogue.reasons[code]
            chosen.append(PrincipalReason(len(chosen) + 1, reason))
            features.add(reason.feature)
    for item in hurting:
        if len(chosen) == k:
            break
        if item.feature in features:
            continue
        entry = catalogue.by_feature.get(item.feature)
        if entry is None:
            missing.append(item.feature)
            continue
        chosen.append(PrincipalReason(len(chosen) + 1, entry, item.shortfall))
        features.add(item.feature)
    if missing:
        raise CatalogueGapError(tuple(missing))
    return tuple(chosen)
