"""How fast a whole online decision is over HTTP, beside a bare handler and beside MLflow.

    python -m benchmarks.online [--seconds 5] [--rounds 5]

Starts its own Panorama as `make demo` does (servers, web, workers, keeper) and asks it for decisions: bearer token,
bank by host, rights, idempotency, score, policy, four reasons, encrypted inputs, durable sealed row. Compared, in
interleaved rounds on the same machine and the same PostgreSQL:

* a bare granian handler (same workers and threads) that scores with the same scorecard and commits one row;
* `mlflow models serve` with the same trees, scoring alone.

The load comes from wrk at 16 connections, each request with a body and a key of its own; at half load each connection
pauses so that half of the throughput just measured is asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from benchmarks.online_parts import portfolio
from benchmarks.online_parts.generator import CONNECTIONS, Round, Target, ensure_wrk, load
from benchmarks.online_parts.peers import Peer, booster_text, start_bare, start_mlflow
from benchmarks.results_file import Figure, write
from config.story.http import Api
from tests.stack import Stack, StackBank

ROWS, TRAINING_SEED, SEED = 20_000, 3, 5
ASKED = 5_000
# The one bank of this measurement may have all threads of a web process, as where a bank has a process of its own.
AT_ONCE = "64"
SPECS = {
    "scorecard": {"scorecard": {"min_iv": 0.0, "max_features": 30, "max_correlation": 1.0}},
    "boosting": {
        "boosting": {
            "max_rounds": 300, "patience": 5000, "learning_rate": 0.03, "leaves": 31, "max_depth": 16,
        }
    },
}  # fmt: skip
SHARE_OF_BARE, TIMES_MLFLOW, P99_MS = 0.5, 1.5, 25.0


@dataclass
class Measured:
    """The rounds of one target at full load, and at half load where that is asked."""

    target: Target
    full: list[Round] = field(default_factory=list)
    half: list[Round] = field(default_factory=list)

    def rate(self) -> float:
        """Median answers a second."""
        return statistics.median(each.rate for each in self.full)


def trained(stack: Stack, bank: StackBank, api: Api, folder: Path) -> dict[str, Path]:
    """A live model of each kind; its artifact as a file."""
    body = {"name": "thirty", "title": "Thirty fields"}
    base = f"/api/v1/datasets/{api.call('POST', '/api/v1/datasets', body, expect=201)['id']}"
    api.call("PUT", f"{base}/contract", msgspec.to_builtins(portfolio.contract()))
    api.call("POST", f"{base}/contract:confirm", {})
    file = folder / "thirty.csv"
    file.write_bytes(portfolio.as_csv(ROWS, TRAINING_SEED))
    taken = api.upload(f"{base}/loads", file)
    api.wait_for_job(taken["job"]["id"])
    artifacts = {}
    for kind, spec in SPECS.items():
        body = {"code": kind, "name": f"Thirty fields, {kind}"}
        model = api.call("POST", "/api/v1/scoring/models", body, expect=201)["id"]
        run = {"model": model, "load": taken["load"]["id"], "kind": kind, "seed": 1, "spec": spec}
        job = api.call("POST", "/api/v1/scoring/model-runs", run, expect=202)["job"]["id"]
        version = api.wait_for_job(job, seconds=1800)["result"]["version"]
        stack.python("-m", "tests.faults.approve", bank.slug, model, version, login="admin")
        artifacts[kind] = folder / f"{kind}.json"
        place = str(artifacts[kind])
        stack.python("-m", "benchmarks.online", "--artifact", bank.slug, version, place)
    return artifacts


def save_artifact(slug: str, version: str, target: Path) -> None:
    """In a process on the stack's database: a version's artifact into a file."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    import django

    django.setup()
    from core import storage
    from core.tenancy import bank_directory, bank_scope
    from scoring.models import ModelVersion

    with bank_scope(bank_directory().by_schema(f"bank_{slug}")):
        row = ModelVersion.objects.get(pk=version)
        with storage.open_reader(row.artifact_path) as reader:
            target.write_bytes(reader.readall())


def written_rows(folder: Path, names: list[str]) -> tuple[Path, Path]:
    """What is asked, a line each: objects of the fields `names`, and rows of all fields for MLflow."""
    values = portfolio.matrix(ASKED, SEED).tolist()
    places = [portfolio.FIELDS.index(name) for name in names]
    objects, lists = folder / "objects.jsonl", folder / "lists.jsonl"
    objects.write_text(
        "".join(
            json.dumps({name: row[at] for name, at in zip(names, places, strict=True)}) + "\n"
            for row in values
        )
    )
    lists.write_text("".join(json.dumps({"inputs": [row]}) + "\n" for row in values))
    return objects, lists


def targets(
    stack: Stack, bank: StackBank, api: Api, folder: Path, peers: dict[str, Peer]
) -> dict[str, Measured]:
    """Everything that is asked."""
    objects, lists = written_rows(folder, list(portfolio.FIELDS))
    ours = Target(
        name="", url=f"http://127.0.0.1:{stack.port}/api/v1/scoring/decisions", rows=objects,
        headers={"Host": bank.host, "Authorization": f"Bearer {api.token()}"},
    )  # fmt: skip
    listed = [
        *(replace(ours, name=kind, model=kind) for kind in SPECS),
        Target(name="bare", url=peers["bare"].url, rows=objects),
        Target(name="mlflow", url=peers["mlflow"].url, rows=lists, shape="mlflow"),
    ]
    return {target.name: Measured(target) for target in listed}


def measured(asked: dict[str, Measured], *, rounds: int, seconds: int) -> None:
    """Interleaved rounds: what disturbs the machine for a while disturbs all alike."""
    for each in asked.values():
        load(each.target, seconds=max(2, seconds // 2))
    for number in range(rounds):
        for name, each in asked.items():
            each.full.append(load(each.target, seconds=seconds))
            if name in SPECS:
                pause = 1e3 * 2 * CONNECTIONS / each.full[-1].rate - each.full[-1].p50 / 2
                each.half.append(load(each.target, seconds=seconds, pause_ms=max(pause, 0.1)))
        said = {name: f"{each.full[-1].rate:.0f}/s" for name, each in asked.items()}
        late = {name: f"{asked[name].half[-1].p99:.1f} ms" for name in SPECS}
        print(f"round {number + 1}: {said}, p99 at half load {late}", file=sys.stderr)


def figures(asked: dict[str, Measured]) -> list[Figure]:
    """Throughput with its ratio, and the slowest hundredth at half load."""
    out = []
    for kind, peer, least in (
        ("scorecard", "bare", SHARE_OF_BARE),
        ("boosting", "mlflow", TIMES_MLFLOW),
    ):
        ours, theirs = asked[kind], asked[peer]
        ratios = [a.rate / b.rate for a, b in zip(ours.full, theirs.full, strict=True)]
        out += [
            _figure(f"{kind}, whole decisions", ours.rate(), "1/s", baseline=theirs.rate()),
            _figure(
                f"{kind}, against {peer} (median ratio)", statistics.median(ratios), "times",
                goal=least, digits=3,
            ),
            _figure(
                f"{kind}, p99 at half load", statistics.median(r.p99 for r in ours.half), "ms",
                goal=P99_MS, higher=False, digits=2,
            ),
            _figure(
                f"{kind}, asked at half load", statistics.median(r.rate for r in ours.half), "1/s"
            ),
            _figure(
                f"{kind}, p99 at full load", statistics.median(r.p99 for r in ours.full), "ms",
                higher=False, digits=2,
            ),
        ]  # fmt: skip
    return out


def _figure(
    name: str, value: float, unit: str, *, baseline: float | None = None, goal: float | None = None,
    higher: bool = True, digits: int = 1,
) -> Figure:  # fmt: skip
    return Figure(
        name=name, value=round(value, digits), unit=unit,
        baseline=None if baseline is None else round(baseline, digits), goal=goal,
        higher_is_better=higher,
    )  # fmt: skip


def run(folder: Path, *, rounds: int, seconds: int) -> list[Figure]:
    """The whole measurement on a Panorama of its own in `folder`."""
    ensure_wrk()
    stack = Stack.start(
        folder / "run", seconds=600, extra={"PANORAMA_BANK_REQUESTS_AT_ONCE": AT_ONCE}
    )
    peers: dict[str, Peer] = {}
    try:
        bank = stack.bank("online")
        api = bank.api()
        artifacts = trained(stack, bank, api, folder)
        trees, leaves = booster_text(artifacts["boosting"], folder / "trees.txt")
        admin = stack.environment(login="admin")
        peers["bare"] = start_bare(folder, artifacts["scorecard"], admin)
        row = json.dumps({"inputs": portfolio.matrix(1, SEED).tolist()})
        peers["mlflow"] = start_mlflow(folder, folder / "trees.txt", row)
        asked = targets(stack, bank, api, folder, peers)
        measured(asked, rounds=rounds, seconds=seconds)
        shape = [
            _figure("trees", trees, "trees"),
            _figure("most leaves of a tree", leaves, "leaves"),
        ]
        return shape + figures(asked)
    finally:
        for peer in peers.values():
            peer.stop()
        stack.stop()


def main() -> int:
    """Exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of each round")
    parser.add_argument("--artifact", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.artifact:
        slug, version, target = arguments.artifact
        save_artifact(slug, version, Path(target))
        return 0
    base = Path(tempfile.mkdtemp(prefix="panorama-online-"))
    base.chmod(0o711)
    try:
        found = run(base, rounds=arguments.rounds, seconds=arguments.seconds)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    write("online", found)
    return 0 if all(figure.reached for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
