"""Real servers in run folders of their own, never the one of the checkout."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.endpoints import POSTGRES_VARIABLES, REDIS_VARIABLES
from embedded.run_folder import RunFolder
from embedded.server_lease import stop_servers
from tests.embedded.sandbox import Sandbox


@pytest.fixture(autouse=True)
def no_servers_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite itself may run with servers of its own: they are none of these tests' business."""
    ours = [name for name in os.environ if name.startswith("PANORAMA_")]
    for name in (*POSTGRES_VARIABLES, *REDIS_VARIABLES, *ours):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def used_folder() -> Iterator[Path]:
    """A run folder that other accounts can reach, its path with a space; its cluster is made once."""
    base = Path(tempfile.mkdtemp(prefix="panorama-test-"))
    base.chmod(0o711)
    yield base / "a run folder"
    shutil.rmtree(base)


@pytest.fixture
def sandbox(used_folder: Path) -> Iterator[Sandbox]:
    """The used run folder, at rest before and after the test."""
    yield from _at_rest_afterwards(used_folder)


@pytest.fixture(scope="session")
def closed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder below one that is closed to other accounts, as a checkout in a home may be."""
    return tmp_path_factory.mktemp("closed") / "run"


@pytest.fixture
def closed_sandbox(closed_folder: Path) -> Iterator[Sandbox]:
    """The closed run folder, at rest before and after the test."""
    yield from _at_rest_afterwards(closed_folder)


@pytest.fixture
def fresh_sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A run folder that does not exist yet."""
    yield from _at_rest_afterwards(tmp_path / "fresh")


def _at_rest_afterwards(root: Path) -> Iterator[Sandbox]:
    made = Sandbox(RunFolder(root))
    try:
        yield made
    finally:
        stop_servers(made.run)
