"""Draws the changes, hands them to the workers, prints the scores and what survived."""

import argparse
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.results_file import Figure, write
from ml.intervals import wilson
from scripts.mutants.areas import AREAS, Area
from scripts.mutants.coverage_map import CoverageMap, measure
from scripts.mutants.places import Mutation, sample

ROOT = Path(__file__).resolve().parents[2]
GOAL = 0.80
FOUND = ("killed", "timeout")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one change."""

    mutation: Mutation
    outcome: str
    changed: tuple[str, str]


def main() -> int:
    """Exit status 1 when an area's score is under the goal."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--area", action="append", choices=[area.name for area in AREAS])
    parser.add_argument("--sample", type=int, default=100, help="changes for each area")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    folder = ROOT / ".run" / "mutants"
    folder.mkdir(parents=True, exist_ok=True)
    copies = [_copy(folder / f"copy-{n}") for n in range(given.workers)]
    figures = []
    for area in AREAS:
        if given.area and area.name not in given.area:
            continue
        covered = measure(ROOT, area, folder)
        chosen = sample(ROOT, area.files(ROOT), size=given.sample, seed=given.seed)
        results = _try_all(chosen, covered, copies)
        _report(area, results, folder)
        figures.append(_figure(area, results))
    if not given.area:
        write("mutants", figures)
    for copy in copies:
        subprocess.run(
            [sys.executable, "-m", "embedded", "stop"],
            cwd=copy,
            env=_environment(copy),
            check=False,
        )
    return 0 if all(figure.reached for figure in figures) else 1


def _copy(target: Path) -> Path:
    """The committed and the changed files of the checkout, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for part in (
        "platform",
        "tenants",
        "scoring",
        "marketing",
        "acquisition",
        "tests",
        "benchmarks",
        "scripts",
    ):
        shutil.rmtree(target / part, ignore_errors=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def _environment(copy: Path) -> dict[str, str]:
    inherited = {
        k: v for k, v in os.environ.items()
        if not k.startswith("PANORAMA_") and k not in ("DATABASE_URL", "DATABASE_ADMIN_URL", "BROKER_URL", "CACHE_URL")
    }  # fmt: skip
    return {**inherited, "PYTHONPATH": f"{copy}:{copy}/platform", "OMP_NUM_THREADS": "1"}


def _try_all(
    chosen: Sequence[Mutation], covered: CoverageMap, copies: Sequence[Path]
) -> list[Result]:
    waiting: queue.SimpleQueue[Mutation] = queue.SimpleQueue()
    for mutation in chosen:
        waiting.put(mutation)
    results: list[Result] = []
    threads = [
        threading.Thread(target=_serve, args=(copy, waiting, covered, results, len(chosen)))
        for copy in copies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(results) != len(chosen):
        raise RuntimeError(
            f"{len(chosen) - len(results)} changes were never tried: a worker ended early."
        )
    return results


def _serve(
    copy: Path,
    waiting: "queue.SimpleQueue[Mutation]",
    covered: CoverageMap,
    results: list[Result],
    total: int,
) -> None:
    command = [
        sys.executable,
        "-m",
        "embedded",
        "exec",
        "--",
        sys.executable,
        "-m",
        "scripts.mutants.worker",
    ]
    with (copy / "worker.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=copy, env=_environment(copy), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
        assert process.stdin
        assert process.stdout
        while True:
            try:
                mutation = waiting.get_nowait()
            except queue.Empty:
                break
            order: dict[str, Any] = {
                **mutation.as_dict(),
                "tests": covered.tests_for(mutation.path, mutation.line),
                "timeout": 60 + 3 * covered.seconds,
            }
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            if not answer:
                break
            found = json.loads(answer)
            changed = tuple(found.get("changed", ("", "")))
            results.append(Result(mutation, found["outcome"], changed))  # type: ignore[arg-type]
            print(f"{len(results)}/{total} {found['outcome']:<9} {found['seconds']:6.1f} s "
                  f"{mutation.path}:{mutation.line}", flush=True)  # fmt: skip
        process.stdin.close()
        process.wait()


def _counted(results: Sequence[Result]) -> tuple[int, int]:
    tried = [result for result in results if result.outcome != "none"]
    return sum(result.outcome in FOUND for result in tried), len(tried)


def _report(area: Area, results: Sequence[Result], folder: Path) -> None:
    found, tried = _counted(results)
    share = wilson(found, tried)
    print(
        f"{area.name}: {found} of {tried} found, {found / tried:.3f} [{share.low:.3f}, {share.high:.3f}]"
    )
    survivors = [r for r in results if r.outcome not in (*FOUND, "none")]
    text = "\n".join(
        f"{r.mutation.path}:{r.mutation.line} {r.mutation.operator} ({r.outcome})\n"
        f"  - {r.changed[0]}\n  + {r.changed[1]}"
        for r in sorted(survivors, key=lambda r: (r.mutation.path, r.mutation.line))
    )
    (folder / f"survivors-{area.name}.txt").write_text(text + "\n")


def _figure(area: Area, results: Sequence[Result]) -> Figure:
    found, tried = _counted(results)
    return Figure(
        name=f"{area.name}, {tried} changes", value=found / tried, unit="of changes found",
        baseline=None, goal=GOAL, higher_is_better=True,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
