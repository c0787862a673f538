"""How long a bank's onboarding takes when there are few banks and when there are many.

    python -m benchmarks.onboarding [--banks 1000]

Starts servers of its own in a temporary folder and onboards banks there as the command line does, one after the other:
roles, schema, tables, grants, keys, first administrator, first client. At each size five onboardings are taken in turn
with five schemas made by running every migration, which is the baseline.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.results_file import Figure, write

ROOT = Path(__file__).resolve().parents[1]
REPEATS = 5
SIZES = (1, 100, 1000)
GOAL_SECONDS = 3.0
GOAL_LAST_TO_FIRST = 1.3


def run(banks: int, folder: Path) -> list[Figure]:
    """Measure in a process on servers of its own, whose folder is `folder`."""
    own = (
        "DATABASE_URL",
        "DATABASE_ADMIN_URL",
        "BROKER_URL",
        "CACHE_URL",
        "DJANGO_SETTINGS_MODULE",
    )
    kept = {k: v for k, v in os.environ.items() if k not in own and not k.startswith("PANORAMA_")}
    environment = {
        **kept,
        "PANORAMA_RUN_DIR": str(folder / "run"),
        "PANORAMA_LOGIN": "admin",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
    }
    result = folder / "measured.json"
    command = [
        sys.executable,
        "-m",
        "embedded",
        "exec",
        "--",
        sys.executable,
        "-m",
        "benchmarks.onboarding",
    ]
    subprocess.run(
        [*command, "--banks", str(banks), "--inside", str(result)],
        cwd=ROOT, env=environment, check=True,
    )  # fmt: skip
    return figures(json.loads(result.read_text()))


def figures(measured: list[dict[str, Any]]) -> list[Figure]:
    """Onboarding beside its baseline at each size, and how flat it is."""
    rows = [
        Figure(
            name=f"onboarding with {size['banks']} banks", value=median(size["onboarding"]), unit="s",
            baseline=median(size["migrations"]), goal=GOAL_SECONDS, higher_is_better=False,
        )
        for size in measured
    ]  # fmt: skip
    slowest = max(each for size in measured for each in size["onboarding"])
    # The wall clock also shows what else the machine does, and not the same at each size: processor time beside it.
    first, last = (median(measured[place]["processor"]) for place in (0, -1))
    return [
        *rows,
        Figure(
            name="onboarding, the slowest one measured", value=slowest, unit="s", baseline=None,
            goal=GOAL_SECONDS, higher_is_better=False,
        ),
        Figure(
            name="onboarding, last to first", value=round(rows[-1].value / rows[0].value, 3), unit="ratio",
            baseline=None, goal=GOAL_LAST_TO_FIRST, higher_is_better=False,
        ),
        Figure(
            name="onboarding, last to first in processor time", value=round(last / first, 3), unit="ratio",
            baseline=None, goal=GOAL_LAST_TO_FIRST, higher_is_better=False,
        ),
    ]  # fmt: skip


def inside(banks: int, result: Path) -> None:
    """On the servers: onboard up to `banks` banks, measuring on the way; writes JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("prepare", verbosity=0)
    # The first of a process reads what every other finds read: modules, migrations, the template.
    onboard("warm")
    there, measured = 0, []
    for size in [size for size in SIZES if size < banks] + [banks]:
        while there < size - 1:
            there += 1
            onboard(f"b{there}")
            if there % 50 == 0:
                print(f"{there} banks", flush=True)
        taken: dict[str, Any] = {"banks": size, "onboarding": [], "processor": [], "migrations": []}
        for _ in range(REPEATS):
            there += 1
            before = processor_seconds()
            taken["onboarding"].append(onboard(f"b{there}"))
            taken["processor"].append(processor_seconds() - before)
            taken["migrations"].append(by_migrations())
        print(json.dumps(taken), flush=True)
        measured.append(taken)
    result.write_text(json.dumps(measured))


def onboard(slug: str) -> float:
    """Seconds of one onboarding from its description to an active bank."""
    from tenants import services
    from tenants.management.commands.onboard_bank import OPERATOR

    data = {
        "slug": slug, "name": f"Bank {slug}", "plan": "full",
        "administrator": {"email": f"first@{slug}.example", "name": "First Administrator"},
        "client": {"name": "core system", "scopes": ["jobs:read"]},
    }  # fmt: skip
    begun = time.perf_counter()
    bank = services.onboard_now(data=data, actor=OPERATOR, base_url=f"http://{slug}.localhost")
    taken = time.perf_counter() - begun
    if bank.state != "active":
        raise RuntimeError(f"{slug} is {bank.state}.")
    return taken


def processor_seconds() -> float:
    """Processor time of this process and of its session in the server so far."""
    from django.db import connection

    stat = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text()
    fields = stat.rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def by_migrations() -> float:
    """Seconds of every migration in an empty schema; roles and schema are made before and dropped after."""
    from core.tenancy import BankContext, public_scope
    from tenants.provisioning import database

    name = "bank_baseline"
    bank = BankContext(schema=name, role="", name=name, state="provisioning", modules=frozenset())
    with public_scope():
        database.create_roles(bank, {})
        database.create_schema(bank, {})
        begun = time.perf_counter()
        database.migrate_schema(name)
        taken = time.perf_counter() - begun
        database.drop_schema(bank)
    return taken


def main() -> int:
    """Exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--banks", type=int, default=SIZES[-1])
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        inside(arguments.banks, arguments.inside)
        return 0
    base = Path(tempfile.mkdtemp(prefix="panorama-onboarding-"))
    base.chmod(0o711)
    try:
        found = run(arguments.banks, base)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    write("onboarding", found)
    return 0 if all(figure.reached for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
