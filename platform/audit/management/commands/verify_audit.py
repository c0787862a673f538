"""Check the audit trail of one schema or of all; exit status 1 when anything was tampered with."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.services import VerifyReport, verify
from audit.services.sealing import all_schemas
from core.tenancy import UnknownBank


class Command(BaseCommand):
    help = "Verify rows, seals and checkpoints of the audit trail; names each tampered row."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--schema", help="One schema; public is the platform's own trail.")
        which.add_argument(
            "--all", action="store_true", help="The platform's and every active bank's."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        schemas = all_schemas() if options["all"] else [options["schema"]]
        try:
            tampered = [schema for schema in schemas if not self._show(verify(schema))]
        except UnknownBank as error:
            raise CommandError(f"There is no bank {error}.", returncode=2) from error
        if tampered:
            raise CommandError(f"Tampered with: {', '.join(tampered)}.", returncode=1)

    def _show(self, report: VerifyReport) -> bool:
        verdict = "ok" if report.ok else f"{len(report.findings)} FINDINGS"
        last = report.last_checkpoint
        until = f"{last.at:%Y-%m-%d %H:%M:%S} UTC, seal {last.seq}" if last else "none"
        self.stdout.write(
            f"{report.schema}: {verdict}; {report.seals} seals, {report.checkpoints} checkpoints (last: {until})"
        )
        if report.uncovered:
            self.stdout.write(
                f"  limit: {report.uncovered} row(s) are newer than the last checkpoint;"
                " removing them from the end would go unnoticed"
            )
        for finding in report.findings:
            self.stdout.write(f"  {finding}")
        return report.ok
