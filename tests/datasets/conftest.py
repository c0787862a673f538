"""Small files, people who bring them, and a way to run a load's job inside the test's transaction."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import msgspec
import pytest
from django.core.files.storage import storages

from accounts.choices import Role
from core.actors import Actor
from datasets import selectors, services
from datasets.models import Dataset, DatasetLoad
from jobs import registry
from jobs.choices import JobState
from jobs.context import JobContext
from jobs.services.running import _claim, _finish

ANALYST = Actor(
    kind="user", id="1", label="analyst@alpha.test", roles=frozenset({Role.RISK_ANALYST.value})
)

PEOPLE = """customer,age,income,grade,status,bad
C001,31,5200,A,active,0
C002,45,-9,B,active,1
C003,abc,6100,A,closed,0
C004,28,4700,C,active,0
C005,52,8800,B,closed,1
C006,39,-9,A,active,0
C007,61,3900
C008,33,7100,C,active,0
"""


@pytest.fixture(autouse=True)
def _own_files(tmp_path, settings):
    """Files of a test stand in a folder of its own."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "storage")},
        },
    }
    return storages


@pytest.fixture
def analyst() -> Actor:
    return ANALYST


@pytest.fixture
def run_job() -> Callable[..., str]:
    """run_job(load) runs the load's job here and now; returns the state it ended in."""

    def run(load: DatasetLoad) -> str:
        load.refresh_from_db()
        job = _claim(str(load.job_id))
        assert job is not None
        context = JobContext(job)
        try:
            result = registry.find(job.kind).handler(context)
        finally:
            load.refresh_from_db()
        state = _finish(context, JobState.SUCCEEDED, result=result)
        load.refresh_from_db()
        return str(state)

    return run


@pytest.fixture
def dataset(bank, analyst) -> Dataset:
    """An empty dataset of Alpha Bank."""
    return services.create_dataset(name="people", title="People", actor=analyst)


@pytest.fixture
def send(dataset, analyst) -> Callable[..., DatasetLoad]:
    """send(data, filename) receives a file for `dataset`; text is sent as UTF-8."""

    def receive(
        data: str | bytes = PEOPLE, filename: str = "people.csv", **more: Any
    ) -> DatasetLoad:
        content = data.encode() if isinstance(data, str) else data
        return services.receive_file(
            dataset_id=str(dataset.id),
            file=BytesIO(content),
            filename=filename,
            actor=analyst,
            **more,
        )

    return receive


WANTED: dict[str, dict[str, Any]] = {
    "customer": {"type": "text", "role": "id", "privacy": "identity"},
    "age": {"type": "integer", "min": 18, "max": 100},
    "income": {"type": "integer", "special_codes": {"-9": "no bureau file"}, "min": 0},
    "grade": {"type": "category"},
    "status": {"type": "category"},
    "bad": {"type": "integer", "role": "target", "bad_values": [1], "good_values": [0]},
}


def confirm_people(dataset: Dataset, actor: Actor) -> None:
    """Correct the proposed contract of `PEOPLE` as a person would, and confirm it."""
    body = msgspec.to_builtins(selectors.get_contract(str(dataset.id)).contract)
    body["columns"] = [
        {
            **column,
            "special_codes": {},
            "text_codes": {},
            "required": False,
            **WANTED[column["name"]],
        }
        for column in body["columns"]
    ]
    services.update_contract(dataset_id=str(dataset.id), body=body, actor=actor)
    services.confirm_contract(dataset_id=str(dataset.id), actor=actor)
