"""Secrets from the environment, or from a file beside the run folder; never from the repository."""

import os
import secrets
from pathlib import Path


def read_secret(name: str, run_dir: Path) -> str:
    """Value of `name`, else of the file named by `name`_FILE, else of a file made once in the run folder."""
    if value := os.environ.get(name):
        return value
    given = os.environ.get(f"{name}_FILE")
    path = Path(given) if given else run_dir / "secrets" / name.lower()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()
