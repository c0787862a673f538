"""What happens in the story: through REST and, where people act, through the services they click."""

import statistics
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from benchmarks.public_data import describe
from config.story.http import Api, StoryFailed, new_key
from config.story.people import actor_for
from config.story.portfolios import Portfolio, agreed_contract, applicants
from core.tenancy import BankContext, bank_scope
from scoring import selectors
from scoring import services as scoring

NOTE = "Demo: report read, separation and calibration accepted."


@dataclass
class Taken:
    """A portfolio as a bank holds it."""

    portfolio: Portfolio
    dataset_id: str = ""
    load: dict[str, Any] = field(default_factory=dict)
    contract: dict[str, Any] = field(default_factory=dict)
    model_id: str = ""
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    inputs: dict[str, set[str]] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    champion: str = "scorecard"


def take_in(api: Api, portfolio: Portfolio, file: Path) -> Taken:
    """Upload, look at what was inferred, agree on the contract, and load.

    On a bank where the story was told before, or broke off, the dataset is there: the file is its next load.
    """
    taken = Taken(portfolio)
    body = {"name": portfolio.dataset, "title": portfolio.title}
    taken.dataset_id = _found_or_made(api, "/api/v1/datasets", "name", body)
    base = f"/api/v1/datasets/{taken.dataset_id}"
    accepted = api.upload(f"{base}/loads", file)
    load_id = accepted["load"]["id"]
    if _settled(api, base, load_id)["state"] == "needs_contract":
        draft = api.call("GET", f"{base}/contract")
        contract = agreed_contract(portfolio, draft["contract"])
        saved = api.call("PUT", f"{base}/contract", contract, headers={"If-Match": draft["sha256"]})
        api.call("POST", f"{base}/contract:confirm", {"sha256": saved["sha256"]})
    taken.load = wait_for_load(api, taken.dataset_id, load_id)
    taken.contract = api.call("GET", f"{base}/contract")["contract"]
    return taken


def _found_or_made(api: Api, path: str, key: str, body: dict[str, Any]) -> str:
    """Id of the object whose `key` is that of `body`, made when there is none."""
    page = api.call("GET", f"{path}?page_size=200")
    for found in page["results"]:
        if found[key] == body[key]:
            return str(found["id"])
    return str(api.call("POST", path, body, expect=201)["id"])


def _settled(api: Api, base: str, load_id: str, *, seconds: float = 300) -> dict[str, Any]:
    """The load once it waits for a contract or has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        load: dict[str, Any] = api.call("GET", f"{base}/loads/{load_id}")
        if load["state"] in ("needs_contract", "ready", "failed"):
            return load
        time.sleep(0.2)
    raise StoryFailed(f"Load {load_id} did not settle within {seconds:.0f} s.")


def wait_for_load(
    api: Api, dataset_id: str, load_id: str, *, seconds: float = 300
) -> dict[str, Any]:
    """The load when it is ready. Raises `StoryFailed` when it fails."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        load = _settled(api, f"/api/v1/datasets/{dataset_id}", load_id, seconds=seconds)
        if load["state"] == "ready":
            return load
        if load["state"] == "failed":
            raise StoryFailed(f"Load of {load['file_name']}: {load['error_code']} {load['error']}")
        time.sleep(0.2)
    raise StoryFailed(f"Load {load_id} was not ready within {seconds:.0f} s.")


def start_training(api: Api, taken: Taken) -> None:
    """A scorecard and a gradient-boosted model of the same rows, both queued."""
    portfolio = taken.portfolio
    body = {"code": portfolio.dataset, "name": portfolio.title, "product": portfolio.product}
    taken.model_id = _found_or_made(api, "/api/v1/scoring/models", "code", body)
    for kind in ("scorecard", "boosting"):
        run = {"model": taken.model_id, "load": taken.load["id"], "kind": kind, "seed": 42}
        accepted = api.call("POST", "/api/v1/scoring/model-runs", run, expect=202)
        taken.jobs[kind] = accepted["job"]["id"]


def finish_training(api: Api, taken: Taken) -> None:
    """Wait for both and read their reports."""
    for kind, job_id in taken.jobs.items():
        job = api.wait_for_job(job_id)
        version_id = job["result"]["version"]
        taken.versions[kind] = api.call("GET", f"/api/v1/scoring/model-versions/{version_id}")
        report = api.call("GET", f"/api/v1/scoring/model-versions/{version_id}/report")
        taken.inputs[kind] = {entry["name"] for entry in report["inputs"]}


def approve_and_deploy(bank: BankContext, taken: Taken, staff: dict[str, str]) -> None:
    """The analyst submits, the validator approves, the credit officer puts live: model and policy alike."""
    analyst, validator, officer = (
        actor_for(bank, staff[who]) for who in ("analyst", "validator", "officer")
    )
    with bank_scope(bank):
        for version in taken.versions.values():
            scoring.submit_for_review(version_id=version["id"], actor=analyst)
            scoring.approve_version(version_id=version["id"], actor=validator, note=NOTE)
        chosen = taken.versions[taken.champion]["id"]
        policy_id = policy_of(taken.model_id, chosen)
        scoring.submit_policy(version_id=policy_id, actor=analyst)
        scoring.approve_policy(version_id=policy_id, actor=validator, note=NOTE)
        # Both change at one moment; the policy first, since it has reasons also for what the standing champion reads.
        with transaction.atomic():
            scoring.deploy_policy(version_id=policy_id, actor=officer)
            scoring.deploy_version(version_id=chosen, slot="champion", actor=officer)


def policy_of(model_id: str, model_version_id: str) -> str:
    """The policy version drafted from a model version."""
    for row in selectors.policies_table(model_id=model_id):
        if selectors.get_policy(row.id).model_version_id == model_version_id:
            return row.id
    raise StoryFailed(f"No policy was drafted from {model_version_id}.")


@dataclass(frozen=True, slots=True)
class Live:
    """What live decisions looked like."""

    decisions: int
    outcomes: dict[str, int]
    median_ms: float
    p95_ms: float
    example: dict[str, Any]


def decide(api: Api, taken: Taken, file: Path, count: int) -> Live:
    """Ask for `count` decisions, one by one, and look one up again."""
    people = applicants(file, taken.contract, taken.inputs[taken.champion], count)
    times: list[float] = []
    outcomes = dict.fromkeys(("approve", "refer", "decline"), 0)
    last: dict[str, Any] = {}
    for index, inputs in enumerate(people):
        body = {
            "application": f"{taken.portfolio.source}-{index + 1}-{new_key()[:8]}",
            "customer": f"{taken.portfolio.source}-customer-{index + 1}",
            "model": taken.portfolio.dataset,
            "inputs": inputs,
        }
        begun = time.perf_counter()
        answer = api.call(
            "POST",
            "/api/v1/scoring/decisions",
            body,
            headers={"Idempotency-Key": new_key()},
            expect=201,
        )
        times.append(1000 * (time.perf_counter() - begun))
        outcomes[answer["outcome"]] += 1
        if not last or answer["outcome"] == "decline":
            last = answer
    again = api.call("GET", f"/api/v1/scoring/decisions/{last['id']}")
    if again["hashes"] != last["hashes"]:
        raise StoryFailed("A decision read back differs from the one that was answered.")
    return Live(
        decisions=len(times),
        outcomes=outcomes,
        median_ms=statistics.median(times),
        p95_ms=statistics.quantiles(times, n=20)[-1],
        example=last,
    )


def score_batch(api: Api, taken: Taken, load_id: str) -> dict[str, Any]:
    """Score a whole load; the finished job with rows per second."""
    body = {"load": load_id, "model": taken.model_id}
    accepted = api.call("POST", "/api/v1/scoring/batches", body, expect=202)
    job = api.wait_for_job(accepted["job"]["id"], seconds=900)
    return {
        "batch": accepted["id"],
        "rows": job["done"],
        "seconds": _seconds(job),
        "result": job["result"],
    }


def _seconds(job: dict[str, Any]) -> float:
    begun, ended = (datetime.fromisoformat(job[name]) for name in ("started_at", "finished_at"))
    return (ended - begun).total_seconds()


def id_column(portfolio: Portfolio) -> str:
    return describe(portfolio.source).id_column or ""
