"""The same small set of objects in a bank, every text of which carries a word that no other bank has."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction
from django.test import Client, override_settings

from accounts import policies
from accounts.choices import BANK_ROLES, Role
from accounts.models import User
from accounts.services import create_client, invite_person
from compliance import services as compliance
from core.actors import Actor, system_actor
from core.clock import now
from core.tenancy import BankContext, bank_directory, bank_scope, public_scope
from datasets import services as datasets
from datasets.models import Dataset
from federation.models import Provider
from federation.services import ProviderRules, save_provider
from jobs.models import Job
from scoring import services as scoring
from scoring.api.v1.tokens import forget_tokens
from scoring.contracts import DecisionIn
from scoring.models import Model, ModelVersion
from scoring.runtime import bundles
from tests.scoring import portfolio
from tests.scoring.conftest import run_now
from tests.sign_in import bank_browser

ROWS = 500
SYSTEM = system_actor("test")
# One key in both banks: what a bank sees under it is its own row.
SHARED = {
    "dataset": UUID("019ab000-0000-7000-8000-00000000d001"),
    "model": UUID("019ab000-0000-7000-8000-00000000d002"),
    "job": UUID("019ab000-0000-7000-8000-00000000d003"),
    "user": UUID("019ab000-0000-7000-8000-00000000d004"),
}


@dataclass
class World:
    """A bank with one of everything. `ids` by kind of object; `canary` stands in all their texts."""

    bank: BankContext
    canary: str
    ids: dict[str, str] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    key: str = "the-same-key"

    def browser(self, user: User) -> Client:
        """A browser logged in at this bank."""
        return bank_browser(self.bank, user)

    def token(self, *scopes: str) -> str:
        """A bearer token with these scopes."""
        with bank_scope(self.bank):
            client, secret = create_client(
                name=f"{self.canary} {len(scopes)}", scopes=list(scopes), actor=SYSTEM
            )
        body = {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": secret,
        }
        answer = Client(HTTP_HOST=self.bank.host).post("/api/v1/oauth/token", body)
        assert answer.status_code == 200, answer.content
        return str(answer.json()["access_token"])

    def system(self, token: str) -> Client:
        """A caller of this bank's API with a token, whoever gave it."""
        return Client(HTTP_HOST=self.bank.host, HTTP_AUTHORIZATION=f"Bearer {token}")


BANKS = {"bank_alpha": "CANARYALPHA7Q", "bank_beta": "CANARYBETA3X"}


@contextmanager
def worlds_in(folder: Path, *schemas: str) -> Iterator[tuple[World, ...]]:
    """Worlds of these banks in one transaction that is rolled back; files stand in `folder`."""
    storage = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(folder / "storage")},
    }
    with (
        override_settings(STORAGES={**settings.STORAGES, "default": storage}),
        transaction.atomic(),
    ):
        _forget()
        yield tuple(build(schema, BANKS[schema]) for schema in schemas)
        transaction.set_rollback(True)
    _forget()


def _forget() -> None:
    forget_tokens()
    bundles.forget()
    bank_directory().forget()  # type: ignore[attr-defined]


def build(schema: str, canary: str) -> World:
    """Everything a bank has, made by the services its people use."""
    with public_scope():
        world = World(bank_directory().by_schema(schema), canary)
    with bank_scope(world.bank):
        _people(world)
        load = _data(world)
        version = _versions(world, load)
        _decision(world)
        run = scoring.start_batch(
            load_id=load, model_id=world.ids["model"], actor=acting_as(world, Role.CREDIT_OFFICER)
        )
        run_now(str(run.job_id))
        world.ids |= {"batch": str(run.id), "version": str(version.id)}
        _outcomes(world)
        _compliance(world)
        _shared(world)
    return world


def _outcomes(world: World) -> None:
    """Enough of what became of cases for a picture: the same case, judged by its days."""
    reports = [
        scoring.OutcomeIn(f"{world.canary}-A1", now().date(), 95),
        scoring.OutcomeIn(f"{world.canary}-A1", now().date(), 96),
    ]
    scoring.report_outcomes(outcomes=reports, actor=acting_as(world, Role.RISK_ANALYST))


def _compliance(world: World) -> None:
    """An erasure, a hold and a report that wait."""
    actor = acting_as(world, Role.COMPLIANCE)
    words = f"{world.canary}-C7"
    erasure = compliance.request_erasure(
        customer=words, confirm=words, reason=f"{world.canary} asked.", actor=actor
    )
    hold = compliance.propose_hold(
        scope="person", customer=f"{world.canary}-C6", reason=f"{world.canary} court.", actor=actor
    )
    purge = compliance.start_purge(mode="report", actor=actor)
    world.ids |= {"erasure": str(erasure.pk), "hold": str(hold.pk), "purge": str(purge.pk)}


def acting_as(world: World, role: str) -> Actor:
    """The bank's person in this role."""
    return replace(world.users[role].as_actor(), label=f"{world.canary} {role}")


def _people(world: World) -> None:
    word = world.canary.lower()
    for role in sorted(BANK_ROLES):
        world.users[role] = User.objects.create(
            email=f"{role}-{word}@bank.test", name=f"{world.canary} {role}", roles=[role]
        )
    world.users["nobody"] = User.objects.create(
        email=f"nobody-{word}@bank.test", name=f"{world.canary} nobody", roles=[]
    )
    world.users["everybody"] = User.objects.create(
        email=f"everybody-{word}@bank.test",
        name=f"{world.canary} everybody",
        roles=sorted(BANK_ROLES),
    )
    invited, link = invite_person(
        email=f"invited-{word}@bank.test",
        name=f"{world.canary} invited",
        roles=[Role.COMPLIANCE],
        actor=SYSTEM,
        base_url="http://bank",
    )
    client, _ = create_client(
        name=f"{world.canary} origination", scopes=list(policies.scopes()), actor=SYSTEM
    )
    # Keys of clients count up; this one exists in one bank only.
    number = 700_000 + sum(world.canary.encode())
    client.pk = number
    client.client_id += "x"
    client.save(force_insert=True)
    world.ids |= {
        "user": str(invited.id),
        "invitation": link.rstrip("/").rpartition("/")[2],
        "client": str(client.pk),
        **_narrow_client(world),
        "provider": str(idle_provider(f"{world.canary} login").pk),
        "client_id": client.client_id,
    }


def idle_provider(name: str) -> Provider:
    """Single sign-on that is set up and not in use."""
    rules = ProviderRules(
        name=name, issuer="https://idp.test", client_id="panorama", secret=name, is_active=False
    )
    return save_provider(rules=rules, actor=SYSTEM)


def _narrow_client(world: World) -> dict[str, str]:
    """A client that another with `clients:write` alone may change, and one of its secrets."""
    client, _ = create_client(name=f"{world.canary} narrow", scopes=["clients:write"], actor=SYSTEM)
    secret = client.secrets.get()
    return {"narrow": client.client_id, "secret": str(secret.pk)}


def rows_of(canary: str, count: int = ROWS) -> bytes:
    """The portfolio with the bank's word in a category, and one row that is not taken."""
    text = portfolio.as_csv(count).replace(b",north,", f",{canary},".encode())
    return text + f"{canary},1000,twelve {canary},0.1,south,f,0,0\n".encode()


def _data(world: World) -> str:
    analyst = acting_as(world, Role.RISK_ANALYST)
    dataset = datasets.create_dataset(
        name=f"loans-{world.canary.lower()}", title=f"{world.canary} loans", actor=analyst
    )
    datasets.update_contract(dataset_id=str(dataset.id), body=contract(world.canary), actor=analyst)
    datasets.confirm_contract(dataset_id=str(dataset.id), actor=analyst)
    draft = datasets.create_dataset(
        name=f"draft-{world.canary.lower()}", title=f"{world.canary} draft", actor=analyst
    )
    datasets.update_contract(dataset_id=str(draft.id), body=contract(world.canary), actor=analyst)
    load = datasets.receive_file(
        dataset_id=str(dataset.id),
        file=BytesIO(rows_of(world.canary)),
        filename=f"{world.canary}.csv",
        actor=analyst,
    )
    run_now(str(load.job_id))
    load.refresh_from_db()
    assert (load.state, load.rows_quarantined) == ("ready", 1), load.error
    world.ids |= {"dataset": str(dataset.id), "load": str(load.id), "job": str(load.job_id)}
    world.ids["undecided"] = str(draft.id)
    return str(load.id)


def contract(canary: str) -> Any:
    """The portfolio's contract with the bank's word in its labels."""
    body: Any = msgspec.to_builtins(portfolio.contract())
    for column in body["columns"]:
        column["label"] = f"{canary} {column['name']}"
    return body


def _versions(world: World, load: str) -> ModelVersion:
    """One version in development, one that decides."""
    analyst = acting_as(world, Role.RISK_ANALYST)
    validator, officer = (
        acting_as(world, Role.MODEL_VALIDATOR),
        acting_as(world, Role.CREDIT_OFFICER),
    )
    word = world.canary.lower()
    model = scoring.create_model(code=f"card-{word}", name=f"{world.canary} card", actor=analyst)
    made = []
    for seed in (1, 2):
        run = scoring.start_model_run(
            model_id=str(model.id), load_id=load, kind="scorecard", seed=seed, actor=analyst
        )
        made.append(ModelVersion.objects.get(pk=run_now(str(run.job_id))["version"]))
    version = made[1]
    note = f"{world.canary} is sound."
    scoring.submit_for_review(version_id=str(version.id), actor=analyst)
    scoring.approve_version(version_id=str(version.id), actor=validator, note=note)
    policy = version.policies.get()
    scoring.submit_policy(version_id=str(policy.id), actor=analyst)
    scoring.approve_policy(version_id=str(policy.id), actor=validator, note=note)
    scoring.deploy_policy(version_id=str(policy.id), actor=officer)
    scoring.deploy_version(version_id=str(version.id), slot="champion", actor=officer)
    world.ids |= {"model": str(model.id), "run": str(version.run_id), "policy": str(policy.id)}
    world.ids["draft"] = str(made[0].id)
    world.ids["deployment"] = str(version.deployments.get().pk)
    return version


def _decision(world: World) -> None:
    given = DecisionIn(
        application=f"{world.canary}-A1",
        customer=f"{world.canary}-C1",
        inputs={**portfolio.POOR, "region": world.canary},
    )
    client = Actor(
        kind="client",
        id="c1",
        label=f"{world.canary} origination",
        scopes=frozenset({"scoring:decide"}),
    )
    call = scoring.new_call(
        applications=[given], client=client, key=world.key, body=b"{}", many=False
    )
    world.ids["decision"] = scoring.decide_applications(call=call).decisions[0].id


def _shared(world: World) -> None:
    """Rows under the same key in both banks."""
    word = world.canary.lower()
    Dataset.objects.create(
        id=SHARED["dataset"], name=f"twin-{word}", title=f"{world.canary} twin", created_by="test"
    )
    Model.objects.create(
        id=SHARED["model"], code=f"twin-{word}", name=f"{world.canary} twin",
        purpose="risk", family="application", created_by="user:1", created_by_label=world.canary,
    )  # fmt: skip
    Job.objects.create(
        id=SHARED["job"], kind="datasets.load", queue="batch", title=f"{world.canary} twin",
        state="succeeded", created_by=world.canary,
    )  # fmt: skip
    User.objects.create(
        id=SHARED["user"], email=f"twin-{word}@bank.test", name=f"{world.canary} twin", roles=[]
    )
