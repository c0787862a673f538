"""The main job over hosts that share nothing but URLs, and what happens when a cable is pulled."""

import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.story.http import Api
from tests.hosts.network import Host, Network
from tests.hosts.site import Site
from tests.stack import wait_for
from tests.stack_portfolio import SMALL_ROWS, Bench, furnish

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("hosts")]
PART_OF_A_CHECK = 60.0


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    base = Path(tempfile.mkdtemp(prefix="panorama-hosts-"))
    base.chmod(0o711)
    network = Network(f"pn{os.getpid() % 100_000}", f"10.213.{os.getpid() % 250}")
    running = None
    try:
        network.open()
        running = Site.build(base, network)
        running.start()
        yield running
    finally:
        if running is not None:
            running.stop()
        network.close()
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="module")
def bench(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Onboarded, uploaded, checked, trained, approved and live."""
    return furnish(site, tmp_path_factory.mktemp("bench"), "river")  # type: ignore[arg-type]


def _decide(api: Api) -> tuple[int, dict[str, Any]]:
    reference = secrets.token_hex(6)
    inputs = {"income": 0.1, "debt": -0.4, "age": 0.2, "months": 1.0, "noise": 0.0}
    body = {"application": reference, "customer": f"C-{reference}", "inputs": inputs}
    headers = {"Content-Type": "application/json", "Idempotency-Key": reference}
    status, answer = api.send(
        "POST", "/api/v1/scoring/decisions", json.dumps(body).encode(), headers=headers
    )
    return status, json.loads(answer)


def _decides(bench: Bench) -> bool:
    return _decide(bench.bank.api())[0] == 201


def test_upload_quality_batch_and_download_share_only_urls(site: Site, bench: Bench) -> None:
    batch, job = bench.start_batch(bench.load_id)
    bench.api().wait_for_job(job)
    assert sorted(bench.results(batch).column("row").to_pylist()) == list(range(1, SMALL_ROWS + 1))
    for host in (site.web, site.work):
        stored = site.run_dir(host) / "storage"
        assert not stored.exists() or not any(stored.rglob("*"))


def test_a_decision_is_answered_over_the_network(bench: Bench) -> None:
    status, body = _decide(bench.bank.api())
    assert status == 201, body


def test_without_its_database_web_answers_typed_and_comes_back(site: Site, bench: Bench) -> None:
    api = bench.bank.api()
    assert _decide(api)[0] == 201
    with Cut(site.data):
        status, body = _decide(api)
        assert (status, body["code"]) == (503, "unavailable")
        assert site.ask("/healthz") == 200
    wait_for(lambda: _decides(bench), seconds=PART_OF_A_CHECK, what="decisions again")


def test_without_the_file_store_uploads_are_refused_typed_and_decisions_go_on(
    site: Site, bench: Bench, tmp_path: Path
) -> None:
    path = f"/api/v1/datasets/{bench.dataset_id}/loads?filename=x.csv"
    with Cut(site.files):
        status, body = bench.bank.api().send("POST", path, b"row,bad\n1,0\n", headers=_OCTETS)
        assert (status, json.loads(body)["code"]) == (503, "storage_unavailable")
        assert _decides(bench)
    bench.load(50, tmp_path)


def test_workers_cut_off_finish_their_batch_when_the_link_is_back(site: Site, bench: Bench) -> None:
    with Cut(site.work):
        batch, job = bench.start_batch(bench.load_id)
        assert _decides(bench)
        # Long enough for the workers to have given up their connections.
        time.sleep(15)
        assert not bench.bank.api().call("GET", f"/api/v1/jobs/{job}")["finished"]
    bench.bank.api().wait_for_job(job, seconds=240)
    assert len(bench.results(batch)) == SMALL_ROWS


def test_the_audit_trail_verifies_from_the_workers_host(site: Site, bench: Bench) -> None:
    assert "bank_river" in site.python("manage.py", "verify_audit", "--all")


_OCTETS = {"Content-Type": "application/octet-stream"}


class Cut:
    """The host's link is down inside the `with`."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def __enter__(self) -> None:
        self._host.cut()

    def __exit__(self, *problem: object) -> None:
        self._host.mend()
