"""The shared stack, started at the first test of a folder that asks for it.

A folder of tests uses it by `from tests.stack_fixtures import stack` in its conftest.py.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Stack


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """One running Panorama for all tests of a folder; a browser's event loop must not outlive them."""
    base = Path(tempfile.mkdtemp(prefix="panorama-stack-"))
    base.chmod(0o711)
    running = None
    try:
        running = Stack.start(base / "run")
        yield running
    finally:
        if running is not None:
            running.stop()
        shutil.rmtree(base, ignore_errors=True)
