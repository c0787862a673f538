"""Which account the servers run under."""

import os
import pwd
from pathlib import Path

import pytest

from embedded.account import Account, choose_account
from embedded.postgres_server import postgres_server
from tests.embedded.sandbox import Sandbox

AS_ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody").pw_uid


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Answers `--version`; below pytest's folder, which is closed to other accounts."""
    path = tmp_path / "server"
    path.write_text("#!/bin/sh\necho 1\n")
    path.chmod(0o755)
    return path


def choose(binary: Path, folder: Path) -> Account:
    return choose_account(binary=binary, folder=folder, digest="0" * 12)


def test_open_place_is_served_by_an_account_without_rights() -> None:
    chosen = choose(Path("/bin/true"), Path("/"))
    assert chosen.owner == (NOBODY if AS_ROOT else os.geteuid())
    assert chosen.prefix == ()
    assert chosen.copy_to is None


def test_closed_place_is_served_in_a_user_namespace(program: Path, tmp_path: Path) -> None:
    chosen = choose(program, tmp_path)
    assert chosen.owner == os.geteuid()
    assert [Path(word).name for word in chosen.prefix[:1]] == (["unshare"] if AS_ROOT else [])


def test_closed_place_without_user_namespaces_is_left_for_copies(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.account.shutil.which", lambda name: None)
    chosen = choose(program, tmp_path)
    assert chosen.owner == (NOBODY if AS_ROOT else os.geteuid())
    assert chosen.copy_to == (Path("/var/tmp/panorama-000000000000") if AS_ROOT else None)


def test_files_get_the_owner_that_serves(tmp_path: Path) -> None:
    inner = tmp_path / "data" / "inner"
    inner.mkdir(parents=True)
    (inner / "file").touch()
    chosen = choose(Path("/bin/true"), Path("/"))
    chosen.own(tmp_path / "data")
    assert {path.stat().st_uid for path in (inner, inner / "file")} == {chosen.owner}


def test_cluster_is_served_by_the_chosen_account(sandbox: Sandbox) -> None:
    sandbox.run.prepare()
    assert postgres_server(sandbox.run).account.owner == (NOBODY if AS_ROOT else os.geteuid())
