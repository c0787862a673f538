"""The demo's banks, people and clients."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from accounts.engine import one_time_code
from accounts.models import ApiClient, User
from accounts.services import (
    create_client,
    draft_code_device,
    enrol_code_device,
    has_factor,
    rotate_secret,
)
from audit.services import record
from core.actors import Actor
from core.clock import now
from core.tenancy import BankContext, bank_scope, public_scope
from tenants.models import Bank
from tenants.services import onboard_now

OPERATOR = Actor(kind="ops", id="demo", label="demo story", roles=frozenset({"operator"}))
# Known to everybody who reads this file: the demo listens on the loopback address only.
DEMO_PASSWORD = "panorama demo only"  # noqa: S105
STAFF = {
    "admin": ("bank_admin", "Ada Admin"),
    "analyst": ("risk_analyst", "Ana Analyst"),
    "validator": ("model_validator", "Val Validator"),
    "officer": ("credit_officer", "Otto Officer"),
    "compliance": ("compliance", "Cora Compliance"),
}
CLIENT = "loan origination"
BANKS = (
    {
        "slug": "aurora", "name": "Aurora Bank", "plan": "full", "jurisdiction": "CN", "currency": "CNY",
        "time_zone": "Asia/Shanghai", "language": "en",
        "administrator": {"email": "admin@aurora.example", "name": "Ada Admin"},
    },
    {
        "slug": "borealis", "name": "Borealis Bank", "plan": "full", "jurisdiction": "EU", "currency": "EUR",
        "time_zone": "Europe/Berlin", "language": "en",
        "administrator": {"email": "admin@borealis.example", "name": "Ada Admin"},
    },
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Credentials:
    client_id: str
    client_secret: str


def ensure_operator() -> str:
    """The platform operator's login; returns the e-mail."""
    email = "operator@panorama.example"
    with public_scope():
        _ensure_person(email, "operator", "Olga Operator")
    return email


def ensure_bank(data: Mapping[str, object]) -> BankContext:
    """Onboard the bank unless it is there."""
    bank = onboard_now(data=dict(data), actor=OPERATOR, base_url=f"http://{data['slug']}.localhost")
    with public_scope():
        return (
            Bank.objects.select_related("plan")
            .get(pk=bank.pk)
            .as_context(host=f"{bank.slug}.localhost")
        )


def ensure_staff(bank: BankContext) -> dict[str, str]:
    """One person a role with the demo's password; e-mail by short name."""
    slug = bank.schema.removeprefix("bank_")
    emails = {short: f"{short}@{slug}.example" for short in STAFF}
    with bank_scope(bank):
        for short, (role, name) in STAFF.items():
            _ensure_person(emails[short], role, name)
    return emails


@transaction.atomic
def _ensure_person(email: str, role: str, name: str) -> None:
    user = User.objects.filter(email=email).first() or User(email=email)
    user.name, user.roles, user.is_active = name, [role], True
    user.set_password(DEMO_PASSWORD)
    user.save()
    record(
        actor=OPERATOR,
        action="accounts.user.demo",
        target="user",
        target_id=str(user.id),
        detail={"roles": [role]},
    )
    if not has_factor(user):
        _enrol_app(user)


def _enrol_app(user: User) -> None:
    """A second factor, enrolled as the page does it; `manage.py one_time_code` stands in for the telephone."""
    draft = draft_code_device(user=user, issuer="Panorama demo")
    text = draft.shown_secret.replace(" ", "")
    secret = base64.b32decode(text + "=" * (-len(text) % 8))
    # The code before this one, which the drift allows: the first login takes the present one.
    step = one_time_code.step_at(now().timestamp()) - one_time_code.DRIFT_STEPS
    enrol_code_device(
        user=user, token=draft.token, code=one_time_code.code_of_step(secret, step), name="demo",
        actor=OPERATOR,
    )  # fmt: skip


def ensure_client(bank: BankContext, scopes: list[str]) -> Credentials:
    """The bank's loan-origination system, with a fresh secret."""
    actor = Actor(kind="system", id="demo", label="demo story")
    with bank_scope(bank):
        found = ApiClient.objects.filter(name=CLIENT, is_active=True).first()
        if found is None:
            client, secret = create_client(name=CLIENT, scopes=scopes, actor=actor)
            return Credentials(client.client_id, secret)
        return Credentials(found.client_id, rotate_secret(client_id=found.client_id, actor=actor))


def actor_for(bank: BankContext, email: str) -> Actor:
    """A person as the acting user of a service."""
    with bank_scope(bank):
        return User.objects.get(email=email).as_actor()
