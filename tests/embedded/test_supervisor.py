"""Keeping processes running, and stopping exactly what was started."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from embedded.application import MARKER, reserve_port, sweep_leftovers
from embedded.errors import EmbeddedError
from embedded.proc import every_process, has_variable, look, wait_until
from embedded.run_folder import RunFolder
from embedded.supervisor import Process, ProcessSupervisor
from tests.embedded.sandbox import Sandbox

SLEEP = ["sleep", "300"]
PROCFILE = """
from embedded.supervisor import Process
HEALTH_PATH = "/"
PREPARE = [Process("prepare", ["sh", "-c", "echo prepared $KIND"], env={"KIND": "well"})]
PROCESSES = [
    Process("web", ["{python}", "-m", "http.server", "--bind", "127.0.0.1", "{port}"]),
    Process("idle", ["sleep", "300"]),
]
STORY = Process("story", ["sh", "-c", "echo story told; exit $STORY_STATUS"])
"""
# No server is wanted: these tests are about the processes.
NAMED = dict.fromkeys(("DATABASE_URL", "DATABASE_ADMIN_URL", "BROKER_URL", "CACHE_URL"), "named")


def tick_until(
    supervisor: ProcessSupervisor, condition: Callable[[], bool], seconds: float = 10.0
) -> bool:
    def ticked() -> bool:
        supervisor.tick()
        return condition()

    return wait_until(ticked, seconds)


def test_killed_child_is_started_again(tmp_path: Path) -> None:
    supervisor = ProcessSupervisor(logs=tmp_path)
    try:
        supervisor.start(Process("child", SLEEP))
        first = supervisor.snapshot()["child"]["pid"]
        os.kill(first, signal.SIGKILL)
        assert tick_until(supervisor, lambda: supervisor.snapshot()["child"]["starts"] == 2)
        second = supervisor.snapshot()["child"]["pid"]
        assert second != first
        assert supervisor.snapshot()["child"]["last_exit"] == -signal.SIGKILL
    finally:
        supervisor.stop()
    assert look(second) is None


def test_child_that_always_fails_is_started_ever_more_slowly(tmp_path: Path) -> None:
    supervisor = ProcessSupervisor(logs=tmp_path)
    try:
        supervisor.start(Process("failing", ["false"]))
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            supervisor.tick()
            time.sleep(0.01)
        # Pauses of 0.1, 0.2, 0.4, 0.8 s: at most five starts in one and a half seconds.
        assert 3 <= supervisor.snapshot()["failing"]["starts"] <= 5
    finally:
        supervisor.stop()


def test_stop_takes_the_whole_session_and_nothing_else(tmp_path: Path) -> None:
    marker = f"TEST_MARK={tmp_path}"
    supervisor = ProcessSupervisor(logs=tmp_path)
    outsider = ProcessSupervisor(logs=tmp_path)
    try:
        outsider.start(Process("outsider", SLEEP))
        spared = outsider.snapshot()["outsider"]["pid"]
        # A leader that ignores TERM and has a child of its own.
        script = "trap '' TERM; sleep 300 & wait; sleep 300"
        stubborn = Process(
            "stubborn",
            ["sh", "-c", script],
            env={"TEST_MARK": str(tmp_path)},
            stop_steps=((signal.SIGTERM, 0.3), (signal.SIGKILL, 5.0)),
        )
        supervisor.start(stubborn)
        assert wait_until(lambda: _marked(marker) == 2, 5)
        supervisor.stop()
        assert wait_until(lambda: _marked(marker) == 0, 5)
        assert look(spared) is not None
    finally:
        supervisor.stop()
        outsider.stop()


def test_process_that_is_never_ready_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    supervisor = ProcessSupervisor(logs=tmp_path)
    mute = Process("mute", ["sh", "-c", "echo no such luck; exit 3"], ready=lambda: False)
    with pytest.raises(EmbeddedError, match=r"exit status 3(?s:.*)no such luck"):
        supervisor.start(mute)
    supervisor.stop()


def test_leftovers_are_known_by_their_mark(tmp_path: Path) -> None:
    ours, theirs = RunFolder(tmp_path / "ours"), RunFolder(tmp_path / "theirs")
    supervisor = ProcessSupervisor(logs=tmp_path)
    try:
        for folder in (ours, theirs):
            supervisor.start(Process(folder.root.name, SLEEP, env={MARKER: str(folder.root)}))
        pids = {name: child["pid"] for name, child in supervisor.snapshot().items()}
        sweep_leftovers(ours)
        assert look(pids["ours"]) is None
        assert look(pids["theirs"]) is not None
    finally:
        supervisor.stop()


def test_port_is_kept_from_other_runners_and_listeners() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = int(listener.getsockname()[1])
        assert reserve_port(port) is None
    first = reserve_port(port)
    assert first is not None
    assert reserve_port(port) is None
    first.close()
    second = reserve_port(port)
    assert second is not None
    second.close()


@pytest.mark.parametrize("story_status", ["0", "4"])
def test_application_tells_its_story_and_goes(
    fresh_sandbox: Sandbox, tmp_path: Path, story_status: str
) -> None:
    procfile = tmp_path / "procfile.py"
    procfile.write_text(PROCFILE)
    status, output = fresh_sandbox.call(
        "up", "--procfile", str(procfile), "--story",
        PANORAMA_DEMO_EXIT="1", STORY_STATUS=story_status, **NAMED,
    )  # fmt: skip
    assert status == (0 if story_status == "0" else 1)
    assert "prepared well" in output
    assert "story told" in output
    assert _marked(f"{MARKER}={fresh_sandbox.run.root}") == 0


def test_killed_runner_takes_its_processes_along_and_the_next_one_starts(
    fresh_sandbox: Sandbox, tmp_path: Path
) -> None:
    procfile = tmp_path / "procfile.py"
    procfile.write_text(PROCFILE)
    mark = f"{MARKER}={fresh_sandbox.run.root}"
    command = ("up", "--procfile", str(procfile))
    killed = fresh_sandbox.popen(*command, **NAMED)
    assert _read_until(killed, "Up on")
    assert _marked(mark) == 2
    busy_status, busy = fresh_sandbox.call(*command, **NAMED)
    assert busy_status == 1
    assert f"process {killed.pid}" in busy
    killed.kill()
    killed.communicate()
    following = fresh_sandbox.popen(*command, **NAMED)
    assert _read_until(following, "Up on")
    assert _marked(mark) == 2
    following.send_signal(signal.SIGINT)
    following.communicate(timeout=20)
    assert following.returncode == 0
    assert _marked(mark) == 0


def _read_until(process: subprocess.Popen[str], words: str) -> bool:
    assert process.stdout is not None
    return any(words in line for line in process.stdout)


def _marked(entry: str) -> int:
    return sum(has_variable(seen.pid, entry) for seen in every_process())
