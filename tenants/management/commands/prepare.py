"""Bring the platform's own tables, their grants and every bank's tables to the code's version."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.core.management.commands.migrate import Command as MigrateCommand

from core.tenancy import public_scope
from tenants.management.commands.migrate_banks import raise_for
from tenants.management.commands.onboard_bank import OPERATOR
from tenants.plans import ensure_default_plans
from tenants.provisioning import database, templates
from tenants.services import MigrationOptions, migrate_banks


class Command(BaseCommand):
    help = "Migrate the public schema and all banks, and apply the grants. Needs the admin login."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--workers", type=int, default=1, help="processes for the banks (default 1)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with public_scope():
            call_command(MigrateCommand(), verbosity=0, interactive=False, skip_checks=True)
            database.apply_public_grants()
            ensure_default_plans()
        templates.prepare()
        report = migrate_banks(
            actor=OPERATOR, options=MigrationOptions(workers=options["workers"]), verify=True
        )
        self.stdout.write(f"Prepared the platform and {report.done} bank(s).")
        raise_for(report)
