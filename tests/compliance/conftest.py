"""People of compliance, a portfolio with identity columns, and jobs that run here and now."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import msgspec
import pytest

from accounts.choices import Role
from core.actors import Actor
from datasets import services as datasets
from datasets.choices import ColumnType, Privacy
from datasets.choices import Role as ColumnRole
from datasets.contracts import ColumnContract
from datasets.models import DatasetLoad
from tests.scoring import portfolio
from tests.scoring.conftest import (  # noqa: F401
    ANALYST,
    _own_files,
    _train_once,
    decide,
    live,
    load,
    model,
    run_now,
    version,
)
from tests.vault.conftest import _outside  # noqa: F401

FIRST = Actor(kind="user", id="71", label="first@alpha.test", roles=frozenset({Role.COMPLIANCE}))
SECOND = Actor(kind="user", id="72", label="second@alpha.test", roles=frozenset({Role.COMPLIANCE}))
SYSTEM = Actor(
    kind="client", id="9", label="crm", scopes=frozenset({"compliance:write", "compliance:read"})
)


def people_contract() -> Any:
    """The portfolio's contract with a customer's name and card, which identify."""
    found = portfolio.contract()
    more = tuple(
        ColumnContract(
            name=name, type=ColumnType.TEXT, role=ColumnRole.ID, privacy=Privacy.IDENTITY
        )
        for name in ("customer", "card")
    )
    return msgspec.structs.replace(found, name="people", columns=(*found.columns, *more))


def people_csv(count: int = 300, bad_row: bool = True) -> bytes:
    """Loans of `count` people; the last line is refused and names the customer of row 7 once more."""
    lines = portfolio.as_csv(count).decode().splitlines()
    out = [f"{lines[0]},customer,card"]
    out += [f"{line},CUST-{n:05d},CARD-{n:05d}" for n, line in enumerate(lines[1:])]
    if bad_row:
        out.append("L999999,twelve thousand,x,0.1,south,f,0,0,CUST-00007,CARD-00007")
    return ("\n".join(out) + "\n").encode()


@pytest.fixture
def load_people(bank) -> Callable[[], DatasetLoad]:
    """A load of the dataset `people`, ready."""
    dataset = datasets.create_dataset(name="people", title="People", actor=ANALYST)
    datasets.update_contract(dataset_id=str(dataset.id), body=people_contract(), actor=ANALYST)
    datasets.confirm_contract(dataset_id=str(dataset.id), actor=ANALYST)

    def make() -> DatasetLoad:
        found = datasets.receive_file(
            dataset_id=str(dataset.id),
            file=BytesIO(people_csv()),
            filename="people.csv",
            actor=ANALYST,
        )
        run_now(str(found.job_id))
        found.refresh_from_db()
        assert found.state == "ready", found.error
        return found

    return make
