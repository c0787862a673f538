"""Whatever goes wrong below /api/ is a problem document with the request's id; the id is in answer, log and audit."""

import logging

import pytest
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.test import Client

from audit.models import AuditEntry
from core.api import edge
from core.log_context import BankLogFilter
from core.tenancy import bank_scope
from jobs import selectors

ABSENT = "/api/v1/jobs/019ab000-0000-7000-8000-0000000000ff"


@pytest.fixture
def client(bank_a, api) -> Client:
    found = api(bank_a)
    found.raise_request_exception = False
    return found


def is_problem(answer, status: int, code: str = "") -> dict:
    assert answer.status_code == status, answer.content[:300]
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "code", "detail", "request_id"} <= set(body)
    assert body["status"] == status
    assert body["type"] == f"urn:panorama:problem:{body['code']}"
    assert body["request_id"] == answer["X-Request-ID"]
    if code:
        assert body["code"] == code
    return body


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api/v1/nothing", 404, "not_found"),
        ("get", "/api/v1/jobs/not-a-uuid", 404, "not_found"),
        ("get", ABSENT, 404, "not_found"),
        ("get", "/api/", 404, "not_found"),
        ("delete", "/api/v1/jobs", 405, "method_not_allowed"),
        ("get", "/api/v1/scoring/decisions:batch", 405, "method_not_allowed"),
        ("get", "/api/v1/jobs?state=%zz", 400, "malformed_url"),
        ("get", "/api/v1/jobs?state=%ff", 400, "malformed_url"),
        ("get", "/api/v1/jobs?kind=" + "x" * 9000, 414, "url_too_long"),
        ("get", "/api/v1/../admin/", 404, "not_found"),
        ("get", "/api/v1/%2e%2e/%2e%2e/etc/passwd", 404, "not_found"),
        ("get", "/api/v1/jobs/%00", 404, "not_found"),
        ("get", "/api/v1/\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), 404, "not_found"),
    ],
)  # fmt: skip
def test_what_django_itself_answers(client, method, path, status, code):
    is_problem(getattr(client, method)(path), status, code)


def test_unknown_and_forbidden_hosts(bank_a):
    is_problem(
        Client().get("/api/v1/jobs", headers={"Host": "nobody.localhost"}), 404, "unknown_host"
    )
    for host in ("evil.example", "a b", "alpha.localhost:port"):
        is_problem(Client().get("/api/v1/jobs", headers={"Host": host}), 400, "bad_request")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RuntimeError("secret words"), 500, "internal_error"),
        (OperationalError("secret words"), 503, "unavailable"),
        (RequestDataTooBig("x"), 413, "too_large"),
        (SuspiciousOperation("secret words"), 400, "bad_request"),
        (RecursionError("secret words"), 500, "internal_error"),
    ],
)
def test_what_a_view_raises(client, monkeypatch, error, status, code):
    def broken(job_id: str) -> None:
        raise error

    monkeypatch.setattr(selectors, "get_job", broken)
    answer = client.get(ABSENT)
    is_problem(answer, status, code)
    assert b"secret" not in answer.content
    assert ("Retry-After" in answer) == (status == 503)


def test_accept_asks_for_what_there_is_not(client):
    is_problem(client.get("/api/v1/jobs", headers={"Accept": "text/html"}), 406, "not_acceptable")


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"HTTP_CONTENT_ENCODING": "gzip"}, 415, "content_encoding_refused"),
        ({"HTTP_CONTENT_ENCODING": "br, gzip"}, 415, "content_encoding_refused"),
        ({"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}, 411, "length_required"),
        ({"CONTENT_LENGTH": "1x"}, 400, "bad_length"),
        ({"CONTENT_LENGTH": "-1"}, 400, "bad_length"),
        ({"HTTP_X_A": "x" * 40_000}, 431, "headers_too_large"),
        ({f"HTTP_X_{n}": "x" for n in range(120)}, 431, "headers_too_large"),
    ],
)
@pytest.mark.parametrize("path", ["datasets", "scoring/decisions", "oauth/token"])
def test_at_the_edge(client, path, more, status, code):
    answer = client.post(f"/api/v1/{path}", b"{}", content_type="application/json", **more)
    is_problem(answer, status, code)


def test_a_declared_length_alone_is_enough_to_refuse(client):
    for path in ("datasets", "scoring/decisions"):
        answer = client.post(
            f"/api/v1/{path}", b"{}", content_type="application/json", CONTENT_LENGTH=str(10**12)
        )
        is_problem(answer, 413, "too_large")


def test_a_csrf_failure_on_a_page(bank_a, person):
    browser = Client(HTTP_HOST=bank_a.host, enforce_csrf_checks=True)
    answer = browser.post("/admin/login/", {"username": "a", "password": "b"})
    assert answer.status_code == 403
    assert answer["X-Request-ID"] in answer.content.decode()


@pytest.mark.parametrize("given", ["my-request-0001", "A" * 64])
def test_a_good_request_id_is_kept(client, bank_a, given):
    body = '{"name": "loans", "title": "x"}'
    answer = client.post(
        "/api/v1/datasets", body, content_type="application/json", headers={"X-Request-ID": given}
    )
    assert answer["X-Request-ID"] == given
    with bank_scope(bank_a):
        entry = AuditEntry.objects.filter(action="datasets.dataset.create").first()
        assert entry.request_id == given


@pytest.mark.parametrize(
    "given", ["short", "A" * 65, "has space here", 'quote"d-000', "nul\x00nul-000", "ключ-ключ"]
)
def test_a_bad_request_id_is_replaced(client, given):
    answer = client.get(ABSENT, headers={"X-Request-ID": given})
    assert answer["X-Request-ID"] != given
    assert len(answer["X-Request-ID"]) == 32
    is_problem(answer, 404)


def test_the_log_of_an_error_names_request_and_bank(client, caplog):
    caplog.handler.addFilter(BankLogFilter())
    with caplog.at_level(logging.WARNING, logger="django.request"):
        client.get(ABSENT, headers={"X-Request-ID": "my-request-0002"})
    record = next(r for r in caplog.records if r.name == "django.request")
    assert (record.bank, record.request_id) == ("bank_alpha", "my-request-0002")


def test_oauth_errors_keep_their_own_form(bank_a):
    answer = Client(HTTP_HOST=bank_a.host).post("/api/v1/oauth/token", {"grant_type": "x"})
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["error"] == "unsupported_grant_type"


def test_outside_the_api_nothing_is_touched(bank_a):
    answer = Client(HTTP_HOST=bank_a.host).get("/admin/login/?next=%zz")
    assert answer.status_code == 200
    assert edge.PREFIX == "/api/"
