"""Cursor pages: every row once while rows arrive, opaque, signed, bound to their list, and gone after a day."""

import base64
from datetime import timedelta

import pytest
from django.test import Client

from core import pagination
from core.clock import now
from core.tenancy import bank_scope
from datasets.models import Dataset

URL = "/api/v1/datasets"


@pytest.fixture
def client(bank, api) -> Client:
    return api(bank)


def fill(count: int, first: int = 0) -> None:
    for n in range(first, first + count):
        Dataset.objects.create(name=f"set-{n:03d}", title=f"Set {n % 3}", created_by="test")


def walk(client: Client, address: str, link: str = "next") -> list[list[str]]:
    """Names, page by page, along a link."""
    pages = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.content
        body = answer.json()
        pages.append([row["name"] for row in body["results"]])
        address = body[link]
    return pages


def flat(pages: list[list[str]]) -> list[str]:
    return [name for page in pages for name in page]


def test_every_row_once_and_back_again(client):
    fill(23)
    pages = walk(client, f"{URL}?page_size=5")
    assert [len(p) for p in pages] == [5, 5, 5, 5, 3]
    assert flat(pages) == [f"set-{n:03d}" for n in reversed(range(23))]
    last = f"{URL}?page_size=5"
    while (found := client.get(last).json())["next"]:
        last = found["next"]
    assert walk(client, last, "previous") == pages[::-1]
    assert client.get(f"{URL}?page_size=5").json()["previous"] is None


@pytest.mark.parametrize("sort", ["-created_at", "created_at", "name", "-name"])
def test_sorted_and_stable_while_rows_arrive(client, sort):
    fill(12)
    first = client.get(f"{URL}?page_size=5&sort={sort}").json()
    fill(4, 100)
    rest = flat(walk(client, first["next"]))
    seen = [row["name"] for row in first["results"]] + rest
    assert len(seen) == len(set(seen))
    old = [name for name in seen if name < "set-100"]
    assert old == sorted(old, reverse=sort.startswith("-"))
    assert len(old) == 12


def test_equal_values_are_told_apart_by_the_key(bank, client, monkeypatch):
    from datasets.api.v1.views import DatasetList

    monkeypatch.setattr(DatasetList, "sort_fields", {"title": "title"})
    fill(10)
    seen = flat(walk(client, f"{URL}?page_size=2&sort=title"))
    assert sorted(seen) == [f"set-{n:03d}" for n in range(10)]
    assert seen != sorted(seen)


def cursor_of(client: Client, query: str = "page_size=2") -> str:
    link = client.get(f"{URL}?{query}").json()["next"]
    return str(link.partition("cursor=")[2].partition("&")[0])


def refused(client: Client, address: str, code: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400, answer.content
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/cursor", code)]


def test_a_cursor_holds_for_its_list_alone(bank_a, bank_b, api):
    here, there = api(bank_a), api(bank_b)
    for bank in (bank_a, bank_b):
        with bank_scope(bank):
            fill(5)
    cursor = cursor_of(here)
    assert here.get(f"{URL}?page_size=3&cursor={cursor}").status_code == 200
    refused(there, f"{URL}?cursor={cursor}", "cursor_invalid")
    refused(here, f"{URL}?cursor={cursor}&name=set", "cursor_invalid")
    refused(here, f"{URL}?cursor={cursor}&sort=created_at", "cursor_invalid")
    refused(here, f"/api/v1/jobs?cursor={cursor}", "cursor_invalid")


def test_an_altered_cursor_is_refused(client):
    fill(5)
    raw = bytearray(base64.urlsafe_b64decode(cursor_of(client) + "=="))
    for place in range(len(raw)):
        altered = bytes([*raw[:place], raw[place] ^ 1, *raw[place + 1 :]])
        text = base64.urlsafe_b64encode(altered).rstrip(b"=").decode()
        refused(client, f"{URL}?cursor={text}", "cursor_invalid")


@pytest.mark.parametrize("text", ["x", "%00", "====", "A" * 4000, "é"])
def test_nonsense_is_no_cursor(client, text):
    refused(client, f"{URL}?cursor={text}", "cursor_invalid")


def test_a_cursor_is_good_for_a_day(client, monkeypatch):
    fill(5)
    cursor = cursor_of(client)
    later = now() + timedelta(seconds=pagination.CURSOR_SECONDS + 1)
    monkeypatch.setattr(pagination, "now", lambda: later)
    refused(client, f"{URL}?cursor={cursor}", "cursor_expired")


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("page_size=0", "page_size", "invalid"),
        ("page_size=201", "page_size", "invalid"),
        ("page_size=-1", "page_size", "invalid"),
        ("page_size=1e2", "page_size", "invalid"),
        ("page_size=٣", "page_size", "invalid"),
        ("page_size=5&page_size=6", "page_size", "repeated"),
        ("sort=title", "sort", "unknown_value"),
        ("state=%F0%9F%98%80", "state", "unknown_value"),
        ("name=%00", "name", "invalid"),
        ("name=" + "x" * 201, "name", "invalid"),
        ("nam=x", "nam", "unknown_parameter"),
        ("format=xml", "format", "unknown_parameter"),
    ],
)
def test_a_parameter_that_is_not_valid_is_named(client, query, name, code):
    answer = client.get(f"{URL}?{query}")
    assert answer.status_code == 400
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(f"/{name}", code)]


def test_an_empty_parameter_is_none(client):
    fill(2)
    assert len(client.get(f"{URL}?state=&name=&page_size=&cursor=").json()["results"]) == 2


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("scoring/live", "at=2026-11-24T10:00:00Z", 200),
        ("scoring/live", "at=2026-11-24T10:00:00", 400),
        ("scoring/live", "at=2026-13-45T10:00:00Z", 400),
        ("scoring/model-versions", "model=019ab000-0000-7000-8000-0000000000ff", 200),
        ("scoring/model-versions", "model=x", 400),
        ("scoring/batches", "state=running", 200),
        ("jobs", "state=runing", 400),
    ],
)
def test_values_have_their_kind(client, path, query, status):
    assert client.get(f"/api/v1/{path}?{query}").status_code == status


def test_also_on_a_route_without_parameters(client):
    body = '{"name": "loans", "title": "x"}'
    answer = client.post(f"{URL}?dry_run=1", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/dry_run"
    assert Dataset.objects.count() == 0
    hot = client.post("/api/v1/scoring/decisions?x=1", "{}", content_type="application/json")
    assert hot.json()["errors"][0]["code"] == "unknown_parameter"
