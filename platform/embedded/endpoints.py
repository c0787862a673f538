"""Where the servers are: what the rest of the project reads from its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from embedded.errors import EmbeddedError
from embedded.run_folder import RUN_DIR_VARIABLE, RunFolder

POSTGRES_VARIABLES = ("DATABASE_URL", "DATABASE_ADMIN_URL")
REDIS_VARIABLES = ("BROKER_URL", "CACHE_URL")


@dataclass(frozen=True)
class Wanted:
    """Which embedded servers are needed, given what the user's environment already names."""

    postgres: bool
    redis: bool

    @property
    def names(self) -> list[str]:
        """Names of the wanted servers."""
        return [name for name in ("postgres", "redis") if getattr(self, name)]


def wanted_servers(environment: Mapping[str, str] | None = None) -> Wanted:
    """Those whose URLs are not given. Raises EmbeddedError when only one database login is."""
    given = os.environ if environment is None else environment
    databases = [name for name in POSTGRES_VARIABLES if given.get(name)]
    if len(databases) == 1:
        missing = next(name for name in POSTGRES_VARIABLES if name not in databases)
        raise EmbeddedError(
            f"{databases[0]} is set and {missing} is not. The web login may not "
            "migrate or onboard: set both, to two logins of one server, or neither."
        )
    return Wanted(
        postgres=not databases, redis=not all(given.get(name) for name in REDIS_VARIABLES)
    )


def base_environment(run: RunFolder) -> dict[str, str]:
    """Run folder and secret files, made on first use. Secret files that the user names stay."""
    files = {
        "PANORAMA_MASTER_KEY_FILE": run.key_file("master.key"),
        "PANORAMA_SECRET_KEY_FILE": run.secret_file("panorama_secret_key"),
    }
    given = {name: os.environ.get(name) or str(path) for name, path in files.items()}
    return {RUN_DIR_VARIABLE: str(run.root), **given}
