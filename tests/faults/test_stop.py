"""Stopping a whole Panorama, on a stack of its own since it is gone afterwards."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.stack import Stack

pytestmark = pytest.mark.slow


def test_nothing_of_the_stack_outlives_it() -> None:
    """Stop leaves no process that names this run folder."""
    base = Path(tempfile.mkdtemp(prefix="panorama-stop-"))
    base.chmod(0o711)
    try:
        stack = Stack.start(base / "run")
        stack.stop()
        found = subprocess.run(
            ["pgrep", "-f", str(stack.run.root)], capture_output=True, text=True, check=False
        )
        assert found.stdout.split() == []
    finally:
        shutil.rmtree(base, ignore_errors=True)
