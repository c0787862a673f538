"""A private bank with a small portfolio of everything, on a private database under the admin login."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from accounts.models import User
from audit.services import seal_pending, write_checkpoint
from core.actors import Actor
from core.tenancy import BankContext, bank_scope, public_scope
from core.vault import vault
from core.vault.keyring import forget_keyring
from jobs.models import Job
from jobs.services import run_job
from scoring import services as scoring
from scoring.contracts import DecisionIn
from tenants.management.commands.onboard_bank import OPERATOR
from tenants.models import Bank
from tenants.provisioning import database
from tenants.services import onboard_now
from tests.scoring.conftest import (
    ANALYST,
    CLIENT,
    _own_files,
    _train_once,
    approve_all,
    load_portfolio,
    run_now,
    train_version,
)

__all__ = ["_own_files", "_train_once"]

# Roles are global to the cluster: parallel processes need banks of different names.
NUMBER = os.getpid() % 100_000
# As `User.as_actor` gives people of the platform; `new_bank` makes their accounts.
ASKS = Actor(
    kind="ops", id=str(UUID(int=1)), label="olga@panorama.test", roles=frozenset({"operator"})
)
AGREES = Actor(
    kind="ops", id=str(UUID(int=2)), label="otto@panorama.test", roles=frozenset({"operator"})
)
ERASED = "customer-erased"


@dataclass(frozen=True)
class Keys:
    """The bank's own key pair."""

    public: str
    private: bytes


@pytest.fixture(autouse=True)
def _outside(settings, tmp_path: Path) -> None:
    settings.CHECKPOINT_DIR = str(tmp_path / "checkpoints")
    settings.STORAGES = {
        **settings.STORAGES,
        "exports": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "exports")},
        },
    }
    forget_keyring()


@pytest.fixture(scope="session")
def keys() -> Keys:
    pair = X25519PrivateKey.generate()
    public = pair.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private = pair.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Keys(public.decode(), private)


@pytest.fixture
def new_bank(admin_login) -> Iterator[Callable[..., BankContext]]:
    """new_bank("leaver") -> an onboarded bank whose roles are dropped afterwards."""
    schemas: list[str] = []
    with public_scope():
        for who in (ASKS, AGREES):
            made = User.objects.create(id=who.id, email=who.label, roles=sorted(who.roles))
            assert made.as_actor() == who

    def make(name: str, *, plan: str = "full") -> BankContext:
        slug = f"{name}{NUMBER}"
        schemas.append(f"bank_{slug}")
        spec = {
            "slug": slug, "name": f"{name.capitalize()} Bank", "plan": plan, "jurisdiction": "EU",
            "currency": "EUR", "time_zone": "Europe/Paris",
            "administrator": {"email": f"admin@{slug}.test", "name": "Ann"},
            "client": {"name": "core system", "scopes": ["scoring:decide"]},
        }  # fmt: skip
        onboard_now(data=spec, actor=OPERATOR, base_url="http://x")
        return context_of(slug)

    yield make
    with public_scope():
        known = Bank.objects.exclude(slug__in=["alpha", "beta"]).values_list(
            "schema_name", flat=True
        )
        for schema in {*schemas, *known}:
            database.drop_tables(schema)
            database.drop_roles(schema)


def context_of(slug: str) -> BankContext:
    with public_scope():
        return Bank.objects.select_related("plan").get(slug=slug).as_context(f"{slug}.localhost")


def finish(job_id: Any) -> dict[str, Any]:
    """Run a job of the platform here; its result."""
    with public_scope():
        state = run_job(job_id=str(job_id))
        job = Job.objects.get(pk=job_id)
        assert state == "succeeded", (job.error_code, job.error)
        return dict(job.result or {})


def furnish(bank: BankContext) -> None:
    """A dataset, a live model, decisions, a batch, jobs, audit entries, and a person who was erased."""
    with bank_scope(bank):
        load = load_portfolio(600)
        model = scoring.create_model(code="a-card", name="Application score", actor=ANALYST)
        approve_all(train_version(model, load))
        for number, customer in enumerate(("customer-1", "customer-2", ERASED)):
            given = DecisionIn(
                application=f"A{number}",
                customer=customer,
                inputs={
                    "income": 4_000.5 + number,
                    "tenure": 12,
                    "debt_ratio": 0.2,
                    "region": "north",
                },
            )
            call = scoring.new_call(
                applications=[given], client=CLIENT, key=f"k{number}", body=b"{}", many=False
            )
            scoring.decide_applications(call=call)
        batch = scoring.start_batch(load_id=str(load.id), actor=ANALYST)
        run_now(batch.job_id)
        vault().erase_subject(ERASED)
        while seal_pending():
            pass
        write_checkpoint()
