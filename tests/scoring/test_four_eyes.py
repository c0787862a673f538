"""Maker is never checker: by the services, and by PostgreSQL under the role a bank's requests run with."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.choices import Role
from core.actors import Actor, system_actor
from core.clock import now
from core.errors import Conflict, Forbidden, FourEyes, InvalidInput
from scoring import selectors, services
from scoring.models import Deployment, ModelVersion, PolicyVersion
from tests.scoring.conftest import ANALYST, OFFICER, VALIDATOR, person, train_version

pytestmark = pytest.mark.django_db
BOTH = replace(ANALYST, roles=frozenset({Role.RISK_ANALYST.value, Role.MODEL_VALIDATOR.value}))
CLIENT = Actor(
    kind="client",
    id="1",
    label="x",
    scopes=frozenset({"scoring:train", "scoring:read", "scoring:policy"}),
)


def refused(statement: str, *values: object) -> str:
    """Run SQL under the bank's run-time role; the error PostgreSQL answers with."""
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(error.value)


def submitted(version: ModelVersion) -> ModelVersion:
    return services.submit_for_review(version_id=str(version.id), actor=ANALYST)


def approved(version: ModelVersion) -> ModelVersion:
    submitted(version)
    return services.approve_version(version_id=str(version.id), actor=VALIDATOR, note="Sound.")


def test_trainer_and_submitter_never_approve(version):
    other = person(Role.RISK_ANALYST, 9)
    services.submit_for_review(version_id=str(version.id), actor=other)
    submitter = replace(other, roles=frozenset({Role.MODEL_VALIDATOR.value}))
    for actor in (BOTH, submitter):
        with pytest.raises(FourEyes):
            services.approve_version(version_id=str(version.id), actor=actor, note="Mine.")
    version.refresh_from_db()
    assert (version.stage, version.approved_by) == ("review", "")
    services.approve_version(version_id=str(version.id), actor=VALIDATOR, note="Sound.")
    version.refresh_from_db()
    assert (version.stage, version.approved_by) == ("approved", "user:2")


@pytest.mark.parametrize("actor", [CLIENT, system_actor("sweeper"), OFFICER, ANALYST])
def test_only_a_validating_person_approves(version, actor):
    submitted(version)
    with pytest.raises(Forbidden):
        services.approve_version(version_id=str(version.id), actor=actor, note="Yes.")
    version.refresh_from_db()
    assert version.stage == "review"


def test_a_note_is_required_and_stages_keep_their_order(version):
    with pytest.raises(Conflict):
        services.approve_version(version_id=str(version.id), actor=VALIDATOR, note="Too early.")
    submitted(version)
    with pytest.raises(InvalidInput):
        services.approve_version(version_id=str(version.id), actor=VALIDATOR, note=" ")
    with pytest.raises(Conflict):
        services.deploy_version(version_id=str(version.id), slot="champion", actor=OFFICER)
    services.reject_version(version_id=str(version.id), actor=VALIDATOR, note="Explain income.")
    version.refresh_from_db()
    assert (version.stage, version.submitted_by) == ("develop", "")
    assert version.review_note == "Explain income."


def test_the_database_refuses_self_approval(version):
    submitted(version)
    table = "scoring_modelversion"
    for name in (version.trained_by, "user:1"):
        text = refused(
            f"UPDATE {table} SET stage = 'approved', approved_by = %s, review_note = 'x' WHERE id = %s",
            name,
            version.id,
        )
        assert "scoring_version_four_eyes" in text
    assert "scoring_version_approved" in refused(
        f"UPDATE {table} SET stage = 'approved' WHERE id = %s", version.id
    )
    assert "submitter changes" in refused(
        f"UPDATE {table} SET submitted_by = 'user:77' WHERE id = %s", version.id
    )
    assert "never changes" in refused(
        f"UPDATE {table} SET trained_by = 'user:77' WHERE id = %s", version.id
    )


def test_the_database_refuses_a_jump_and_a_swap(version):
    table = "scoring_modelversion"
    signed = "approved_by = 'user:2', submitted_by = 'user:1', review_note = 'x'"
    jump = f"UPDATE {table} SET stage = 'live', {signed} WHERE id = %s"
    assert "cannot go from develop to live" in refused(jump, version.id)
    approved(version)
    for column, value in (
        ("artifact_sha256", "0" * 64),
        ("artifact_path", "elsewhere"),
        ("report", "{}"),
        ("number", 9),
    ):
        text = refused(f"UPDATE {table} SET {column} = %s WHERE id = %s", value, version.id)
        assert "never changes" in text
    assert "approver changes" in refused(
        f"UPDATE {table} SET approved_by = 'user:5' WHERE id = %s", version.id
    )
    assert "never deleted" in refused(f"DELETE FROM {table} WHERE id = %s", version.id)


def test_a_policy_is_fixed_once_submitted(version):
    policy = version.policies.get()
    services.submit_policy(version_id=str(policy.id), actor=ANALYST)
    assert "only a draft is edited" in refused(
        "UPDATE scoring_policyversion SET document = '{}' WHERE id = %s", policy.id
    )
    author = replace(ANALYST, roles=frozenset({Role.CREDIT_OFFICER.value}))
    with pytest.raises(FourEyes):
        services.approve_policy(version_id=str(policy.id), actor=author, note="Mine.")
    assert "scoring_policy_four_eyes" in refused(
        "UPDATE scoring_policyversion SET stage = 'approved', approved_by = authored_by, review_note = 'x'"
        " WHERE id = %s",
        policy.id,
    )
    services.approve_policy(version_id=str(policy.id), actor=OFFICER, note="Within appetite.")
    assert PolicyVersion.objects.get(pk=policy.id).stage == "approved"


def test_one_champion_at_any_time(model, load, version):
    approved(version)
    second = train_version(model, load, seed=43)
    approved(second)
    before = now()
    services.deploy_version(version_id=str(version.id), slot="champion", actor=OFFICER)
    middle = now()
    services.deploy_version(version_id=str(second.id), slot="champion", actor=OFFICER)
    services.deploy_version(version_id=str(version.id), slot="shadow", actor=OFFICER)
    assert selectors.live_at(before) == []
    assert [(v.slot, v.number) for v in selectors.live_at(middle)] == [("champion", 1)]
    assert [(v.slot, v.number) for v in selectors.live_at()] == [("champion", 2), ("shadow", 1)]
    first = Deployment.objects.get(version=version, slot="champion")
    assert "ended, once" in refused(
        "UPDATE scoring_deployment SET valid_to = NULL WHERE id = %s", first.id
    )
    insert = (
        "INSERT INTO scoring_deployment (id, created_at, model_id, version_id, slot, valid_from, valid_to, created_by,"
        " created_by_label) VALUES (gen_random_uuid(), now(), %s, %s, 'champion', %s, %s, 'x', 'x')"
    )
    late = now() + timedelta(days=1)
    assert "taken at that time" in refused(insert, model.id, version.id, late, late + timedelta(1))
    develop = train_version(model, load, seed=44)
    assert "only an approved version" in refused(insert, model.id, develop.id, late, None)


def test_a_planned_change_takes_effect_at_its_moment(model, load, version):
    approved(version)
    second = train_version(model, load, seed=43)
    approved(second)
    services.deploy_version(version_id=str(version.id), slot="champion", actor=OFFICER)
    moment = now() + timedelta(hours=2)
    services.deploy_version(
        version_id=str(second.id), slot="champion", actor=OFFICER, valid_from=moment
    )
    assert [v.number for v in selectors.live_at()] == [1]
    assert [v.number for v in selectors.live_at(moment)] == [2]
    version.refresh_from_db()
    assert version.stage == "live"
    with pytest.raises(Conflict):
        services.retire_version(version_id=str(version.id), actor=OFFICER, note="Too early.")
    with pytest.raises(Conflict):
        services.deploy_version(version_id=str(version.id), slot="champion", actor=OFFICER)
    with pytest.raises(InvalidInput):
        services.deploy_version(
            version_id=str(version.id),
            slot="shadow",
            actor=OFFICER,
            valid_from=now() - timedelta(1),
        )


def test_rollback_and_retirement(model, load, version):
    approved(version)
    second = train_version(model, load, seed=43)
    approved(second)
    services.deploy_version(version_id=str(version.id), slot="champion", actor=OFFICER)
    services.deploy_version(version_id=str(second.id), slot="champion", actor=OFFICER)
    services.deploy_version(version_id=str(version.id), slot="champion", actor=OFFICER)
    assert [v.number for v in selectors.live_at()] == [1]
    with pytest.raises(Conflict):
        services.retire_version(version_id=str(version.id), actor=OFFICER, note="In use.")
    services.retire_version(version_id=str(second.id), actor=OFFICER, note="Weaker.")
    second.refresh_from_db()
    assert second.stage == "retired"
    with pytest.raises(Conflict):
        services.deploy_version(version_id=str(second.id), slot="shadow", actor=OFFICER)


def test_decisions_only_grow(live, decide):
    from tests.scoring import portfolio

    first = decide(portfolio.POOR)
    for statement in (
        "UPDATE scoring_decision SET outcome = 'approve' WHERE id = %s",
        "DELETE FROM scoring_decision WHERE id = %s",
    ):
        text = refused(statement, first.id)
        assert "permission denied" in text or "only grows" in text
