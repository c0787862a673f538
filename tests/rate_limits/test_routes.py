"""Limits on the routes, the hot one too: headers, 429 with its wait, clients and banks apart, fairness."""

import json
from dataclasses import replace

import pytest

from core.rate_limits import charging, forget_leases
from core.rate_limits.store import Lot
from tenants import directory

URL = "/api/v1/datasets"


class Away:
    """No Redis: each lease counts by itself, so a test needs no clock but this process's."""

    def take(self, *args: object, **kwargs: object) -> Lot | None:
        return None


class Shared:
    """Redis as it grants when nothing grows: buckets by key."""

    def __init__(self) -> None:
        self.tokens: dict[str, int] = {}

    def take(self, key, limit, *, wanted, reserve):
        left = self.tokens.get(key, limit.capacity)
        granted = max(0, min(wanted, left - reserve))
        self.tokens[key] = left - granted
        return Lot(granted, left - granted, 0.0 if granted else 2.5)


@pytest.fixture
def limited(monkeypatch):
    """limited(rates): the banks' plans name these rates, and buckets are a plain dictionary."""

    def make(**rates: int) -> Shared:
        shared = Shared()
        forget_leases()
        charging._sources.append(shared)
        real = directory.directory.by_host

        def by_host(host: str):
            limits = {f"rate.{name}": count for name, count in rates.items()}
            return replace(real(host), limits=limits)

        monkeypatch.setattr(directory.directory, "by_host", by_host)
        return shared

    yield make
    forget_leases()


def test_headers_say_what_is_left(bank, api, limited):
    limited(api=600)
    client = api(bank)
    first, second = client.get(URL), client.get(URL)
    assert first["RateLimit-Policy"] == '"client";q=50;w=10, "bank";q=100;w=10'
    assert first["RateLimit"].startswith('"client";r=49;t=')
    assert second["RateLimit"].startswith('"client";r=48;t=')


def test_too_many_are_429_and_say_when(bank, api, limited):
    limited(api=120)
    client = api(bank)
    found = [client.get(URL) for _ in range(30)]
    passed = [a.status_code for a in found].count(200)
    # Its share of ten at once; the other ten of the bank's twenty are kept for the others.
    assert passed == 10
    refused = found[-1]
    assert refused.status_code == 429
    assert refused["Retry-After"] == "3"
    assert refused.json()["code"] == "rate_limited"
    assert refused["RateLimit"].startswith('"client";r=')
    assert "request_id" in refused.json()


def test_the_hot_path_is_limited_too(bank, api, limited):
    limited(api=60)
    client = api(bank)
    body = json.dumps({"application": "A", "inputs": {}})
    found = [
        client.post(
            "/api/v1/scoring/decisions", body, content_type="application/json",
            headers={"Idempotency-Key": f"k{n}"},
        )
        for n in range(12)
    ]  # fmt: skip
    assert [a.status_code for a in found][-1] == 429
    assert 429 not in [a.status_code for a in found][:5]
    assert "RateLimit-Policy" in found[0]
    assert found[-1]["Retry-After"]


def test_who_is_not_known_is_charged_to_nobody(bank, api, limited, client):
    shared = limited(api=60)
    for _ in range(20):
        assert client.get(URL, headers={"Host": bank.host}).status_code == 401
    assert shared.tokens == {}


def test_one_client_that_floods_leaves_the_others_their_share(bank, api, limited):
    limited(api=600)
    loud, quiet = api(bank), api(bank, "datasets:read")
    passed = sum(loud.get(URL).status_code == 200 for _ in range(150))
    # Its own share of 50, then of the bank's 100 down to half: nothing else is there to take.
    assert passed == 50
    assert all(quiet.get(URL).status_code == 200 for _ in range(50))


def test_a_limit_the_plan_names_for_a_client_is_hard(bank, api, limited):
    limited(api=6000, client=60)
    client = api(bank)
    assert sum(client.get(URL).status_code == 200 for _ in range(30)) == 10


def test_banks_do_not_share(bank_a, bank_b, api, limited):
    limited(api=60)
    loud, other = api(bank_a), api(bank_b)
    assert [loud.get(URL).status_code for _ in range(15)][-1] == 429
    assert other.get(URL).status_code == 200


def test_without_redis_the_limit_holds_in_this_process(bank, api, limited):
    limited(api=60)
    charging._sources[:] = [Away()]
    client = api(bank)
    statuses = [client.get(URL).status_code for _ in range(40)]
    assert statuses[:10] == [200] * 10
    assert statuses.count(429) > 15
