"""The servers compared with: a bare granian handler, and MLflow in an environment of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psycopg

from config.processes import ONE_THREAD
from tests.stack import ROOT, free_port

MLFLOW, WORKERS = "3.17.0", "2"
START_SECONDS = 120.0
# What the bare handler keeps.
TABLE = """
CREATE TABLE public.bare_decision (
    id uuid PRIMARY KEY, application text NOT NULL, inputs jsonb NOT NULL, score integer NOT NULL,
    pd double precision NOT NULL, decided_at timestamptz NOT NULL DEFAULT now()
)
"""
_SAVE = """
import sys, lightgbm, mlflow.lightgbm
booster = lightgbm.Booster(model_file=sys.argv[1])
mlflow.lightgbm.save_model(booster, sys.argv[2])
"""


class PeerFailed(RuntimeError):
    """A server to compare with could not be installed or did not start."""


@dataclass
class Peer:
    """A running server; `stop` ends it with whatever it started."""

    url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def start_bare(folder: Path, artifact: Path, environment: Mapping[str, str]) -> Peer:
    """The bare handler on the stack's PostgreSQL; `environment` is the stack's for the admin login."""
    with psycopg.connect(environment["DATABASE_ADMIN_URL"]) as connection:
        connection.execute(TABLE)
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi",
        "benchmarks.online_parts.bare:application", "--workers", WORKERS, "--blocking-threads", "4",
        "--host", "127.0.0.1", "--port", str(port), "--workers-kill-timeout", "5",
    ]  # fmt: skip
    own = {
        **environment,
        **ONE_THREAD,
        "BARE_ARTIFACT": str(artifact),
        "BARE_DATABASE": environment["DATABASE_ADMIN_URL"],
    }
    return _started(command, own, folder / "bare.log", f"http://127.0.0.1:{port}/", b"{}")


def start_mlflow(folder: Path, trees: Path, row: str) -> Peer:
    """MLflow serving the same trees, installed into `folder`; raises `PeerFailed` when it cannot be."""
    python = folder / "mlflow" / "bin" / "python"
    if not python.exists():
        venv.create(folder / "mlflow", with_pip=True)
        wanted = [f"mlflow=={MLFLOW}", f"lightgbm=={version('lightgbm')}"]
        _run([str(python), "-m", "pip", "install", "-q", *wanted], folder)
    model = folder / "model"
    if not model.exists():
        _run([str(python), "-c", _SAVE, str(trees), str(model)], folder)
    port = free_port()
    command = [
        str(python.with_name("mlflow")), "models", "serve", "-m", str(model), "--env-manager", "local",
        "--port", str(port), "--workers", WORKERS,
    ]  # fmt: skip
    own = {
        **_plain_environment(),
        **ONE_THREAD,
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
    }
    url = f"http://127.0.0.1:{port}/invocations"
    return _started(command, own, folder / "mlflow.log", url, row.encode())


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, env=_plain_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PeerFailed(f"{command[:4]} ended with {done.returncode}:\n{done.stderr[-2000:]}")


def _started(
    command: list[str], environment: Mapping[str, str], log: Path, url: str, probe: bytes
) -> Peer:
    with log.open("ab") as handle:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(environment), stdin=subprocess.DEVNULL, stdout=handle,
            stderr=handle, start_new_session=True,
        )  # fmt: skip
    peer = Peer(url, process)
    deadline = time.monotonic() + START_SECONDS
    while not _answers(url, probe):
        if process.poll() is not None or time.monotonic() > deadline:
            peer.stop()
            raise PeerFailed(f"{command[:4]} did not answer:\n{log.read_text()[-2000:]}")
        time.sleep(0.2)
    return peer


def _answers(url: str, body: bytes) -> bool:
    """Whether anything listens: also an error is an answer."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def booster_text(artifact: Path, target: Path) -> tuple[int, int]:
    """LightGBM's own text of an artifact written to `target`; its trees and the most leaves of one."""
    text = json.loads(artifact.read_bytes())["trees"]
    target.write_text(text)
    leaves = [int(line[11:]) for line in text.splitlines() if line.startswith("num_leaves=")]
    return len(leaves), max(leaves)
