"""A loaded portfolio, trained versions and people of each role; jobs run here and now."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from accounts.choices import Role
from core.actors import Actor
from datasets import services as datasets
from datasets.models import DatasetLoad
from jobs import registry
from jobs.choices import JobState
from jobs.context import JobContext
from jobs.services.running import _claim, _finish
from scoring import services
from scoring.models import Model, ModelVersion
from scoring.runtime import bundles
from scoring.services import training
from tests.scoring import portfolio

_trained: dict[str, Any] = {}


def person(role: Role, number: int) -> Actor:
    return Actor(
        kind="user",
        id=str(number),
        label=f"{role}{number}@alpha.test",
        roles=frozenset({role.value}),
    )


ANALYST = person(Role.RISK_ANALYST, 1)
VALIDATOR = person(Role.MODEL_VALIDATOR, 2)
OFFICER = person(Role.CREDIT_OFFICER, 3)
CLIENT = Actor(kind="client", id="c1", label="origination", scopes=frozenset({"scoring:decide"}))


@pytest.fixture(autouse=True)
def _own_files(tmp_path, settings):
    """Files of a test stand in a folder of its own, and nothing loaded by another test is kept."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "storage")},
        },
    }
    bundles.forget()
    yield
    bundles.forget()


@pytest.fixture(autouse=True)
def _train_once(monkeypatch):
    """The same rows and settings give the same bytes, so each different training runs once a session."""
    real = training.train

    def train(frame, spec, progress=None):
        key = f"{frame.fingerprint()}{spec}"
        if key not in _trained:
            _trained[key] = real(frame, spec, progress)
        return _trained[key]

    monkeypatch.setattr(training, "train", train)


def run_now(job_id: str) -> dict[str, Any]:
    """Run a job in this process; its result."""
    job = _claim(str(job_id))
    assert job is not None
    context = JobContext(job)
    result = registry.find(job.kind).handler(context)
    assert _finish(context, JobState.SUCCEEDED, result=result) == JobState.SUCCEEDED
    return result


def load_portfolio(count: int = 1500, seed: int = 7) -> DatasetLoad:
    from datasets.models import Dataset

    dataset = Dataset.objects.filter(name="loans").first()
    if dataset is None:
        dataset = datasets.create_dataset(name="loans", title="Loans", actor=ANALYST)
        datasets.update_contract(
            dataset_id=str(dataset.id), body=portfolio.contract(), actor=ANALYST
        )
        datasets.confirm_contract(dataset_id=str(dataset.id), actor=ANALYST)
    load = datasets.receive_file(
        dataset_id=str(dataset.id),
        file=BytesIO(portfolio.as_csv(count, seed)),
        filename="loans.csv",
        actor=ANALYST,
    )
    run_now(load.job_id)
    load.refresh_from_db()
    assert load.state == "ready", load.error
    return load


def train_version(
    model: Model, load: DatasetLoad, kind: str = "scorecard", **more: Any
) -> ModelVersion:
    run = services.start_model_run(
        model_id=str(model.id), load_id=str(load.id), kind=kind, actor=ANALYST, **more
    )
    result = run_now(run.job_id)
    return ModelVersion.objects.get(pk=result["version"])


def approve_all(version: ModelVersion) -> None:
    """Version and its generated policy through review and into use."""
    services.submit_for_review(version_id=str(version.id), actor=ANALYST)
    services.approve_version(version_id=str(version.id), actor=VALIDATOR, note="Sound.")
    policy = version.policies.get()
    services.submit_policy(version_id=str(policy.id), actor=ANALYST)
    services.approve_policy(version_id=str(policy.id), actor=OFFICER, note="Within appetite.")
    services.deploy_policy(version_id=str(policy.id), actor=OFFICER)
    services.deploy_version(version_id=str(version.id), slot="champion", actor=OFFICER)


@pytest.fixture
def load(bank) -> DatasetLoad:
    return load_portfolio()


@pytest.fixture
def model(bank) -> Model:
    return services.create_model(code="a-card", name="Application score", actor=ANALYST)


@pytest.fixture
def version(model, load) -> ModelVersion:
    """A trained scorecard in development."""
    return train_version(model, load)


@pytest.fixture
def live(version) -> ModelVersion:
    """The same, approved and deciding."""
    approve_all(version)
    version.refresh_from_db()
    return version


@pytest.fixture
def decide() -> Callable[..., Any]:
    """decide(inputs, key="k1", application="A1") -> the decision's view."""

    def ask(
        inputs: dict[str, Any], *, key: str = "k1", application: str = "A1", **more: Any
    ) -> Any:
        from scoring.contracts import DecisionIn

        given = DecisionIn(application=application, inputs=inputs, **more)
        call = services.new_call(
            applications=[given], client=CLIENT, key=key, body=repr(given).encode(), many=False
        )
        return services.decide_applications(call=call).decisions[0]

    return ask
