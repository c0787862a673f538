"""Secrets and folders."""

import base64
import os
from pathlib import Path

import pytest

from embedded.endpoints import Wanted, wanted_servers
from embedded.errors import EmbeddedError
from embedded.locks import FileLock, is_held
from embedded.postgres_server import scram_verifier
from embedded.run_folder import MAX_SOCKET_PATH, RunFolder, default_run_folder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    folder.prepare()
    return folder


def test_secrets_are_kept_and_closed(run: RunFolder) -> None:
    first = run.secret("password")
    assert run.secret("password") == first
    assert run.secret("another") != first
    assert (run.secrets / "password").stat().st_mode & 0o777 == 0o600
    assert run.secrets.stat().st_mode & 0o777 == 0o700
    assert len(base64.b64decode(run.key_file("master.key").read_text())) == 32
    assert sorted(path.name for path in run.secrets.iterdir()) == [
        "another",
        "master.key",
        "password",
    ]


def test_socket_folder_is_short_and_passes_over_a_name_held_by_others(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = Path("/tmp") / f"t{os.getpid()}"
    short.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(short))
    try:
        taken = short / f"panorama-{run.digest}-pg"
        taken.symlink_to(tmp_path)
        chosen = run.socket_folder("pg", owner=os.geteuid())
        assert chosen == short / f"panorama-{run.digest}-pg1"
        assert chosen.stat().st_mode & 0o777 == 0o700
        assert len(str(chosen)) < MAX_SOCKET_PATH
        assert run.socket_folder("pg", owner=os.geteuid()) == chosen
        chosen.rmdir()
        taken.unlink()
    finally:
        short.rmdir()


def test_socket_folder_leaves_a_temp_folder_that_is_too_deep(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    chosen = run.socket_folder("pg", owner=os.geteuid())
    assert chosen.parent == Path("/tmp")
    chosen.rmdir()


def test_run_folder_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANORAMA_RUN_DIR", str(tmp_path / "there"))
    assert default_run_folder().root == tmp_path / "there"
    monkeypatch.delenv("PANORAMA_RUN_DIR")
    assert default_run_folder().root == Path(__file__).resolve().parents[2] / ".run"


def test_lock_is_shared_or_exclusive_and_ends_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first, second = FileLock(path), FileLock(path)
    assert first.acquire(shared=True)
    assert second.acquire(shared=True, timeout=0)
    assert not first.acquire(timeout=0)
    second.release()
    assert first.acquire(timeout=0)
    assert is_held(path)
    assert not second.acquire(shared=True, timeout=0.1)
    first.release()
    assert not is_held(path)


def test_servers_wanted_are_those_not_named() -> None:
    logins = {"DATABASE_URL": "a", "DATABASE_ADMIN_URL": "b"}
    assert wanted_servers({}) == Wanted(postgres=True, redis=True)
    assert wanted_servers(logins) == Wanted(postgres=False, redis=True)
    assert wanted_servers({"BROKER_URL": "a"}) == Wanted(postgres=True, redis=True)
    assert wanted_servers({"BROKER_URL": "a", "CACHE_URL": "b"}) == Wanted(
        postgres=True, redis=False
    )
    with pytest.raises(EmbeddedError, match="DATABASE_URL is not"):
        wanted_servers({"DATABASE_ADMIN_URL": "b"})


def test_password_verifier_has_the_stored_form() -> None:
    verifier = scram_verifier("pencil")
    kind, salt, keys = verifier.split("$")
    stored, server = keys.split(":")
    assert kind == "SCRAM-SHA-256"
    assert salt.startswith("4096:")
    assert [len(base64.b64decode(key)) for key in (stored, server)] == [32, 32]
    assert "pencil" not in verifier
    assert scram_verifier("pencil") != verifier
