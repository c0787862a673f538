"""A place outside PostgreSQL for each test's checkpoints and keys."""

from pathlib import Path

import pytest

from core.actors import Actor


@pytest.fixture(autouse=True)
def checkpoint_folder(settings, tmp_path: Path) -> Path:
    """Only the files' place is the test's own; keys stay those the database was prepared with."""
    settings.CHECKPOINT_DIR = str(tmp_path / "checkpoints")
    return tmp_path / "checkpoints"


@pytest.fixture
def actor() -> Actor:
    return Actor(kind="user", id="u-1", label="ada@alpha.test", request_id="request-0001")
