"""Which account the servers run under. PostgreSQL refuses root, so as root we step down."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded.errors import EmbeddedError
from embedded.run_folder import SERVER_ACCOUNT

_SECONDS = 20.0


@dataclass(frozen=True)
class Account:
    """How to start a server process and who owns its files.

    `drop` is the (uid, gid) to change to before exec, `prefix` a command put before the server's
    own, `owner` the user id that files must have as seen from here.
    """

    owner: int
    group: int
    drop: tuple[int, int] | None = None
    prefix: tuple[str, ...] = ()
    copy_to: Path | None = None

    def popen_options(self) -> dict[str, Any]:
        """Keyword arguments for `subprocess` that change the user."""
        if self.drop is None:
            return {}
        return {"user": self.drop[0], "group": self.drop[1], "extra_groups": []}

    def own(self, path: Path) -> None:
        """Make the folder and everything in it belong to this account."""
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.stat().st_uid == self.owner:
            return
        if os.geteuid() != 0:
            raise EmbeddedError(f"{path} belongs to another user; choose another run folder.")
        for folder, _, files in os.walk(path):
            os.chown(folder, self.owner, self.group)
            for name in files:
                os.chown(os.path.join(folder, name), self.owner, self.group, follow_symlinks=False)


def choose_account(*, binary: Path, folder: Path, digest: str) -> Account:
    """The first account that can execute `binary` and enter `folder`.

    As a plain user that is oneself. As root: `nobody`; else root mapped to user 1000 in a user
    namespace; else `nobody` with copies outside of the closed folder.
    """
    if os.geteuid() != 0:
        return Account(owner=os.geteuid(), group=os.getegid())
    nobody = pwd.getpwnam(SERVER_ACCOUNT)
    stepped_down = Account(
        owner=nobody.pw_uid, group=nobody.pw_gid, drop=(nobody.pw_uid, nobody.pw_gid)
    )
    if _works(stepped_down, binary, folder):
        return stepped_down
    if (unshare := shutil.which("unshare")) is not None:
        mapped = Account(owner=0, group=0, prefix=(unshare, "--user", "--map-user=1000", "--"))
        if _works(mapped, binary, folder):
            return mapped
    return Account(
        owner=nobody.pw_uid,
        group=nobody.pw_gid,
        drop=(nobody.pw_uid, nobody.pw_gid),
        copy_to=Path("/var/tmp") / f"panorama-{digest}",
    )


def _works(account: Account, binary: Path, folder: Path) -> bool:
    script = 'test -x "$1" && "$2" --version'
    command = [*account.prefix, "/bin/sh", "-c", script, "sh", str(folder), str(binary)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=_SECONDS,
            cwd="/",
            check=False,
            **account.popen_options(),
        )
    except OSError:
        return False
    return done.returncode == 0
