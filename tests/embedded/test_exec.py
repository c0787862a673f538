"""`python -m embedded exec`: the environment it gives, the status it passes on, what it stops."""

import json
import os
import signal
import subprocess
import sys

from embedded.proc import look, wait_until
from embedded.server_lease import daemon_status
from tests.embedded.sandbox import Sandbox

PRINT_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"
HOLD = "import time; print('holding', flush=True); time.sleep(60)"


def test_environment_and_exit_status_are_passed_on(sandbox: Sandbox) -> None:
    status, output = sandbox.call("exec", "--", sys.executable, "-c", PRINT_ENVIRONMENT)
    assert status == 0
    given = json.loads(output)
    assert given["DATABASE_URL"].startswith("postgresql://panorama_web:")
    assert given["DATABASE_ADMIN_URL"].startswith("postgresql://panorama_admin:")
    assert given["BROKER_URL"].startswith("redis+socket:///")
    assert given["CACHE_URL"].startswith("unix:///")
    assert given["PANORAMA_RUN_DIR"] == str(sandbox.run.root)
    for name in ("PANORAMA_MASTER_KEY_FILE", "PANORAMA_SECRET_KEY_FILE"):
        assert os.stat(given[name]).st_mode & 0o777 == 0o600
    assert daemon_status(sandbox.run) == {}

    status, _ = sandbox.call("exec", "--", sys.executable, "-c", "raise SystemExit(7)")
    assert status == 7


def test_servers_stay_until_the_last_user_leaves(sandbox: Sandbox) -> None:
    holder = sandbox.popen("exec", "--", sys.executable, "-c", HOLD)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holding\n"
        postgres = sandbox.pid_of("postgres")
        status, _ = sandbox.call("exec", "--", "true")
        assert status == 0
        assert sandbox.pid_of("postgres") == postgres
        holder.kill()
        assert wait_until(lambda: daemon_status(sandbox.run) == {}, 20)
        assert look(postgres) is None
    finally:
        holder.kill()
        holder.communicate()


def test_keep_leaves_them_running_until_stop(sandbox: Sandbox) -> None:
    assert sandbox.call("exec", "--keep", "--", "true")[0] == 0
    postgres = sandbox.pid_of("postgres")
    assert look(postgres) is not None
    assert sandbox.call("exec", "--", "true")[0] == 0
    assert sandbox.pid_of("postgres") == postgres
    assert sandbox.call("status")[0] == 0
    assert sandbox.call("stop") == (0, "stopped\n")
    assert look(postgres) is None
    assert sandbox.call("status")[0] == 3


def test_command_is_stopped_with_its_runner(sandbox: Sandbox) -> None:
    runner = sandbox.popen(
        "exec", "--", sys.executable, "-c", "import os; print(os.getpid(), flush=True); " + HOLD
    )
    assert runner.stdout is not None
    child = int(runner.stdout.readline())
    runner.send_signal(signal.SIGTERM)
    runner.communicate(timeout=30)
    assert runner.returncode == 128 + signal.SIGTERM
    assert look(child) is None
    assert daemon_status(sandbox.run) == {}


def test_command_ends_when_its_servers_are_stopped_from_elsewhere(sandbox: Sandbox) -> None:
    runner = sandbox.popen("exec", "--", sys.executable, "-c", HOLD)
    assert runner.stdout is not None
    assert runner.stdout.readline() == "holding\n"
    assert sandbox.call("stop") == (0, "stopped\n")
    output, _ = runner.communicate(timeout=30)
    assert "were stopped from elsewhere" in output
    assert runner.returncode == 1
    assert daemon_status(sandbox.run) == {}


def test_wish_to_keep_ends_with_the_servers_it_was_for(sandbox: Sandbox) -> None:
    assert sandbox.call("exec", "--keep", "--", "true")[0] == 0
    daemon = int(daemon_status(sandbox.run)["pid"])
    os.kill(daemon, signal.SIGKILL)
    assert wait_until(lambda: look(daemon) is None, 10)
    assert sandbox.call("exec", "--", "true")[0] == 0
    assert daemon_status(sandbox.run) == {}


def test_named_servers_are_used_and_ours_stay_down(sandbox: Sandbox) -> None:
    named = {
        "DATABASE_URL": "postgresql://a@db/x",
        "DATABASE_ADMIN_URL": "postgresql://b@db/x",
        "BROKER_URL": "redis://queue/0",
    }
    status, output = sandbox.call("exec", "--", sys.executable, "-c", PRINT_ENVIRONMENT, **named)
    given = json.loads(output)
    assert status == 0
    assert {name: given[name] for name in named} == named
    assert given["CACHE_URL"].startswith("unix:///")
    assert sandbox.run.read_json("servers.json")["servers"] == ["redis"]


def test_one_database_login_alone_is_refused(sandbox: Sandbox) -> None:
    status, output = sandbox.call("exec", "--", "true", DATABASE_URL="postgresql://a@db/x")
    assert status == 1
    assert "DATABASE_ADMIN_URL is not" in output


def test_a_plain_user_needs_no_root(closed_sandbox: Sandbox) -> None:
    """Root seen as user 1000 in a user namespace is a plain user to every check there is."""
    disguise = ["unshare", "--user", "--map-user=1000"] if os.geteuid() == 0 else []
    script = (
        "import os, psycopg; assert os.geteuid() != 0; "
        "print(psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 7').fetchone()[0])"
    )
    command = [
        *disguise,
        sys.executable,
        "-m",
        "embedded",
        "exec",
        "--",
        sys.executable,
        "-c",
        script,
    ]
    done = subprocess.run(
        command,
        env=closed_sandbox.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("7\n", 0), done.stderr
