"""Bring banks' tables to the code's version: resumable, in several processes, without standing in traffic's way."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import ProblemError
from tenants.management.commands.onboard_bank import OPERATOR
from tenants.services import MigrationOptions, MigrationReport, migrate_banks, plan_migrations


class Command(BaseCommand):
    help = (
        "Migrate the banks' schemas and set their rights. Run it again after any failure: what is done stays done. "
        "Needs the admin login."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--only",
            action="append",
            default=[],
            metavar="BANK",
            help="this bank only; may be repeated",
        )
        parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would run, change nothing"
        )
        parser.add_argument(
            "--verify",
            action="store_true",
            help="look into every bank, also those noted as current",
        )
        parser.add_argument(
            "--lock-timeout",
            type=float,
            default=1.0,
            metavar="SECONDS",
            help="longest wait for a lock (default 1)",
        )
        parser.add_argument(
            "--attempts",
            type=int,
            default=8,
            help="tries of a hindered bank, waiting longer each time (default 8)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for name in ("workers", "attempts"):
            if options[name] < 1:
                raise CommandError(f"--{name}: at least 1.")
        if options["lock_timeout"] <= 0:
            raise CommandError("--lock-timeout: more than 0.")
        try:
            if options["dry_run"]:
                return self._say_plan(options["only"])
            report = migrate_banks(
                actor=OPERATOR, only=options["only"], verify=options["verify"], say=self._say,
                options=MigrationOptions(options["workers"], options["lock_timeout"], options["attempts"]),
            )  # fmt: skip
        except ProblemError as error:
            raise CommandError(error.detail) from error
        self._say(
            f"{report.done} migrated, {report.current} current, {len(report.failed)} failed in {report.seconds:.1f} s."
        )
        raise_for(report)

    def _say_plan(self, only: list[str]) -> None:
        plans = plan_migrations(only=only)
        for plan in plans:
            if plan.lacks:
                self._say(f"{plan.slug}: {', '.join(plan.lacks)}")
        self._say(
            f"{sum(bool(plan.lacks) for plan in plans)} of {len(plans)} bank(s) would be migrated."
        )

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def raise_for(report: MigrationReport) -> None:
    """Exit status 1 that names each bank and the reason."""
    if report.failed:
        lines = [f"  {failure.slug}: {failure.reason}" for failure in report.failed]
        raise CommandError("\n".join(["These banks are not at the code's version:", *lines]))
