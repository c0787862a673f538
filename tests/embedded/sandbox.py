"""A run folder of a test's own and the command line on it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from embedded.endpoints import POSTGRES_VARIABLES, REDIS_VARIABLES
from embedded.run_folder import RUN_DIR_VARIABLE, RunFolder
from embedded.server_lease import daemon_status

PLATFORM = Path(__file__).resolve().parents[2] / "platform"


@dataclass(frozen=True)
class Sandbox:
    """A run folder and how to call the command line on it."""

    run: RunFolder

    def environment(self, **more: str) -> dict[str, str]:
        """The caller's, without any server it names."""
        dropped = {*POSTGRES_VARIABLES, *REDIS_VARIABLES}
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in dropped and not name.startswith("PANORAMA_")
        }
        kept["PYTHONPATH"] = str(PLATFORM)
        kept[RUN_DIR_VARIABLE] = str(self.run.root)
        return {**kept, **more}

    def popen(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Start the command line; its output is kept."""
        return subprocess.Popen(
            [sys.executable, "-m", "embedded", *arguments],
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def call(self, *arguments: str, **more: str) -> tuple[int, str]:
        """Run the command line to its end: exit status and output."""
        process = self.popen(*arguments, **more)
        output, _ = process.communicate(timeout=60)
        return process.returncode, output

    def pid_of(self, name: str) -> int:
        """Process id of one server as the daemon last wrote it; 0 when there is none."""
        children = daemon_status(self.run).get("processes", {})
        return int(children.get(name, {}).get("pid") or 0)
