"""A bank on a running stack with a live scorecard on synthetic rows: for fault tests and benchmarks."""

import io
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from config.story.http import Api
from tests.stack import Stack, StackBank

SMALL_ROWS = 6_000


def synthetic_rows(count: int, seed: int) -> pa.Table:
    """Applicants whose true log-odds of default are linear in three of five numbers, one column partly missing."""
    rng = np.random.default_rng(seed)
    numbers = {
        name: rng.normal(size=count) for name in ("income", "debt", "age", "months", "noise")
    }
    odds = -2.0 + 0.9 * numbers["debt"] - 0.7 * numbers["income"] - 0.3 * numbers["age"]
    bad = rng.random(count) < 1 / (1 + np.exp(-odds))
    missing = rng.random(count) < 0.1
    columns = {name: pa.array(np.round(values, 3)) for name, values in numbers.items()}
    columns["months"] = pa.array(np.round(numbers["months"], 3), mask=missing)
    return pa.table(
        {"row": pa.array(np.arange(1, count + 1)), **columns, "bad": pa.array(bad.astype(np.int64))}
    )


@dataclass
class Bench:
    """A bank with a dataset, a model and a live scorecard."""

    stack: Stack
    bank: StackBank
    dataset_id: str
    load_id: str
    model_id: str
    client: Api

    def api(self) -> Api:
        return self.client

    def load(self, rows: int, folder: Path) -> str:
        """Another load of the dataset; its id when ready."""
        path = folder / f"rows-{rows}.parquet"
        pq.write_table(synthetic_rows(rows, rows), path)
        # A fresh connection: an upload is not sent again when the server closed an idle one.
        accepted = self.bank.api().upload(f"/api/v1/datasets/{self.dataset_id}/loads", path)
        return str(wait_for_load(self.api(), self.dataset_id, accepted["load"]["id"])["id"])

    def start_batch(self, load_id: str) -> tuple[str, str]:
        """Batch id and job id."""
        body = {"load": load_id, "model": self.model_id}
        accepted = self.api().call("POST", "/api/v1/scoring/batches", body, expect=202)
        return accepted["id"], accepted["job"]["id"]

    def results(self, batch_id: str) -> pa.Table:
        """The batch's result file."""
        status, body = self.api().send(
            "GET", f"/api/v1/scoring/batches/{batch_id}/results.parquet", None, headers={}
        )
        assert status == 200, body[:300]
        return pq.read_table(io.BytesIO(body))


def _contract(draft: dict[str, Any]) -> dict[str, Any]:
    roles = {
        "row": {"role": "id"},
        "bad": {"role": "target", "bad_values": [1], "good_values": [], "required": True},
    }
    columns = [{**c, **roles.get(c["name"], {"role": "feature"})} for c in draft["columns"]]
    return {**draft, "columns": columns, "keys": ["row"]}


def wait_for_load(api: Api, dataset_id: str, load_id: str, *, seconds: float = 300) -> Any:
    """The load when it is ready."""
    until = time.monotonic() + seconds
    while True:
        load = api.call("GET", f"/api/v1/datasets/{dataset_id}/loads/{load_id}")
        if load["state"] == "ready":
            return load
        assert load["state"] != "failed", load
        assert time.monotonic() < until, f"load {load_id} was not ready within {seconds:.0f} s"
        time.sleep(0.2)


def furnish(stack: Stack, base: Path, slug: str) -> Bench:
    """A bank with a load, a model and a live scorecard on it."""
    bank = stack.bank(slug)
    api = bank.api()
    dataset = api.call(
        "POST", "/api/v1/datasets", {"name": "synthetic", "title": "Synthetic"}, expect=201
    )["id"]
    path = base / "first.parquet"
    pq.write_table(synthetic_rows(SMALL_ROWS, 1), path)
    accepted = api.upload(f"/api/v1/datasets/{dataset}/loads", path)
    api.wait_for_job(accepted["job"]["id"])
    draft = api.call("GET", f"/api/v1/datasets/{dataset}/contract")
    saved = api.call("PUT", f"/api/v1/datasets/{dataset}/contract", _contract(draft["contract"]))
    api.call("POST", f"/api/v1/datasets/{dataset}/contract:confirm", {"sha256": saved["sha256"]})
    load = wait_for_load(api, dataset, accepted["load"]["id"])["id"]
    model = api.call(
        "POST", "/api/v1/scoring/models", {"code": "synthetic", "name": "Synthetic"}, expect=201
    )["id"]
    run = {"model": model, "load": load, "kind": "scorecard", "seed": 1}
    job = api.wait_for_job(
        api.call("POST", "/api/v1/scoring/model-runs", run, expect=202)["job"]["id"]
    )
    stack.python("-m", "tests.faults.approve", slug, model, job["result"]["version"], login="admin")
    return Bench(stack, bank, dataset, load, model, api)
