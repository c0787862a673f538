"""The last of this folder, since it ends the stack the others share."""

import subprocess

import pytest

from tests.faults.conftest import Bench

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack")]


def test_nothing_of_the_stack_outlives_it(bench: Bench) -> None:
    """Stop leaves no process that names this run folder."""
    bench.stack.stop()
    found = subprocess.run(
        ["pgrep", "-f", str(bench.stack.run.root)], capture_output=True, text=True, check=False
    )
    assert found.stdout.split() == []
