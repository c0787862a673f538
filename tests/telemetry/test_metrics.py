"""Figures for Prometheus: counted by bank and route, shown to whoever has the token, on the operators' host alone."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from core.telemetry.metrics import Gauge, register_gauge, requests_total

TOKEN = {"authorization": f"Bearer {settings.METRICS_TOKEN}"}


def ops() -> Client:
    return Client(HTTP_HOST="ops.localhost")


@pytest.fixture
def figures(db):
    def look() -> dict[tuple[str, str], float]:
        answer = ops().get("/metrics", headers=TOKEN)
        assert answer.status_code == 200
        return {
            (sample.name, json.dumps(sample.labels, sort_keys=True)): sample.value
            for family in text_string_to_metric_families(answer.content.decode())
            for sample in family.samples
        }

    return look


def counted_here(bank: str, area: str, status: str) -> float:
    """What this process alone has counted: others of the suite count into the same folder meanwhile."""
    return float(requests_total.labels(bank, area, status)._value.get())


def test_calls_are_counted_by_bank_area_and_outcome(figures, api, bank_a):
    keys = [("bank_alpha", "api", "2xx"), ("bank_alpha", "api", "4xx"), ("bank_alpha", "-", "4xx")]
    before = [counted_here(*key) for key in keys]
    client = api(bank_a, "jobs:read")
    client.get("/api/v1/jobs")
    client.get("/api/v1/jobs/00000000-0000-0000-0000-000000000000")
    client.get("/no/such/page/li.wei@person.example")
    after = [counted_here(*key) for key in keys]
    # The token and the list; the job; the page.
    assert [b - a for a, b in zip(before, after, strict=True)] == [2, 1, 1]
    shown = figures()
    for bank, area, status in keys:
        labels = json.dumps({"area": area, "bank": bank, "status": status}, sort_keys=True)
        assert shown[("panorama_requests_total", labels)] >= counted_here(bank, area, status)
    assert not any("person.example" in labels for _, labels in shown)
    routes = {
        json.loads(labels).get("route")
        for name, labels in shown
        if name == "panorama_request_seconds_count"
    }
    assert {"api/v1/jobs", "-"} <= routes


@pytest.mark.parametrize(
    "given", [None, "", "Bearer ", "Bearer wrong", settings.METRICS_TOKEN, "Bearer é"]
)
def test_without_the_token_there_is_nothing(db, given):
    headers = {} if given is None else {"authorization": given}
    answer = ops().get("/metrics", headers=headers)
    assert answer.status_code == 401
    assert b"panorama_" not in answer.content


def test_a_banks_host_has_no_such_page(bank_a):
    assert Client(HTTP_HOST=bank_a.host).get("/metrics", headers=TOKEN).status_code == 404


def test_a_gauge_is_read_when_it_is_asked_for(figures, monkeypatch):
    monkeypatch.setattr("core.telemetry.metrics._gauges", {})
    register_gauge(Gauge("panorama_test_level", "A level.", ("place",), lambda: [(["here"], 7.0)]))
    assert figures()[("panorama_test_level", '{"place": "here"}')] == 7.0


def test_processes_add_up(figures):
    """Two processes that count into the same folder are one figure."""
    code = (
        "import django; django.setup();"
        "from core.telemetry.metrics import jobs_total; jobs_total.labels('bank_two', 'k', 's').inc(2)"
    )
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", code], check=True,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        )  # fmt: skip
    labels = json.dumps({"bank": "bank_two", "kind": "k", "state": "s"}, sort_keys=True)
    assert figures()[("panorama_jobs_total", labels)] >= 4
