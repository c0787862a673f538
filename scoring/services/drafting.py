"""A first policy and first reason texts for a trained version: drafts, meant to be edited, never live by themselves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db.models import Max

from audit.services import record
from core.actors import Actor
from core.tenancy import current_bank
from datasets import selectors as datasets
from scoring.choices import PolicySource
from scoring.engine.loading import Scorer
from scoring.engine.policy import canonical_json, default_form, document_from_form, policy_hash
from scoring.engine.reasons import HIGHER, LOWER, FeatureLabel, Reason, default_reason, why_vague
from scoring.models import Model, ModelVersion, Policy, PolicyVersion
from scoring.runtime.bundle import entries_of
from scoring.runtime.profiles import bank_profile
from scoring.services.catalogues import keep_catalogue, newest_entries

GRADES = ("A", "B", "C", "D", "E")
BEST_RATE, WORST_RATE = Decimal("0.0720"), Decimal("0.1800")
# Limits in minor units where the jurisdiction sets no ceiling; a draft for a person to change.
BEST_LIMIT, WORST_LIMIT, LIMIT_STEP = 100_000_00, 10_000_00, 1_000_00
TERM_MONTHS = 12
_TRENDS = {"ascending": HIGHER, "descending": LOWER}


def draft_policy(
    *, model: Model, version: ModelVersion, scorer: Scorer, actor: Actor
) -> PolicyVersion:
    """Grades by fifths of the tested rows, the best three approved, the fourth referred, the last declined."""
    policy, _ = Policy.objects.get_or_create(
        model=model,
        defaults={
            "name": model.name, "created_by": version.trained_by, "created_by_label": version.trained_by_label,
        },
    )  # fmt: skip
    catalogue = keep_catalogue(
        model=model,
        entries={**_feature_entries(version, scorer), **newest_entries(model)},
        author=(version.trained_by, version.trained_by_label),
    )
    document = _document(model, version, scorer)
    number = (policy.versions.aggregate(n=Max("number"))["n"] or 0) + 1
    draft: PolicyVersion = PolicyVersion.objects.create(
        policy=policy,
        number=number,
        document=canonical_json(document).decode(),
        sha256=policy_hash(document),
        source=PolicySource.GENERATED,
        catalogue=catalogue,
        model_version=version,
        authored_by=version.trained_by,
        authored_by_label=version.trained_by_label,
    )
    record(
        actor=actor, action="scoring.policy.draft", target="policy_version", target_id=str(draft.id),
        detail={"model": model.code, "number": number, "sha256": draft.sha256},
    )  # fmt: skip
    return draft


def _document(model: Model, version: ModelVersion, scorer: Scorer) -> dict[str, Any]:
    caps = bank_profile(current_bank()).caps_for(model.product)
    best = min(BEST_LIMIT, caps.max_amount_minor or BEST_LIMIT)
    low, high = scorer.score_range
    bounds = grade_bounds(version.report, scorer.score_range)
    form = default_form(
        name=f"{model.name} v{version.number}"[:200],
        measure="score",
        boundaries=bounds,
        # Two grades leave nothing between approving and declining.
        refer_grades=1 if len(bounds) > 2 else 0,
        best_rate=BEST_RATE,
        worst_rate=min(WORST_RATE, caps.max_all_in_apr or WORST_RATE),
        best_limit_minor=best,
        worst_limit_minor=min(WORST_LIMIT, best),
        limit_step_minor=LIMIT_STEP,
        term_months=min(TERM_MONTHS, caps.max_term_months or TERM_MONTHS),
        minimum=Decimal(low),
        maximum=Decimal(high),
    )
    return document_from_form(form)


def grade_bounds(
    report: Mapping[str, Any], score_range: tuple[int, int]
) -> list[tuple[str, Decimal | None]]:
    """Lowest score of each grade, best first, so that each holds about a fifth of the last part's rows."""
    rows = [(int(r[0]), int(r[2]) + int(r[3])) for r in report["parts"][-1]["distribution"]]
    bounds = _fifths(rows) or _even(score_range)
    kept = bounds[: len(GRADES) - 1]
    names = [*GRADES[: len(kept)], GRADES[len(kept)]]
    return [(n, b) for n, b in zip(names, [*map(Decimal, kept), None], strict=True)]


def _fifths(rows: Sequence[tuple[int, int]]) -> list[int]:
    """Cut scores from the top down; empty when the rows stand on too few scores."""
    total, seen = sum(n for _, n in rows), 0
    cuts: list[int] = []
    for low, count in sorted(rows, reverse=True):
        seen += count
        if len(cuts) < len(GRADES) - 1 and seen * len(GRADES) >= total * (len(cuts) + 1):
            cuts.append(low)
    return cuts if len(cuts) == len(GRADES) - 1 and total else []


def _even(score_range: tuple[int, int]) -> list[int]:
    low, high = score_range
    step = max(1, (high - low) // len(GRADES))
    cuts = [high - step * (place + 1) for place in range(len(GRADES) - 1)]
    return [cut for cut in cuts if cut > low] or [high]


def _feature_entries(version: ModelVersion, scorer: Scorer) -> dict[str, dict[str, str]]:
    """A text for each feature from the data contract's labels and the direction the bins show."""
    return entries_of(_reasons(version, [feature.name for feature in scorer.features]))


def _reasons(version: ModelVersion, names: Iterable[str]) -> Iterable[Reason]:
    labels: dict[str, tuple[str, str]] = {}
    if version.run is not None:
        contract = datasets.contract_of(str(version.run.load_id)).contract
        labels = {c.name: (c.label, c.label_zh) for c in contract.columns}
    trends = {f["name"]: _TRENDS.get(f["trend"], "") for f in version.report["features"]}
    for name in names:
        english, chinese = labels.get(name, ("", ""))
        yield _specific(default_reason(FeatureLabel(name, english, chinese, trends.get(name, ""))))


def _specific(reason: Reason) -> Reason:
    """A column called "score" or "other" gives a vague sentence; say whose value it is instead."""
    if why_vague(reason.text_en, language="en"):
        reason = replace(reason, text_en=f"Reported value of the field {reason.feature}")
    if why_vague(reason.text_zh, language="zh"):
        reason = replace(reason, text_zh=f"字段{reason.feature}的填报值")
    return reason
