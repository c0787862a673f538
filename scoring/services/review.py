"""The way through review, the same for model and policy versions: submit, approve by another person, reject, retire.

The database holds the same rules once more (`scoring.guards` and the CHECK constraints of the models).
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from accounts import policies
from audit.services import record
from core.actors import Actor
from core.clock import now
from core.errors import Conflict, FourEyes, NotFound, field_error
from scoring import permissions
from scoring.choices import TRANSITIONS, PolicyStage, Stage
from scoring.models import ModelVersion, PolicyVersion
from scoring.services.people import key_of, require_person

NOTE_LIMIT = 4000
Version = ModelVersion | PolicyVersion


@dataclass(frozen=True, slots=True)
class Subject:
    """What is reviewed: its table, first stage, who made it, and the permissions of each step."""

    table: type[ModelVersion] | type[PolicyVersion]
    target: str
    first_stage: str
    maker: str
    submit: str
    approve: str


MODELS = Subject(
    ModelVersion,
    "model_version",
    Stage.DEVELOP,
    "trained_by",
    permissions.SUBMIT,
    permissions.APPROVE,
)
POLICIES = Subject(
    PolicyVersion,
    "policy_version",
    PolicyStage.DRAFT,
    "authored_by",
    permissions.POLICY_CHANGE,
    permissions.POLICY_APPROVE,
)


def submit(subject: Subject, *, version_id: str, actor: Actor) -> Version:
    """Ask for a review. Raises `Conflict` when the version is not at its beginning."""
    policies.require(actor, subject.submit)
    with transaction.atomic():
        version = locked(subject, version_id)
        before = _move(version, Stage.REVIEW)
        version.submitted_by, version.submitted_by_label = key_of(actor), actor.label
        version.submitted_at, version.review_note = now(), ""
        version.save()
        _record(subject, version, actor, "submit", {"from": before})
    return version


def approve(subject: Subject, *, version_id: str, actor: Actor, note: str) -> Version:
    """Approve as another person than maker and submitter. Raises `FourEyes`, `InvalidInput` without a note."""
    require_person(actor, subject.approve)
    text = checked_note(note)
    with transaction.atomic():
        version = locked(subject, version_id)
        if key_of(actor) in (getattr(version, subject.maker), version.submitted_by):
            raise FourEyes("Who made or submitted a version does not approve it.")
        before = _move(version, Stage.APPROVED)
        version.approved_by, version.approved_by_label = key_of(actor), actor.label
        version.approved_at, version.review_note = now(), text
        version.save()
        _record(subject, version, actor, "approve", {"from": before, "note": text})
    return version


def reject(subject: Subject, *, version_id: str, actor: Actor, note: str) -> Version:
    """Send a version back to its maker with a reason."""
    require_person(actor, subject.approve)
    text = checked_note(note)
    with transaction.atomic():
        version = locked(subject, version_id)
        if version.stage != Stage.REVIEW:
            raise _not_allowed(version, subject.first_stage)
        version.stage = subject.first_stage
        version.submitted_by, version.submitted_by_label, version.submitted_at = "", "", None
        version.review_note = text
        version.save()
        _record(subject, version, actor, "reject", {"note": text})
    return version


def retire(subject: Subject, *, version_id: str, actor: Actor, note: str) -> Version:
    """Take a version out for good. Raises `Conflict` while it is deployed anywhere."""
    require_person(actor, permissions.DEPLOY)
    text = checked_note(note)
    with transaction.atomic():
        version = locked(subject, version_id)
        if version.deployments.filter(Q(valid_to=None) | Q(valid_to__gt=now())).exists():
            raise Conflict(
                "The version is deployed: replace or withdraw it first.", code="deployed"
            )
        before = _move(version, Stage.RETIRED)
        version.retired_at = now()
        version.save()
        _record(subject, version, actor, "retire", {"from": before, "note": text})
    return version


def locked(subject: Subject, version_id: str) -> Version:
    """The version, locked until the transaction ends. Raises `NotFound`."""
    rows = subject.table.objects.select_for_update()
    version: Version | None = rows.filter(pk=version_id).first()
    if version is None:
        raise NotFound("No such version.")
    return version


def checked_note(note: str) -> str:
    """A note of 1 to `NOTE_LIMIT` characters. Raises `InvalidInput`."""
    text = note.strip()
    if not text or len(text) > NOTE_LIMIT or "\x00" in text:
        raise field_error(
            "/note", "required", f"A note of 1 to {NOTE_LIMIT} characters is required."
        )
    return text


def _move(version: Version, stage: str) -> str:
    before = str(version.stage)
    if stage not in TRANSITIONS[before]:
        raise _not_allowed(version, stage)
    version.stage = stage
    return before


def _not_allowed(version: Version, stage: str) -> Conflict:
    return Conflict(
        f"A version that is in the stage {version.stage} cannot go to {stage}.",
        code="stage_not_allowed",
    )


def _record(
    subject: Subject, version: Version, actor: Actor, verb: str, detail: dict[str, str]
) -> None:
    record(
        actor=actor,
        action=f"scoring.{subject.target}.{verb}",
        target=subject.target,
        target_id=str(version.id),
        detail={"number": version.number, **detail},
    )
