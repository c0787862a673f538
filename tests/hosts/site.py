"""A Panorama over four hosts that share no folder: databases, files, web, workers. Each knows the others by URL."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from config.story.http import Api
from embedded.redis_server import _find_binary
from embedded.run_folder import RunFolder
from tests.hosts.network import Host, Network
from tests.object_store import CREDENTIALS, ObjectStore, run_server
from tests.stack import ROOT, StackBank, clean_environment, wait_for

# What is handed to every host by its owner; made on the first.
SECRETS = ("master.key", "checkpoint.key", "panorama_secret_key")
WEB_PORT, REDIS_PORT, POSTGRES_PORT, FILES_PORT = 8000, 6379, 5432, 9000
START_SECONDS = 300.0


@dataclass(frozen=True)
class FarBank(StackBank):
    """A bank whose web process is on another host."""

    address: str = "127.0.0.1"

    def api(self) -> Api:
        return Api(self.port, self.host, self.client_id, self.client_secret, address=self.address)


@dataclass
class Site:
    """Start it with `start`, end it with `stop`; `bank` and `python` are as of `tests.stack.Stack`."""

    base: Path
    network: Network
    data: Host
    files: Host
    web: Host
    work: Host
    port: int = WEB_PORT
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @classmethod
    def build(cls, base: Path, network: Network) -> "Site":
        hosts = {name: network.host(name) for name in ("data", "file", "web", "work")}
        return cls(base, network, hosts["data"], hosts["file"], hosts["web"], hosts["work"])

    def start(self) -> None:
        self._start_servers()
        self._hand_out_secrets()
        self.python("manage.py", "prepare", login="admin")
        self.python("manage.py", "warm_up")
        self._start_web()
        self._start_work()

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes.values()):
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def run_dir(self, host: Host) -> Path:
        return self.base / host.name

    def environment(self, host: Host, *, login: str = "web") -> dict[str, str]:
        """Everything a process there knows of the others: URLs and its own secret files."""
        folder, run = self.run_dir(host), RunFolder(self.run_dir(self.data))
        data, secrets = self.data.address, folder / "secrets"
        store = ObjectStore(FILES_PORT, self.processes["files"], self.files.address)
        return {
            **clean_environment(folder),
            **CREDENTIALS,
            "DATABASE_URL": f"postgres://panorama_web:{run.secret('panorama_web')}@{data}:{POSTGRES_PORT}/panorama",
            "DATABASE_ADMIN_URL": f"postgres://panorama_admin:{run.secret('panorama_admin')}@{data}:{POSTGRES_PORT}/panorama",
            "BROKER_URL": f"redis://:{self._redis_password}@{data}:{REDIS_PORT}/0",
            "CACHE_URL": f"redis://:{self._redis_password}@{data}:{REDIS_PORT}/1",
            "STORAGE_URL": store.url("site"),
            "PANORAMA_MASTER_KEY_FILE": str(secrets / "master.key"),
            "PANORAMA_SECRET_KEY_FILE": str(secrets / "panorama_secret_key"),
            "PANORAMA_LOGIN": login,
            "PANORAMA_PORT": str(WEB_PORT),
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "TMPDIR": str(folder / "tmp"),
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
        }

    def python(self, *arguments: str, login: str = "web") -> str:
        """Run Python on the workers' host; its standard output."""
        done = subprocess.run(
            [*self.work.command(), sys.executable, *arguments],
            cwd=ROOT, env=self.environment(self.work, login=login), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(
                f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def bank(self, slug: str) -> FarBank:
        said = self.python("-m", "tests.stack_bank", slug, "CN", "CNY", login="admin")
        return FarBank(port=WEB_PORT, address=self.web.address, **json.loads(said.splitlines()[-1]))

    def log(self, name: str) -> str:
        return (self.base / f"{name}.log").read_text(errors="replace")

    _redis_password = "of-this-test"

    def _spawn(self, name: str, host: Host, *argv: str, environment: dict[str, str]) -> None:
        with (self.base / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*host.command(), *argv],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _start_servers(self) -> None:
        folder = self.run_dir(self.data)
        redis = self.base / "redis"
        for path in (folder, redis):
            path.mkdir(parents=True)
        self._spawn(
            "postgres", self.data, sys.executable, "-m", "embedded", "exec", "--", "sleep", "86400",
            environment={**clean_environment(folder), "PANORAMA_LISTEN_ADDRESS": self.data.address},
        )  # fmt: skip
        self._spawn(
            "redis", self.data, str(_find_binary()), "--bind", self.data.address, "--port", str(REDIS_PORT),
            "--requirepass", self._redis_password, "--dir", str(redis), "--appendonly", "yes",
            environment=clean_environment(folder),
        )  # fmt: skip
        self.processes["files"] = run_server(
            FILES_PORT, host=self.files.address, prefix=self.files.command()
        )
        ObjectStore(FILES_PORT, self.processes["files"], self.files.address).wait()
        wait_for(self._postgres_listens, seconds=START_SECONDS, what="PostgreSQL")

    def _postgres_listens(self) -> bool:
        run = RunFolder(self.run_dir(self.data))
        try:
            psycopg.connect(
                host=self.data.address, port=POSTGRES_PORT, user="panorama_web", dbname="panorama",
                password=run.secret("panorama_web"), connect_timeout=3,
            ).close()  # fmt: skip
        except (psycopg.OperationalError, OSError):
            assert self.processes["postgres"].poll() is None, self.log("postgres")
            return False
        return True

    def _hand_out_secrets(self) -> None:
        """As an operator does: made once, the same files on each host that runs the application."""
        first, second = (self.run_dir(host) / "secrets" for host in (self.work, self.web))
        first.mkdir(parents=True)
        for host in (self.work, self.web):
            (self.run_dir(host) / "tmp").mkdir(parents=True)
        make = (
            "import django; django.setup(); from audit.services.checkpoints import signing_key;"
            "from core.vault.providers import key_provider; signing_key(); key_provider()"
        )
        self.python("-c", make)
        shutil.copytree(first, second)
        assert {path.name for path in second.iterdir()} >= set(SECRETS)

    def _start_web(self) -> None:
        self._spawn(
            "web", self.web, sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application",
            "--workers", "1", "--blocking-threads", "4", "--host", self.web.address, "--port", str(WEB_PORT),
            environment=self.environment(self.web),
        )  # fmt: skip
        wait_for(lambda: self.ask("/healthz") == 200, seconds=START_SECONDS, what="the web process")

    def ask(self, path: str) -> int:
        """Status of a plain GET at the web host; 0 when it does not answer."""
        link = http.client.HTTPConnection(self.web.address, WEB_PORT, timeout=30)
        try:
            link.request("GET", path, headers={"Host": "localhost"})
            return link.getresponse().status
        except OSError:
            return 0
        finally:
            link.close()

    def _start_work(self) -> None:
        for name, queues, login in (
            ("worker", "training,batch,realtime,delivery", "web"),
            ("ops", "ops", "admin"),
        ):
            self._spawn(
                name, self.work, sys.executable, "-m", "celery", "-A", "config.celery", "worker", "-n", f"{name}@%h",
                "-Q", queues, "-c", "1", "--prefetch-multiplier", "1", "--without-gossip", "--without-mingle",
                environment=self.environment(self.work, login=login),
            )  # fmt: skip
        self._spawn(
            "keeper",
            self.work,
            sys.executable,
            "manage.py",
            "run_keeper",
            environment=self.environment(self.work),
        )
