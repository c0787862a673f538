"""Command line of the embedded servers."""

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from embedded.application import Runner, application_status, stop_application
from embedded.endpoints import Wanted, base_environment
from embedded.errors import EmbeddedError
from embedded.foreground import run_in_foreground, signals_left_to_child
from embedded.postgres_server import ADMIN, SUPERUSER, WEB, postgres_server
from embedded.run_folder import RunFolder, default_run_folder
from embedded.server_daemon import ServerDaemon
from embedded.server_lease import ServerLease, daemon_status, stop_servers

_LOGINS = {"admin": ADMIN, "web": WEB, "superuser": SUPERUSER}


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except EmbeddedError as error:
        print(f"embedded: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _exec(options: argparse.Namespace) -> int:
    with ServerLease(default_run_folder(), keep=options.keep) as lease:
        return _in_lease(options.command, lease)


def _up(options: argparse.Namespace) -> int:
    return Runner(default_run_folder(), options.procfile).run(with_story=options.story)


def _env(options: argparse.Namespace) -> int:
    run = default_run_folder()
    run.prepare()
    servers = daemon_status(run).get("environment", {})
    if not servers:
        print("# the servers are not running", file=sys.stderr)
    for name, value in (base_environment(run) | servers).items():
        print(f"export {name}={shlex.quote(os.environ.get(name) or value)}")
    return 0


def _status(options: argparse.Namespace) -> int:
    run = default_run_folder()
    status = daemon_status(run)
    print(f"run folder  {run.root}")
    print(f"servers     {status.get('state', 'not running')}")
    _print_children(status)
    application = application_status(run)
    where = f"on port {application.get('port')}" if application else "not running"
    print(f"application {where}")
    _print_children(application)
    return 0 if status.get("state") == "ready" else 3


def _print_children(status: dict[str, Any]) -> None:
    for name, child in status.get("processes", {}).items():
        print(f"  {name:<16}pid {child['pid']}  starts {child['starts']}  log {child['log']}")


def _stop(options: argparse.Namespace) -> int:
    run = default_run_folder()
    stopped = [stop_application(run), stop_servers(run)]
    print("stopped" if any(stopped) else "nothing was running")
    return 0


def _psql(options: argparse.Namespace) -> int:
    run = default_run_folder()
    with ServerLease(run) as lease:
        server = postgres_server(run)
        command = [str(server.binaries / "psql"), server.url(_LOGINS[options.login])]
        return _in_lease([*command, *options.arguments], lease)


def _in_lease(command: Sequence[str], lease: ServerLease) -> int:
    with signals_left_to_child():
        return run_in_foreground(command, environment=lease.environment(), on_tick=lease.watch)


def _serve(options: argparse.Namespace) -> int:
    wanted = Wanted(postgres="postgres" in options.servers, redis="redis" in options.servers)
    return ServerDaemon(RunFolder(Path(options.folder)), wanted).serve()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m embedded", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("exec", help="run a command with the servers up")
    run.add_argument("--keep", action="store_true", help="leave the servers running afterwards")
    run.add_argument("command", nargs="+", metavar="CMD")
    run.set_defaults(run=_exec)

    up = commands.add_parser("up", help="run an application until Ctrl-C")
    up.add_argument("--procfile", type=Path, required=True, help="Python file that defines it")
    up.add_argument("--story", action="store_true", help="run its story once it is up")
    up.set_defaults(run=_up)

    for name, function, text in (
        ("env", _env, "print the environment as shell exports"),
        ("status", _status, "say what runs"),
        ("stop", _stop, "stop the servers of this run folder"),
    ):
        commands.add_parser(name, help=text).set_defaults(run=function)

    psql = commands.add_parser("psql", help="open a database shell")
    psql.add_argument("--login", choices=sorted(_LOGINS), default="admin")
    psql.add_argument("arguments", nargs="*")
    psql.set_defaults(run=_psql)

    serve = commands.add_parser("serve", help="(internal) the process that keeps the servers")
    serve.add_argument("folder")
    serve.add_argument("servers", nargs="*")
    serve.set_defaults(run=_serve)
    return parser
