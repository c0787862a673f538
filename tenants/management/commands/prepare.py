"""Bring the platform's own tables, their grants and every bank's tables to the code's version."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.core.management.commands.migrate import Command as MigrateCommand

from core.tenancy import public_scope
from tenants.models import Bank
from tenants.plans import ensure_default_plans
from tenants.provisioning import database, templates


class Command(BaseCommand):
    help = "Migrate the public schema and all banks, and apply the grants. Needs the admin login."

    def handle(self, *args: Any, **options: Any) -> None:
        with public_scope():
            call_command(MigrateCommand(), verbosity=0, interactive=False, skip_checks=True)
            database.apply_public_grants()
            ensure_default_plans()
        templates.prepare()
        with public_scope():
            schemas = list(
                Bank.objects.exclude(state__in=["provisioning", "closed"]).values_list(
                    "schema_name", flat=True
                )
            )
        for schema in schemas:
            database.migrate_schema(schema)
            with public_scope():
                database.apply_grants(schema)
        self.stdout.write(f"Prepared the platform and {len(schemas)} bank(s).")
