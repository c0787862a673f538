"""The short cut answers like the long way: same routes, same headers, same refusals."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import resolve

from config import urls_bank
from core.short_cut import short_cuts
from tenants.directory import directory

pytestmark = pytest.mark.django_db
# What the long way adds for pages in several languages; no call of a system asks for it.
OF_PAGES = {"Vary", "Content-Language"}


@pytest.mark.parametrize("cut", short_cuts(), ids=lambda cut: cut.path)
def test_every_short_cut_is_a_route(cut):
    found = resolve(cut.path, urlconf=urls_bank)
    assert hasattr(found.func, "cls")
    assert hasattr(found.func.cls, cut.method.lower())


@pytest.mark.parametrize("cut", short_cuts(), ids=lambda cut: cut.path)
def test_both_ways_say_the_same(cut, bank_a, api, settings):
    def ask(headers):
        return api(bank_a).post(cut.path, b"{}", content_type="application/json", headers=headers)

    both = settings.MIDDLEWARE
    same = {"X-Request-ID": "same-request-1"}
    for headers in (same, {**same, "Authorization": ""}):
        settings.MIDDLEWARE = both
        short = ask(headers)
        settings.MIDDLEWARE = [name for name in both if "ShortCut" not in name]
        long = ask(headers)
        assert (short.status_code, short.content) == (long.status_code, long.content)
        kept = {k: v for k, v in long.headers.items() if k not in OF_PAGES | {"RateLimit"}}
        assert {k: v for k, v in short.headers.items() if k != "RateLimit"} == kept


@pytest.mark.parametrize("cut", short_cuts(), ids=lambda cut: cut.path)
def test_hosts_methods_and_modules(cut, bank_a, api, monkeypatch):
    body = {"data": b"{}", "content_type": "application/json"}
    assert Client(headers={"host": "nobody.localhost"}).post(cut.path, **body).status_code == 404
    assert Client(headers={"host": "ops.localhost"}).post(cut.path, **body).status_code == 404
    client = api(bank_a)
    assert client.delete(cut.path).status_code == 405
    off = replace(bank_a, modules=frozenset())
    monkeypatch.setattr(directory, "by_host", lambda host: off)
    refused = client.post(cut.path, **body)
    assert (refused.status_code, refused.json()["code"]) == (403, "module_off")
    suspended = replace(bank_a, state="suspended")
    monkeypatch.setattr(directory, "by_host", lambda host: suspended)
    assert client.post(cut.path, **body).json()["code"] == "bank_suspended"
