"""One schema as an SQL script that makes the same schema under another name, in one transaction."""

import os
import re
import subprocess
from pathlib import Path

from django.db import connection

from embedded.postgres_clients import client_programs

_OPTIONS = (
    "--no-owner", "--no-tablespaces", "--no-table-access-method", "--no-security-labels", "--no-publications",
    "--column-inserts", "--rows-per-insert=500", "--encoding=UTF8",
)  # fmt: skip
_FIRST_OBJECT = re.compile(r"^--\n-- Name: ", re.MULTILINE)
_PSQL_ONLY = re.compile(r"^\\(un)?restrict .*\n", re.MULTILINE)
# What pg_dump sets for its session, here for the transaction alone.
_PREAMBLE = """\
SET LOCAL search_path = '';
SET LOCAL check_function_bodies = off;
SET LOCAL xmloption = content;
SET LOCAL client_min_messages = warning;
SET LOCAL row_security = off;
"""
_PLAIN_NAME = re.compile(r"^[a-z][a-z0-9_]{2,62}$")


class DumpFailed(RuntimeError):
    """No pg_dump could read this server; the message carries what each one said."""


def dump_schema(schema: str, *, role: str) -> str:
    """The schema's definition and rows as `pg_dump` writes them, read under `role`. Raises `DumpFailed`."""
    said = []
    for program in client_programs("pg_dump"):
        done = _run(program, schema, role)
        if done.returncode == 0:
            return done.stdout
        said.append(f"{program.name}: {done.stderr.strip()}")
    raise DumpFailed("; ".join(said) or "There is no pg_dump in the wheel or on the PATH.")


def _run(program: Path, schema: str, role: str) -> subprocess.CompletedProcess[str]:
    known = connection.settings_dict
    options: dict[str, str] = known.get("OPTIONS") or {}
    named = {
        "PGDATABASE": known["NAME"],
        "PGUSER": known["USER"],
        "PGPASSWORD": known["PASSWORD"],
        "PGHOST": known["HOST"] or options.get("host", ""),
        "PGPORT": str(known["PORT"] or ""),
        "PGSSLMODE": options.get("sslmode", ""),
        "PGSSLROOTCERT": options.get("sslrootcert", ""),
    }
    return subprocess.run(
        [str(program), f"--schema={schema}", f"--role={role}", *_OPTIONS],
        env={**os.environ, **{name: value for name, value in named.items() if value}},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def replayable(dump: str, schema: str) -> str:
    """The dump without what belongs to psql, to the session, or to making the schema itself.

    Raises ValueError when it is not a dump of `schema`.
    """
    begin = _FIRST_OBJECT.search(dump)
    create = f"\nCREATE SCHEMA {schema};\n"
    if begin is None or create not in dump:
        raise ValueError(f"This is no dump of {schema}.")
    body = dump[begin.start() :].replace(create, "\n", 1)
    return _PREAMBLE + _PSQL_ONLY.sub("", body)


def renamed(script: str, *, schema: str, to: str) -> str:
    """The script for another schema. The old name is random, so it stands nowhere but as the name, also in roles."""
    for name in (schema, to):
        if not _PLAIN_NAME.match(name):
            raise ValueError(f"{name!r} would need quoting.")
    return re.sub(rf"(?<![A-Za-z0-9_]){schema}(?=__own\b|__run\b|\b)", to, script)
