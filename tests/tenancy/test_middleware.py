"""What a request is given before any view: its bank, its scope, its clock, its id."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from core.middleware import ScopeMiddleware
from core.tenancy import current_schema


@pytest.fixture
def seen(bank_a, bank_b):
    """seen(host, path) -> (schema, time zone) as the view would find them."""

    def ask(host: str, path: str) -> tuple[str | None, str]:
        found: list[tuple[str | None, str]] = []

        def view(request: HttpRequest) -> HttpResponse:
            found.append((current_schema(), timezone.get_current_timezone_name()))
            return HttpResponse()

        ScopeMiddleware(view)(RequestFactory(headers={"host": host}).get(path))
        return found[0]

    return ask


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("alpha.localhost", "/admin/", ("bank_alpha", "Asia/Shanghai")),
        ("beta.localhost:8000", "/admin/jobs/job/", ("bank_beta", "Europe/Berlin")),
        ("alpha.localhost", "/api/v1/jobs", ("bank_alpha", "UTC")),
        ("ops.localhost", "/admin/", ("public", "UTC")),
    ],
)
def test_bank_scope_and_clock_follow_the_host(seen, host, path, expected):
    assert seen(host, path) == expected
    assert (current_schema(), timezone.get_current_timezone_name()) == (None, "UTC")


def test_request_id_is_taken_when_it_is_one_and_made_when_it_is_not(bank_a):
    middleware = ScopeMiddleware(lambda request: HttpResponse())
    for given, kept in [
        ("order-12345", True),
        ("short", False),
        ("x" * 65, False),
        ("a\nb-123456", False),
    ]:
        request = RequestFactory(headers={"host": bank_a.host}).get("/")
        request.META["HTTP_X_REQUEST_ID"] = given
        assert (middleware(request)["X-Request-ID"] == given) is kept
