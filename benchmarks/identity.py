"""Whether an answer is the same bits however it is had: online, from a batch, read back, decided once more.

    python -m benchmarks.identity [--rows 100000]

Starts its own Panorama (servers, web, workers) in a temporary folder. The rows are synthetic: a seeded portfolio whose
truth is known. Both kinds of model decide them over HTTP, 1,000 a call; a batch job scores the same file; the web
process is killed; all answers are read back; a sample is decided once more from what is stored. Compared are score,
the bits of the PD, grade, outcome, reasons in order, and offer. A single row is timed in process.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet as pq

from benchmarks.results_file import Figure, write
from config.story.http import Api
from tests.scoring import portfolio
from tests.stack import Stack, StackBank, wait_for

KINDS = ("scorecard", "boosting")
CALL_ROWS = 1000
PAGE_ROWS = 200
TRAINING_ROWS, TRAINING_SEED, SEED = 20_000, 7, 11
SAMPLE = 2000
GOAL_ROWS = 100_000
GOALS_MICROSECONDS = {"scorecard": 50.0, "boosting": 500.0}
FEATURES = ("income", "tenure", "debt_ratio", "region")
# What a batch's file says of an offer.
OFFER = ("limit_minor", "term_months", "nominal_rate", "apr", "instalment_minor", "currency")


@dataclass
class Measured:
    """A kind of model: its ids, its answers by row number, and how long things took in seconds."""

    kind: str
    model: str = ""
    version: str = ""
    online: dict[int, dict[str, Any]] = field(default_factory=dict)
    batch: dict[int, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def bits(number: float) -> bytes:
    """The eight bytes of a binary64."""
    return struct.pack(">d", number)


def essence(answer: Mapping[str, Any]) -> tuple[Any, ...]:
    """What has to be the same, of an answer over HTTP."""
    offer = answer["offer"]
    return (
        answer["score"],
        bits(answer["pd"]),
        answer["grade"],
        answer["outcome"],
        tuple(reason["code"] for reason in answer["reasons"]),
        tuple(offer[name] for name in OFFER) if offer else None,
    )


def essence_of_row(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The same of a row of a batch's file."""
    reasons = (row[f"reason_{rank}"] for rank in range(1, 5))
    offer = tuple(row[name] for name in OFFER)
    return (
        row["score"],
        bits(row["pd"]),
        row["grade"],
        row["outcome"],
        tuple(code for code in reasons if code is not None),
        None if row["limit_minor"] is None else offer,
    )


def differences(left: Mapping[int, Any], right: Mapping[int, Any]) -> int:
    """Keys that only one has, and those whose values differ."""
    return sum(left.get(key) != right.get(key) for key in left.keys() | right.keys())


def taken_in(api: Api, folder: Path, rows: int) -> tuple[str, str]:
    """Ids of the load to train on and of the load to decide on."""
    body = {"name": "synthetic", "title": "Synthetic portfolio"}
    dataset = api.call("POST", "/api/v1/datasets", body, expect=201)["id"]
    base = f"/api/v1/datasets/{dataset}"
    api.call("PUT", f"{base}/contract", msgspec.to_builtins(portfolio.contract()))
    api.call("POST", f"{base}/contract:confirm", {})
    loads = []
    for name, count, seed in (
        ("training", TRAINING_ROWS, TRAINING_SEED),
        ("applicants", rows, SEED),
    ):
        file = folder / f"{name}.csv"
        file.write_bytes(portfolio.as_csv(count, seed))
        accepted = api.upload(f"{base}/loads", file)
        api.wait_for_job(accepted["job"]["id"])
        loads.append(str(accepted["load"]["id"]))
    return loads[0], loads[1]


def trained(stack: Stack, bank: StackBank, api: Api, load: str, kind: str) -> Measured:
    """A version of a model of its own, approved and deciding."""
    body = {"code": f"synthetic-{kind}", "name": f"Synthetic {kind}"}
    model = api.call("POST", "/api/v1/scoring/models", body, expect=201)["id"]
    run = {"model": model, "load": load, "kind": kind, "seed": 1}
    accepted = api.call("POST", "/api/v1/scoring/model-runs", run, expect=202)
    version = api.wait_for_job(accepted["job"]["id"], seconds=1800)["result"]["version"]
    stack.python("-m", "tests.faults.approve", bank.slug, model, version, login="admin")
    return Measured(kind, model, version)


def inputs_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the file as an origination system would send it."""
    return {name: None if row[name] == "" else row[name] for name in FEATURES}


def decided_online(api: Api, measured: Measured, rows: list[dict[str, Any]]) -> None:
    """Every row over HTTP, 1,000 a call."""
    begun = time.perf_counter()
    for first in range(0, len(rows), CALL_ROWS):
        applications = [
            {
                "application": f"{measured.kind}-{first + place}",
                "model": f"synthetic-{measured.kind}",
                "inputs": inputs_of(row),
            }
            for place, row in enumerate(rows[first : first + CALL_ROWS])
        ]
        answers = api.call(
            "POST",
            "/api/v1/scoring/decisions:batch",
            {"applications": applications},
            headers={"Idempotency-Key": f"{measured.kind}-{first}"},
            expect=201,
        )["decisions"]
        measured.online |= {first + place: answer for place, answer in enumerate(answers)}
    measured.seconds["online"] = time.perf_counter() - begun


def scored_by_batch(api: Api, measured: Measured, load: str) -> None:
    """The same load by a job; its result file."""
    begun = time.perf_counter()
    body = {"load": load, "model": measured.model}
    accepted = api.call("POST", "/api/v1/scoring/batches", body, expect=202)
    api.wait_for_job(accepted["job"]["id"], seconds=1800)
    measured.seconds["batch"] = time.perf_counter() - begun
    place = f"/api/v1/scoring/batches/{accepted['id']}/results.parquet"
    status, content = api.send("GET", place, None, headers={})
    if status != 200:
        raise RuntimeError(f"{place} answered {status}: {content[:300]!r}")
    table = pq.read_table(io.BytesIO(content)).to_pylist()
    measured.batch = {row["row"] - 1: row for row in table}


def stored(api: Api) -> Iterator[dict[str, Any]]:
    """Every decision of the bank, page by page."""
    place: str | None = f"/api/v1/scoring/decisions?page_size={PAGE_ROWS}"
    while place:
        page = api.call("GET", place)
        yield from page["results"]
        place = page["next"] and page["next"][page["next"].index("/api/") :]


def steadily_up(port: int, seconds: float = 3.0) -> bool:
    """Whether connections are taken for a while: a killed server's children hold its socket a moment longer."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return False
        time.sleep(0.1)
    return True


def compared(measured: Measured, found: Mapping[str, dict[str, Any]]) -> list[Figure]:
    """Rows that differ between the ways."""
    online = {row: essence(answer) for row, answer in measured.online.items()}
    batch = {row: essence_of_row(answer) for row, answer in measured.batch.items()}
    read_back = {row: found.get(answer["id"]) for row, answer in measured.online.items()}
    return [
        _count(f"{measured.kind}, online against batch", differences(online, batch)),
        # The whole answer, not only its essence.
        _count(f"{measured.kind}, online against stored", differences(measured.online, read_back)),
    ]


def _count(name: str, number: int) -> Figure:
    return Figure(
        name=f"{name}, rows that differ", value=float(number), unit="rows", baseline=None,
        goal=0.0, higher_is_better=False,
    )  # fmt: skip


def _rate(name: str, rows: int, seconds: float) -> Figure:
    return Figure(
        name=name, value=round(rows / seconds, 1), unit="rows/s", baseline=None, goal=None,
        higher_is_better=True,
    )  # fmt: skip


def in_process(stack: Stack, slug: str, measured: Measured, rows: int) -> list[Figure]:
    """Replays and single-row times, by a process of the stack's own."""
    step = max(1, rows // SAMPLE)
    sample = [measured.online[row]["id"] for row in range(0, rows, step)][:SAMPLE]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as handle:
        json.dump({"slug": slug, "version": measured.version, "decisions": sample}, handle)
        handle.flush()
        said = stack.python("-m", "benchmarks.identity", "--inside", handle.name, login="admin")
    told = json.loads(said.splitlines()[-1])
    kind, goal = measured.kind, GOALS_MICROSECONDS[measured.kind]
    reasons = "one row, four exact reasons" if kind == "boosting" else "one row, four reasons"
    return [
        _count(f"{kind}, stored against replayed ({len(sample)})", told["different"]),
        Figure(
            name=f"{kind}, one row in process", value=told["plain"], unit="us", baseline=None,
            goal=goal, higher_is_better=False,
        ),
        Figure(
            name=f"{kind}, {reasons} in process", value=told["reasons"], unit="us", baseline=None,
            goal=goal, higher_is_better=False,
        ),
    ]  # fmt: skip


def inside(file: Path) -> None:
    """In a process on the stack's database: replay what the file names, time its version; one line of JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    import django

    django.setup()
    from core.actors import system_actor
    from core.tenancy import bank_directory, bank_scope
    from scoring import services
    from scoring.models import Decision
    from scoring.runtime.bundles import Live, bundle_for

    asked = json.loads(file.read_text())
    actor = system_actor("benchmark")
    with bank_scope(bank_directory().by_schema(f"bank_{asked['slug']}")):
        different = 0
        for each in asked["decisions"]:
            replay = services.replay_decision(decision_id=each, actor=actor)
            different += not (replay.identical and replay.engine_same)
        row = Decision.objects.get(pk=asked["decisions"][0])
        scorer = bundle_for(Live(asked["version"], str(row.policy_version_id))).scorer
    values = [inputs_of(each) for each in portfolio.rows(3000, SEED)]
    told = {
        "different": different,
        "plain": median_microseconds(lambda one: scorer.score_one(one), values),
        "reasons": median_microseconds(lambda one: scorer.score_one(one, reasons=4), values),
    }
    print(json.dumps(told))


def median_microseconds(call: Any, values: Iterable[Any]) -> float:
    """Median time of a call over the values, each called once before."""
    rows = list(values)
    for value in rows[:300]:
        call(value)
    taken = []
    for value in rows:
        begun = time.perf_counter()
        call(value)
        taken.append(time.perf_counter() - begun)
    return round(float(np.median(taken) * 1e6), 2)


def run(rows: int, folder: Path) -> list[Figure]:
    """The whole measurement on a Panorama of its own in `folder`."""
    stack = Stack.start(folder / "run")
    try:
        bank = stack.bank("identity")
        api = bank.api()
        training, applicants = taken_in(api, folder, rows)
        people = portfolio.rows(rows, SEED)
        results = [trained(stack, bank, api, training, kind) for kind in KINDS]
        for each in results:
            decided_online(api, each, people)
            scored_by_batch(api, each, applicants)
        # What is read back and replayed comes from processes that have decided nothing.
        stack.wait_for_new("web", stack.kill("web"))
        wait_for(lambda: steadily_up(stack.port), seconds=90, what="the web process to listen")
        found = {answer["id"]: answer for answer in stored(bank.api())}
        figures = [
            Figure(
                name="rows compared, each kind of model", value=float(rows), unit="rows",
                baseline=None, goal=float(GOAL_ROWS), higher_is_better=True,
            )
        ]  # fmt: skip
        for each in results:
            figures += compared(each, found)
            figures += in_process(stack, bank.slug, each, rows)
            figures.append(_rate(f"{each.kind}, online over HTTP", rows, each.seconds["online"]))
            figures.append(_rate(f"{each.kind}, batch job", rows, each.seconds["batch"]))
        return figures
    finally:
        stack.stop()


def main() -> int:
    """Exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=GOAL_ROWS)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        inside(arguments.inside)
        return 0
    base = Path(tempfile.mkdtemp(prefix="panorama-identity-"))
    base.chmod(0o711)
    try:
        figures = run(arguments.rows, base)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    write("identity", figures)
    return 0 if all(figure.reached for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
