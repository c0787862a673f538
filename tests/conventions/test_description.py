"""The committed documents say what every route shares, and the page that shows them asks nobody outside."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from accounts import policies
from core.api.openapi import PROBLEM_STATUSES
from tests.isolation.routes import ROOT

METHODS = ("get", "post", "put", "patch", "delete")


def document(side: str) -> dict[str, Any]:
    return json.loads((ROOT / "docs" / "api" / f"openapi-{side}.json").read_text())


def every_operation(side: str) -> list[tuple[str, str, dict[str, Any]]]:
    paths = document(side)["paths"]
    return [(m, p, o) for p, ms in paths.items() for m, o in ms.items() if m in METHODS]


@pytest.mark.parametrize("side", ["bank", "ops"])
def test_each_operation_says_how_it_fails_and_who_may(side):
    for method, path, operation in every_operation(side):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["tags"], where
        problems = [s for s in operation["responses"] if int(s) >= 400]
        if "/oauth/" in path:
            assert operation["security"] == []
            continue
        assert {"400", "401", "403", "429", "503"} <= set(problems), where
        for status in problems:
            found = operation["responses"][status]
            assert found == {"$ref": f"#/components/responses/Problem{status}"}, where
        (requirement,) = operation["security"]
        assert len(requirement["oauth2"]) == 1, where
        assert requirement["oauth2"][0] in policies.scopes(), where
        refs = [p.get("$ref", p.get("name", "")) for p in operation["parameters"]]
        assert "#/components/parameters/RequestId" in refs, where
        if method != "get":
            keys = [r for r in refs if "dempotency" in r]
            assert len(keys) == 1, where
            assert {"409", "422"} <= set(problems), where
        good = [r for s, r in operation["responses"].items() if int(s) < 300]
        assert all({"X-Request-ID", "RateLimit"} <= set(r["headers"]) for r in good), where


@pytest.mark.parametrize("side", ["bank", "ops"])
def test_every_reference_leads_somewhere(side):
    found = document(side)
    text = json.dumps(found)
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', text)):
        node: Any = found
        for step in reference.split("/"):
            node = node[step]
        assert node
    assert found["openapi"].startswith("3.1")
    assert {t["name"] for t in found["tags"]} == {
        tag for _, _, o in every_operation(side) for tag in o["tags"]
    }
    problems = found["components"]["responses"]
    assert set(problems) == {f"Problem{status}" for status in PROBLEM_STATUSES}
    scopes = found["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"][
        "scopes"
    ]
    assert scopes == dict(sorted(policies.scopes().items()))


def test_lists_describe_pages_and_orders():
    get = document("bank")["paths"]["/api/v1/datasets"]["get"]
    named = {p["name"]: p["schema"] for p in get["parameters"] if "name" in p}
    assert set(named) == {"name", "state", "page_size", "sort", "cursor"}
    assert named["sort"]["enum"] == ["-created_at", "created_at", "-name", "name"]
    assert named["page_size"] == {"type": "integer", "minimum": 1, "maximum": 200}


@pytest.mark.parametrize("host", ["alpha.localhost", "ops.localhost"])
def test_the_page_asks_nobody_outside(db, host):
    page = Client(HTTP_HOST=host).get("/api/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    wanted = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(wanted) >= 3
    assert all(address.startswith("/") and not address.startswith("//") for address in wanted)
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text
    policy = page["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    for address in wanted:
        answer = Client(HTTP_HOST=host).get(address)
        assert answer.status_code == 200, address
    shown = Client(HTTP_HOST=host).get("/api/openapi.json")
    assert shown.status_code == 200
    side = "ops" if host.startswith("ops") else "bank"
    assert shown.json() == document(side)
