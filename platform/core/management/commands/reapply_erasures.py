"""After a restore: what was erased since the backup is erased again, before anybody is served."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core import vault
from core.tenancy import bank_directory


class Command(BaseCommand):
    help = "Destroy again every subject key that the erasure ledger, also the one outside PostgreSQL, names."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--schema", help="One bank.")
        which.add_argument("--all", action="store_true", help="Every active bank.")

    def handle(self, *args: Any, **options: Any) -> None:
        schemas = (
            [options["schema"]]
            if options["schema"]
            else [b.schema for b in bank_directory().active()]
        )
        for schema in schemas:
            self.stdout.write(f"{schema}: {vault.reapply_erasures(schema)} keys destroyed again")
