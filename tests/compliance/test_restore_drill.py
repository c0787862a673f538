"""Promise 13 as a drill: dump the database, copy the storage, erase, restore both, reapply: nothing is readable."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections

from compliance import services
from core import storage
from core.errors import Gone
from core.storage.publishing import storage as files
from core.tenancy import bank_scope
from core.vault import vault
from datasets import services as datasets
from embedded.postgres_clients import client_programs
from embedded.postgres_server import SUPERUSER, postgres_server
from embedded.run_folder import default_run_folder
from scoring import services as scoring
from scoring.models import Application, Decision
from tests import databases
from tests.compliance.conftest import FIRST, SECOND
from tests.conftest import _point_to
from tests.scoring import portfolio
from tests.scoring.conftest import ANALYST, run_now

PERSON = "CUST-00007"


@pytest.fixture
def bank(admin_login, bank_a) -> Iterator[object]:
    """A private database that really commits."""
    with bank_scope(bank_a):
        yield bank_a


def dump(folder: Path) -> Path:
    """The whole database, as a backup takes it."""
    name = str(connections["default"].settings_dict["NAME"])
    target = folder / "backup.dump"
    url = databases.with_name(postgres_server(default_run_folder()).url(SUPERUSER), name)
    program = client_programs("pg_dump")[0]
    subprocess.run(
        [str(program), "-Fc", "--no-sync", f"--file={target}", url], check=True, capture_output=True
    )
    return target


@pytest.fixture
def restored(admin_login, superuser_connection):
    """restored(dump) -> the name of a new database with it in; dropped afterwards."""
    made: list[str] = []

    def make(backup: Path) -> str:
        name = f"{admin_login}_restored"
        with databases.admin() as connection:
            databases._sql(connection, "DROP DATABASE IF EXISTS {name} WITH (FORCE)", name=name)
            databases._sql(connection, "CREATE DATABASE {name}", name=name)
        made.append(name)
        url = databases.with_name(postgres_server(default_run_folder()).url(SUPERUSER), name)
        program = client_programs("pg_restore")[0]
        subprocess.run(
            [str(program), f"--dbname={url}", str(backup)], check=True, capture_output=True
        )
        return name

    yield make
    connections["default"].close()
    _point_to(admin_login, login="admin")
    for name in made:
        databases.drop(name)


def readable(bank) -> list[str]:
    """Everything in which the person can still be read."""
    found = []
    with bank_scope(bank):
        for row in Decision.objects.select_related("application"):
            inputs = scoring.reveal_inputs(decision_id=str(row.pk), actor=ANALYST)
            if inputs.customer == PERSON:
                found.append(f"decision {row.pk}")
        for row in Application.objects.all():
            for column in (row.reference, row.customer):
                if PERSON.encode() in bytes(column):
                    found.append(f"application {row.pk}")
        root = Path(files().location) / bank.schema
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            try:
                content = storage.open_reader(str(path.relative_to(root))).read()
            except storage.FileShredded:
                continue
            index = vault().blind_index("datasets.identity:customer", PERSON)
            if PERSON.encode() in content or index in content:
                found.append(str(path.relative_to(root)))
    return found


def test_an_old_backup_tells_nothing_of_who_was_erased_since(
    bank, live, decide, load_people, restored, tmp_path, settings
):
    load = load_people()
    erased = decide(portfolio.POOR, application="A-7", customer=PERSON)
    other = decide(portfolio.POOR, key="k2", application="A-8", customer="CUST-00008")
    export = datasets.export_quarantine(load_id=str(load.id), format="csv", actor=ANALYST)
    export.stream.close()
    backup = dump(tmp_path)
    here = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
    copy = tmp_path / "storage-backup"
    shutil.copytree(here, copy)

    row = services.request_erasure(
        customer=PERSON, confirm=PERSON, reason="Article 17.", actor=FIRST
    )
    row = services.approve_erasure(erasure_id=str(row.pk), actor=SECOND)
    run_now(str(row.job_id))
    assert readable(bank) == []

    name = restored(backup)
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(copy)},
        },
    }
    _point_to(name, login="admin")
    before = readable(bank)
    assert f"decision {erased.id}" in before
    assert len([f for f in before if f.startswith("datasets/")]) == 2, "raw file and rows"
    call_command("reapply_erasures", all=True)
    assert readable(bank) == []
    with bank_scope(bank):
        with pytest.raises(Gone):
            scoring.replay_decision(decision_id=erased.id, actor=ANALYST)
        assert scoring.replay_decision(decision_id=other.id, actor=ANALYST).identical
