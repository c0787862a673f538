"""One stack for the fault tests, with short leases, and a bank with a live model on synthetic rows."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.never_lost import LEASE_SECONDS
from tests.stack import Stack
from tests.stack_portfolio import SMALL_ROWS, Bench, furnish

__all__ = ["LEASE_SECONDS", "SMALL_ROWS", "Bench", "bench", "furnish"]
SLUG = "river"
ROWS = 400_000


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    base = Path(tempfile.mkdtemp(prefix="panorama-faults-"))
    base.chmod(0o711)
    stack = Stack.start(base / "run", extra={"PANORAMA_JOB_LEASE_SECONDS": LEASE_SECONDS})
    try:
        yield furnish(stack, base, SLUG)
    finally:
        stack.stop()
        shutil.rmtree(base, ignore_errors=True)
