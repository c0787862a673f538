"""Onboard a bank from a file, to its end, in this process."""

from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.actors import Actor
from core.errors import ProblemError
from tenants.services import onboard_now

OPERATOR = Actor(kind="ops", id="cli", label="command line", roles=frozenset({"operator"}))


class Command(BaseCommand):
    help = "Onboard a bank described in a YAML file. Safe to run again after a failure. Needs the admin login."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", required=True, help="the bank's description (YAML)")
        parser.add_argument("--base-url", default="", help="where the bank's pages will be reached")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data = yaml.safe_load(Path(options["file"]).read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        if not isinstance(data, dict):
            raise CommandError(f"{options['file']}: a mapping is expected.")
        try:
            bank = onboard_now(data=data, actor=OPERATOR, base_url=options["base_url"])
        except ProblemError as error:
            lines = [error.detail, *(f"  {e.pointer}: {e.detail}" for e in error.errors)]
            raise CommandError("\n".join(lines)) from error
        self.stdout.write(f"{bank.name} is {bank.state} (schema {bank.schema_name}).")
