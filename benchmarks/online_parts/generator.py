"""The load generator: wrk, with unique bodies and keys, on this machine."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 16


class LoadFailed(RuntimeError):
    """The generator is absent, or what it asked was refused."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked. `rows` is a file of one JSON value a line; see `load.lua` for `shape`."""

    name: str
    url: str
    rows: Path
    shape: str = "decision"
    model: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Round:
    """One round: answers a second, and their time in milliseconds."""

    rate: float
    p50: float
    p99: float
    most: float


def ensure_wrk() -> str:
    """The generator's path; installed from Debian's packages when absent and root. Raises `LoadFailed`."""
    if shutil.which("wrk") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "wrk"]):
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    found = shutil.which("wrk")
    if found is None:
        raise LoadFailed("wrk is needed: apt-get install wrk")
    return found


def load(target: Target, *, seconds: int, pause_ms: float = 0.0) -> Round:
    """One round at 16 connections. Each waits `pause_ms` on average (exponential) between two requests.

    Raises `LoadFailed` when any answer was not a success: a refused request is quick and would flatter.
    """
    headers = {"Content-Type": "application/json", **target.headers}
    command = [
        ensure_wrk(), "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "--timeout", "10s",
        "-s", str(SCRIPT), *(part for item in headers.items() for part in ("-H", ": ".join(item))),
        target.url, "--", str(target.rows), target.model, secrets.token_hex(4), target.shape,
        str(pause_ms),
    ]  # fmt: skip
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in said.stdout.splitlines() if line.startswith("{")]
    if said.returncode or not lines:
        raise LoadFailed(f"{target.name}: {said.stdout}{said.stderr}")
    told = json.loads(lines[-1])
    if told["refused"] or told["broken"] or not told["requests"]:
        raise LoadFailed(f"{target.name}: {told}")
    rate = told["requests"] / (told["microseconds"] / 1e6)
    return Round(rate, told["p50"] / 1e3, told["p99"] / 1e3, told["most"] / 1e3)
