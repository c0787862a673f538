"""Putting versions to work and taking them back: what is live at a moment is one query over these rows."""

from datetime import datetime, timedelta

from django.db import transaction

from audit.services import record
from core.actors import Actor
from core.clock import now
from core.errors import Conflict, NotFound, field_error
from scoring import permissions
from scoring.choices import PolicyStage, Slot, Stage
from scoring.models import (
    Deployment,
    Model,
    ModelVersion,
    Policy,
    PolicyDeployment,
    PolicyVersion,
)
from scoring.services.fitting import check_fit
from scoring.services.people import key_of, require_person

# A form filled in a moment ago still means now.
GRACE = timedelta(minutes=5)


@transaction.atomic
def deploy_version(
    *, version_id: str, slot: str, actor: Actor, valid_from: datetime | None = None
) -> Deployment:
    """Give an approved version a slot from a moment on (now, when none is given).

    A new champion ends the old one's deployment at that very moment. Raises `Conflict` when the version is not
    approved, or the slot is already given away for a later moment.
    """
    require_person(actor, permissions.DEPLOY)
    if slot not in Slot.values:
        raise field_error("/slot", "unknown", f"One of {', '.join(Slot.values)}.")
    found = ModelVersion.objects.filter(pk=version_id).first()
    if found is None:
        raise NotFound("No such version.")
    model = Model.objects.select_for_update().get(pk=found.model_id)
    moment = _moment(valid_from)
    version = ModelVersion.objects.select_for_update().get(pk=version_id)
    if version.stage not in (Stage.APPROVED, Stage.LIVE):
        raise Conflict("Only an approved version is deployed.", code="stage_not_allowed")
    if slot == Slot.CHAMPION:
        _policy_fits(model, version)
        _end_champion(model, moment)
    elif Deployment.objects.filter(version=version, slot=slot, valid_to=None).exists():
        raise Conflict("The version holds this slot already.", code="slot_taken")
    deployment: Deployment = Deployment.objects.create(
        model=model,
        version=version,
        slot=slot,
        valid_from=moment,
        created_by=key_of(actor),
        created_by_label=actor.label,
    )
    if version.stage != Stage.LIVE:
        version.stage = Stage.LIVE
        version.save(update_fields=["stage"])
    record(
        actor=actor, action="scoring.model_version.deploy", target="model_version", target_id=version_id,
        detail={"model": model.code, "number": version.number, "slot": slot, "from": moment.isoformat()},
    )  # fmt: skip
    return deployment


@transaction.atomic
def withdraw_deployment(*, deployment_id: str, actor: Actor, note: str = "") -> Deployment:
    """End a deployment now. A model without a champion decides nothing: its callers are told so."""
    require_person(actor, permissions.DEPLOY)
    found = Deployment.objects.filter(pk=deployment_id).first()
    if found is None:
        raise NotFound("No such deployment.")
    Model.objects.select_for_update().get(pk=found.model_id)
    deployment: Deployment = Deployment.objects.select_for_update().get(pk=deployment_id)
    if deployment.valid_to is not None:
        raise Conflict("The deployment has an end already.", code="ended")
    _end(deployment, max(now(), deployment.valid_from))
    record(
        actor=actor, action="scoring.model_version.withdraw", target="model_version",
        target_id=str(deployment.version_id), detail={"slot": deployment.slot, "note": note[:1000]},
    )  # fmt: skip
    return deployment


@transaction.atomic
def deploy_policy(
    *, version_id: str, actor: Actor, valid_from: datetime | None = None
) -> PolicyDeployment:
    """Put an approved policy version in force from a moment on; it replaces the one before."""
    require_person(actor, permissions.DEPLOY)
    found = PolicyVersion.objects.filter(pk=version_id).first()
    if found is None:
        raise NotFound("No such version.")
    policy = Policy.objects.select_for_update().get(pk=found.policy_id)
    moment = _moment(valid_from)
    version = (
        PolicyVersion.objects.select_for_update(of=("self",))
        .select_related("catalogue")
        .get(pk=version_id)
    )
    if version.stage not in (PolicyStage.APPROVED, PolicyStage.LIVE):
        raise Conflict("Only an approved version is deployed.", code="stage_not_allowed")
    champion = Deployment.objects.filter(
        model_id=policy.model_id, slot=Slot.CHAMPION, valid_to=None
    ).select_related("version")
    for standing in champion:
        check_fit(version, standing.version)
    _end_policy(policy, moment)
    deployment: PolicyDeployment = PolicyDeployment.objects.create(
        policy=policy,
        version=version,
        valid_from=moment,
        created_by=key_of(actor),
        created_by_label=actor.label,
    )
    if version.stage != PolicyStage.LIVE:
        version.stage = PolicyStage.LIVE
        version.save(update_fields=["stage"])
    record(
        actor=actor, action="scoring.policy_version.deploy", target="policy_version", target_id=version_id,
        detail={"number": version.number, "from": moment.isoformat()},
    )  # fmt: skip
    return deployment


def _moment(valid_from: datetime | None) -> datetime:
    """Read after the lock, so that deployments follow each other in time as they do in the table."""
    moment = now()
    if valid_from is None:
        return moment
    if valid_from.tzinfo is None:
        raise field_error("/valid_from", "naive", "The moment needs its offset from UTC.")
    if valid_from < moment - GRACE:
        raise field_error(
            "/valid_from", "in_the_past", "What was live in the past stays as it was."
        )
    return max(valid_from, moment)


def _end_champion(model: Model, moment: datetime) -> None:
    open_rows = Deployment.objects.select_for_update().filter(
        model=model, slot=Slot.CHAMPION, valid_to=None
    )
    for deployment in open_rows:
        if deployment.valid_from >= moment:
            raise Conflict("Another champion is set for a later moment.", code="slot_taken")
        _end(deployment, moment)


def _end(deployment: Deployment, moment: datetime) -> None:
    deployment.valid_to = moment
    deployment.save(update_fields=["valid_to"])
    version = ModelVersion.objects.select_for_update().get(pk=deployment.version_id)
    # Until a moment that is still to come it stays live; retiring it then looks at the deployments.
    in_use = moment > now() or version.deployments.filter(valid_to=None).exists()
    if version.stage == Stage.LIVE and not in_use:
        version.stage = Stage.APPROVED
        version.save(update_fields=["stage"])


def _end_policy(policy: Policy, moment: datetime) -> None:
    open_rows = PolicyDeployment.objects.select_for_update().filter(policy=policy, valid_to=None)
    for deployment in open_rows:
        if deployment.valid_from >= moment:
            raise Conflict("Another version is set for a later moment.", code="slot_taken")
        deployment.valid_to = moment
        deployment.save(update_fields=["valid_to"])
        version = PolicyVersion.objects.select_for_update().get(pk=deployment.version_id)
        if version.stage == PolicyStage.LIVE and moment <= now():
            version.stage = PolicyStage.APPROVED
            version.save(update_fields=["stage"])


def _policy_fits(model: Model, version: ModelVersion) -> None:
    rows = PolicyDeployment.objects.filter(policy__model=model, valid_to=None)
    for deployment in rows.select_related("version__catalogue"):
        check_fit(deployment.version, version)
