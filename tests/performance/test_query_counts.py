"""How often each page and each GET asks the database: the same for 3 rows as for 12, and as committed.

`PANORAMA_WRITE_QUERY_COUNTS=1` writes `query_counts.json` anew; its difference is read like code.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import policies
from core.tenancy import bank_scope
from tests.isolation.bank_operations import OPERATIONS, filled
from tests.isolation.bank_pages import OBJECT_ROUTES, ROUTES, SITE, address, own_ids
from tests.isolation.world import World, worlds_in
from tests.performance.growing import grow

FILE = Path(__file__).with_name("query_counts.json")
WRITE = os.environ.get("PANORAMA_WRITE_QUERY_COUNTS") == "1"
FEW, MANY = 3, 12
# Files: their pieces are read one by one, which is what a stream is.
STREAMS = {
    "GET /api/v1/scoring/batches/{batch_id}/results.{kind}",
    "scoring_batch_results",
    "datasets_quarantine_file",
    "GET /api/v1/datasets/{dataset_id}/loads/{load_id}/quarantine",
}


def addresses(world: World) -> dict[str, str]:
    """Every page that shows something and every GET of the API, by name."""
    ids = own_ids(world)
    pages = {
        route.name: address(route, page, ids.get(page.kind, ""), ids)
        for route, page in OBJECT_ROUTES
        if page.permission and page.method == "get"
    }
    site = {
        route.name: "/" + route.pattern
        for route in ROUTES
        if route.name in SITE and SITE[route.name][1] == 200 and "(" not in route.pattern
    }
    gets = {n: filled(n, o, ids) for n, o in OPERATIONS.items() if n.startswith("GET ")}
    return {n: a for n, a in {**pages, **site, **gets}.items() if n not in STREAMS}


def count(client: Client, place: str, *, warm: bool) -> tuple[int, list[str]]:
    """How many statements a request takes, and which; the second of two when nothing is `warm`."""
    for _ in range(1 if warm else 2):
        with transaction.atomic(), CaptureQueriesContext(connection) as seen:
            answer: Any = client.get(place)
            assert answer.status_code == 200, (place, answer.status_code)
            transaction.set_rollback(True)
    # The bank's keys are kept for some seconds in the process: whether they are asked for is a matter of time.
    # So is noting, once a minute, that a session was seen.
    texts = [q["sql"] for q in seen.captured_queries if "vault_bank_key" not in q["sql"]]
    texts = [text for text in texts if not text.startswith('UPDATE "accounts_signin"')]
    texts = [text for text in texts if not text.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))]
    return len(texts), texts


def counts(world: World, token: str, *, warm: bool) -> dict[str, tuple[int, list[str]]]:
    system = world.system(token)
    browser = world.browser(world.users["everybody"])
    return {
        name: count(system if name.startswith("GET ") else browser, place, warm=warm)
        for name, place in addresses(world).items()
    }


@pytest.fixture(scope="module")
def measured(
    django_db_setup, django_db_blocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Counts by name with few and with many rows."""
    folder = tmp_path_factory.mktemp("world")
    with (
        django_db_blocker.unblock(),
        # Looking a host up again every few seconds is no property of a page.
        patch("tenants.directory.TTL_SECONDS", 3600.0),
        worlds_in(folder, "bank_alpha") as (world,),
    ):
        token = world.token(*policies.scopes())
        with bank_scope(world.bank):
            grow(world, 0, FEW)
        few = counts(world, token, warm=False)
        with bank_scope(world.bank):
            grow(world, FEW, MANY - FEW)
        many = counts(world, token, warm=True)
        if WRITE:
            found = {name: n for name, (n, _) in sorted(few.items())}
            FILE.write_text(json.dumps(found, indent=2) + "\n")
        yield few, many


NAMES = sorted(json.loads(FILE.read_text())) if FILE.exists() else []


def test_every_page_is_counted(measured):
    few, _ = measured
    assert sorted(few) == sorted(json.loads(FILE.read_text()))
    assert len(few) > 60


def test_more_rows_ask_no_more(measured):
    few, many = measured
    grown = {
        name: f"{few[name][0]} for {FEW} rows, {many[name][0]} for {MANY}: "
        + " | ".join(text[:160] for text in many[name][1][-3:])
        for name in few
        if many[name][0] != few[name][0]
    }
    assert not grown, json.dumps(grown, indent=2)


@pytest.mark.parametrize("name", NAMES)
def test_count_is_the_committed_one(measured, name):
    few, _ = measured
    assert name in few, "gone: write the file anew"
    committed = json.loads(FILE.read_text())[name]
    assert few[name][0] == committed, "\n".join(text[:200] for text in few[name][1])
