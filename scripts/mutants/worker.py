"""One process with a checkout and servers of its own: makes a change, runs the tests, takes the change back.

Reads one JSON object a line and answers with one; ends at the end of its input.
"""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from cosmic_ray import plugins
from cosmic_ray.mutating import mutate_code

# The files' times must differ from one change to the next, or Python and numba take the code they compiled before.
_TIMES = itertools.count(int(time.time()) + 100_000, 10)


def run(order: dict[str, Any]) -> dict[str, Any]:
    """`outcome` is killed, timeout, survived or none (the operator changed nothing)."""
    path = Path(order["path"])
    before = path.read_text()
    after = mutate_code(before, plugins.get_operator(order["operator"])(), order["occurrence"])
    if after is None or after == before:
        return {"outcome": "none", "seconds": 0.0}
    began = time.monotonic()
    try:
        _write(path, after)
        outcome = _test(order["tests"], order["timeout"])
    finally:
        _write(path, before)
    return {
        "outcome": outcome,
        "seconds": time.monotonic() - began,
        "changed": _changed(before, after),
    }


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    moment = next(_TIMES)
    os.utime(path, (moment, moment))


def _test(tests: list[str], timeout: float) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        status = process.wait(timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return "timeout"
    # 4 and 5 mean that pytest found nothing to run: then nothing was tried, and that is no kill.
    if status in (4, 5):
        return "untested"
    return "survived" if status == 0 else "killed"


def _changed(before: str, after: str) -> list[str]:
    pairs = itertools.zip_longest(before.splitlines(), after.splitlines(), fillvalue="")
    return next(([a.strip(), b.strip()] for a, b in pairs if a != b), ["", ""])


def main() -> None:
    """Serves until the input ends."""
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
