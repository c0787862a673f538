"""Key rotation: new bank keys, and wrapping anew after a bank's or the master key changed."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core import vault
from core.tenancy import bank_directory


class Command(BaseCommand):
    help = (
        "Wrap keys under the newest master key and the newest bank key; with --new, make a new bank key first. "
        "Encrypted data stays as it is and readable. Needs the admin login; may be stopped and run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--schema", help="One bank.")
        which.add_argument("--all", action="store_true", help="Every active bank.")
        parser.add_argument(
            "--new", action="store_true", help="Make a new data key for the bank first."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        schemas = (
            [options["schema"]]
            if options["schema"]
            else [b.schema for b in bank_directory().active()]
        )
        for schema in schemas:
            if options["new"]:
                self.stdout.write(
                    f"{schema}: new bank key, version {vault.rotate_bank_key(schema)}"
                )
            bank_keys = vault.rewrap_bank_keys(schema)
            subject_keys = 0
            while done := vault.rewrap_subject_keys(schema):
                subject_keys += done
            self.stdout.write(
                f"{schema}: {bank_keys} bank and {subject_keys} subject keys wrapped anew"
            )
