"""What a plan and a suspension mean for a bank's turns, told to the queue when they change."""

import pytest
from django.db import connection

from core.actors import Actor
from core.tenancy import public_scope
from tenants.models import Bank, Plan
from tenants.services import change_plan, change_state

OPERATOR = Actor(kind="user", id="o", label="ops@panorama.test", roles=frozenset({"operator"}))


def terms(schema: str) -> tuple[bool, float, int] | None:
    """Held, weight, and the share of the batch queue."""
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT held, weight, (shares ->> 'batch')::int FROM dispatch_terms WHERE schema_name = %s",
            [schema],
        )
        return cursor.fetchone()


@pytest.fixture
def large_plan(db) -> Plan:
    with public_scope():
        return Plan.objects.create(
            code="large", name="Large", modules=["scoring"], at_once={"batch": 4, "weight": 2}
        )


def test_plan_and_suspension_reach_the_queue(
    bank_a, large_plan, django_capture_on_commit_callbacks
):
    with public_scope():
        slug = Bank.objects.get(schema_name=bank_a.schema).slug
        with django_capture_on_commit_callbacks(execute=True):
            change_plan(slug=slug, plan="large", actor=OPERATOR)
    assert terms(bank_a.schema) == (False, 2.0, 4)
    for state, held in (("suspended", True), ("active", False)):
        with public_scope(), django_capture_on_commit_callbacks(execute=True):
            change_state(slug=slug, state=state, actor=OPERATOR, reason="test")
        assert terms(bank_a.schema)[0] is held
