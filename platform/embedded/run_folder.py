"""The run folder: where one checkout keeps its servers' data, secrets, logs and locks."""

import base64
import contextlib
import hashlib
import json
import os
import pwd
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded.errors import EmbeddedError

RUN_DIR_VARIABLE = "PANORAMA_RUN_DIR"
DEFAULT_NAME = ".run"
SERVER_ACCOUNT = "nobody"
MAX_SOCKET_PATH = 100  # sun_path holds 108 bytes; PostgreSQL adds its own lock suffix.
_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class RunFolder:
    """Paths of one run folder. Nothing is created before `prepare`."""

    root: Path

    @property
    def secrets(self) -> Path:
        """Passwords and keys, 0700, read by the owner alone."""
        return self.root / "secrets"

    @property
    def logs(self) -> Path:
        """One log file for each process."""
        return self.root / "logs"

    @property
    def metrics(self) -> Path:
        """Where the application's processes count."""
        return self.root / "metrics"

    @property
    def postgres(self) -> Path:
        """Parent of the PostgreSQL data folder."""
        return self.root / "postgres"

    @property
    def redis(self) -> Path:
        """Redis' working folder with its append-only file."""
        return self.root / "redis"

    @property
    def digest(self) -> str:
        """Twelve hex digits that name this run folder among all of this machine."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

    def prepare(self) -> None:
        """Create the folders, closed to others; a folder the user made keeps the user's mode."""
        try:
            self._make_root()
            for path, mode in ((self.secrets, 0o700), (self.logs, 0o700)):
                path.mkdir(exist_ok=True)
                path.chmod(mode)
        except PermissionError as error:
            raise EmbeddedError(
                f"{error.filename} is not yours to write: it was made by another user. "
                f"Set {RUN_DIR_VARIABLE} to a folder of your own."
            ) from error

    def _make_root(self) -> None:
        existed = self.root.exists()
        self.root.mkdir(parents=True, exist_ok=True)
        if existed and self.root != _CHECKOUT / DEFAULT_NAME:
            return
        if os.geteuid() == 0:
            # The servers step down from root: their account may pass through, and no one else.
            os.chown(self.root, -1, pwd.getpwnam(SERVER_ACCOUNT).pw_gid)
            self.root.chmod(0o710)
        else:
            self.root.chmod(0o700)

    def secret(self, name: str) -> str:
        """A random text kept in `secrets/name`, made on first use."""
        return self._keep_once(name, secrets.token_urlsafe(32)).read_text().strip()

    def secret_file(self, name: str) -> Path:
        """Path of a file with a random text, made on first use."""
        return self._keep_once(name, secrets.token_urlsafe(48))

    def key_file(self, name: str) -> Path:
        """Path of a file with 32 random bytes in base64, made on first use."""
        return self._keep_once(name, base64.b64encode(secrets.token_bytes(32)).decode())

    def _keep_once(self, name: str, text: str) -> Path:
        path = self.secrets / name
        if not path.exists():
            # Linked into place when complete: nobody reads half a secret, the first writer wins.
            draft = self.secrets / f".{name}.{os.getpid()}"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as handle:
                handle.write(text)
                handle.flush()
                os.fsync(handle.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
        return path

    def socket_folder(self, purpose: str, *, owner: int) -> Path:
        """A short folder of mode 0700 for unix sockets, owned by user id `owner`.

        A name that someone else already holds in the temp folder is passed over.
        """
        # A temp folder of root's own may be closed to the account that the server runs under.
        own = [Path(tempfile.gettempdir())] if owner == os.geteuid() else []
        for base in dict.fromkeys((*own, Path("/tmp"))):
            for attempt in range(10):
                name = f"panorama-{self.digest}-{purpose}{attempt or ''}"
                if len(os.fsencode(base / name)) + len("/.s.PGSQL.5432.lock") > MAX_SOCKET_PATH:
                    break
                if _claim_folder(base / name, owner):
                    return base / name
        raise EmbeddedError("No folder for unix sockets could be made in the system's temp folder.")

    def write_json(self, name: str, content: dict[str, Any]) -> None:
        """Replace `name` in the root atomically, 0600."""
        draft = self.root / f".{name}.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(content, indent=1))
        draft.replace(self.root / name)

    def read_json(self, name: str) -> dict[str, Any]:
        """Content of `name` in the root; empty when absent."""
        try:
            content = json.loads((self.root / name).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return content if isinstance(content, dict) else {}


def default_run_folder() -> RunFolder:
    """From the environment, else `.run` in the checkout."""
    return RunFolder(Path(os.environ.get(RUN_DIR_VARIABLE) or _CHECKOUT / DEFAULT_NAME).resolve())


def checkout() -> Path:
    """Root of the source tree that holds this package."""
    return _CHECKOUT


def _claim_folder(path: Path, owner: int) -> bool:
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner, os.geteuid()):
        return False
    if found.st_uid != owner:
        os.chown(path, owner, -1)
    path.chmod(0o700)
    return True
