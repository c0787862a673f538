"""The page of problem codes is complete: written anew it is the committed one, and what is answered stands on it."""

import ast
import importlib.util
import re
from types import ModuleType

import pytest
from django.test import Client
from rest_framework import exceptions as drf

from core import errors
from core.api import edge
from tests.isolation.routes import ROOT

PAGE = ROOT / "docs" / "api" / "problems.md"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "problem_codes", ROOT / "scripts/problem_codes.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    __import__("sys").modules["problem_codes"] = module
    spec.loader.exec_module(module)
    return module


def listed() -> set[str]:
    return set(re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(), re.M))


def test_the_committed_page_is_the_one_the_source_gives(script):
    assert PAGE.read_text() == script.page(), "run scripts/problem_codes.py docs/api/problems.md"


def test_every_error_type_is_on_it():
    types = [t for m in (errors, edge) for t in vars(m).values() if isinstance(t, type)]
    codes = {t.code for t in types if issubclass(t, errors.ProblemError)}
    assert len(codes) > 15
    assert codes <= listed()


def test_what_the_framework_raises_is_on_it():
    for name in ("ParseError", "AuthenticationFailed", "NotAuthenticated", "PermissionDenied", "NotFound",
                 "MethodNotAllowed", "NotAcceptable", "UnsupportedMediaType", "Throttled"):  # fmt: skip
        assert getattr(drf, name).default_code in listed(), name


def test_a_new_code_would_be_found(script):
    types = script.types_in(list(script.sources()))
    found = script.Found()
    tree = ast.parse('raise Conflict("x", code="brand_new")\nfield_error("/a", "newer", "Words.")')
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            script._call(node, types, found)
    assert found.problems["brand_new"] == {(409, "The state does not allow this")}
    assert found.fields["newer"] == {"Words."}


def test_answers_stand_on_it(bank_a, api):
    client = api(bank_a)
    for path in ("nothing", "jobs?x=1", "jobs?state=x", "jobs?cursor=x", "jobs?state=%zz"):
        body = client.get(f"/api/v1/{path}").json()
        assert body["code"] in listed()
        assert {e["code"] for e in body.get("errors", ())} <= listed()
    body = Client(HTTP_HOST=bank_a.host).get("/api/v1/jobs").json()
    assert body["code"] in listed()
