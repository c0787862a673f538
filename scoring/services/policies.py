"""Policies: drafts are written by analysts and officers, approved by somebody else, then put in force."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts import policies
from audit.services import record
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, field_error
from scoring import permissions
from scoring.choices import PolicySource, PolicyStage
from scoring.contracts import PolicyIn
from scoring.engine.policy import (
    Policy as AdmittedPolicy,
)
from scoring.engine.policy import (
    PolicyRefusedError,
    canonical_json,
    document_from_form,
    load_policy,
    policy_hash,
)
from scoring.engine.reasons import (
    INTERNAL_CODES,
    FeatureLabel,
    missing_reason,
)
from scoring.models import Model, ModelVersion, Policy, PolicyVersion
from scoring.runtime.bundle import entries_of, literal_codes
from scoring.services import review
from scoring.services.catalogues import keep_catalogue, newest_entries
from scoring.services.fitting import check_types
from scoring.services.people import key_of
from scoring.services.policy_forms import form_of, pointers, to_form


def check_policy(*, draft: PolicyIn) -> AdmittedPolicy:
    """The admitted flow of a draft, saved nowhere. Raises `InvalidInput` with a pointer to each fault."""
    if (draft.form is None) == (draft.document is None):
        raise field_error("/form", "one_of_two", "Give either the form or the document.")
    try:
        if draft.document is not None:
            return load_policy(draft.document)
        assert draft.form is not None
        return load_policy(document_from_form(to_form(draft.form)))
    except PolicyRefusedError as error:
        raise InvalidInput(
            "The policy is not admitted.", code="policy_refused", errors=pointers(error.problems)
        ) from error
    except (ValueError, RecursionError) as error:
        raise field_error("/form", "invalid", str(error)[:300]) from error


@dataclass(frozen=True, slots=True)
class CheckedPolicy:
    """What an admitted flow reads and may give as codes; `form` None where only the flow can say it."""

    sha256: str
    inputs: tuple[str, ...]
    codes: tuple[str, ...]
    form: Mapping[str, Any] | None


def preview_policy(*, draft: PolicyIn) -> CheckedPolicy:
    """Whether a draft would be admitted. Raises `InvalidInput` with a pointer to each fault."""
    admitted = check_policy(draft=draft)
    return CheckedPolicy(
        sha256=admitted.hash,
        inputs=tuple(field.name for field in admitted.inputs),
        codes=literal_codes(admitted),
        form=form_of(dict(admitted.document)),
    )


@transaction.atomic
def save_policy_version(*, model_id: str, draft: PolicyIn, actor: Actor) -> PolicyVersion:
    """Write the actor's own open draft anew, or start the next version. Raises `InvalidInput`, `NotFound`."""
    policies.require(actor, permissions.POLICY_CHANGE)
    model = Model.objects.select_for_update().filter(pk=model_id).first()
    if model is None:
        raise NotFound("No such model.")
    admitted = check_policy(draft=draft)
    policy, _ = Policy.objects.get_or_create(
        model=model,
        defaults={"name": model.name, "created_by": key_of(actor), "created_by_label": actor.label},
    )
    author = (key_of(actor), actor.label)
    catalogue = keep_catalogue(model=model, entries=_entries(model, admitted, draft), author=author)
    version = _open_draft(policy, actor)
    version.document = canonical_json(admitted.document).decode()
    version.sha256 = policy_hash(admitted.document)
    version.source = PolicySource.JDM if draft.document is not None else PolicySource.FORM
    version.catalogue = catalogue
    version.note = draft.note[:4000].replace("\x00", "")
    version.model_version = None
    version.save()
    record(
        actor=actor, action="scoring.policy_version.save", target="policy_version", target_id=str(version.id),
        detail={"model": model.code, "number": version.number, "sha256": version.sha256},
    )  # fmt: skip
    return version


def _open_draft(policy: Policy, actor: Actor) -> PolicyVersion:
    newest = policy.versions.select_for_update().order_by("-number").first()
    if newest and newest.stage == PolicyStage.DRAFT and newest.authored_by == key_of(actor):
        return newest  # type: ignore[no-any-return]
    number = (policy.versions.aggregate(n=Max("number"))["n"] or 0) + 1
    return PolicyVersion(
        policy=policy, number=number, authored_by=key_of(actor), authored_by_label=actor.label
    )


def _entries(model: Model, admitted: AdmittedPolicy, draft: PolicyIn) -> dict[str, dict[str, Any]]:
    """The newest texts with those of the draft; every code the flow may give needs one."""
    entries: dict[str, dict[str, Any]] = {
        **newest_entries(model),
        **{
            code: {"feature": r.feature, "en": r.en, "zh": r.zh, "origin": r.origin}
            for code, r in draft.reasons.items()
        },
    }
    for field in admitted.inputs:
        absent = missing_reason(FeatureLabel(field.name))
        if absent.code not in entries:
            entries |= entries_of([absent])
    wanted = [c for c in literal_codes(admitted) if c not in INTERNAL_CODES and c not in entries]
    if wanted:
        raise InvalidInput(
            "Every reason code needs its words in both languages.",
            code="reason_missing",
            errors=[
                FieldError(f"/reasons/{c}", "reason_missing", "Words are missing.") for c in wanted
            ],
        )
    used = {*literal_codes(admitted), *draft.reasons, *newest_entries(model)}
    return {code: entry for code, entry in entries.items() if code in used}


def submit_policy(*, version_id: str, actor: Actor) -> PolicyVersion:
    """From draft to review; it must run on what the model's versions give."""
    version = PolicyVersion.objects.select_related("policy").filter(pk=version_id).first()
    if version is not None:
        newest = (
            ModelVersion.objects.filter(model=version.policy.model_id).order_by("-number").first()
        )
        if newest is not None:
            check_types(version, newest)
    return review.submit(review.POLICIES, version_id=version_id, actor=actor)  # type: ignore[return-value]


def approve_policy(*, version_id: str, actor: Actor, note: str) -> PolicyVersion:
    """By a credit officer or validator who neither wrote nor submitted it."""
    return review.approve(review.POLICIES, version_id=version_id, actor=actor, note=note)  # type: ignore[return-value]


def reject_policy(*, version_id: str, actor: Actor, note: str) -> PolicyVersion:
    """Back to draft, with the reason."""
    return review.reject(review.POLICIES, version_id=version_id, actor=actor, note=note)  # type: ignore[return-value]


def retire_policy(*, version_id: str, actor: Actor, note: str) -> PolicyVersion:
    """Out of use for good; not while in force."""
    return review.retire(review.POLICIES, version_id=version_id, actor=actor, note=note)  # type: ignore[return-value]


def document_of(version: PolicyVersion) -> dict[str, Any]:
    """The flow as parsed JSON."""
    return json.loads(version.document)  # type: ignore[no-any-return]
