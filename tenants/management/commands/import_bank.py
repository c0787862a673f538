"""Bring an exported bank back as a new one, to its end, in this process."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import ProblemError
from core.tenancy import public_scope
from jobs.models import Job
from jobs.services import run_job
from tenants import services
from tenants.management.operator import operator, spoken


class Command(BaseCommand):
    help = (
        "Check an export (signature, every checksum, version) and load it into a new bank, which is left suspended. "
        "Needs the admin login; a job that died is resumed from the list of jobs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", help="absolute path, or a name among the platform's exports")
        parser.add_argument("--slug", required=True, help="the new bank's short name")
        parser.add_argument("--name", required=True, help="the new bank's name")
        parser.add_argument("--plan", required=True)
        parser.add_argument("--host", action="append", default=[], help="may be repeated")
        parser.add_argument(
            "--private-key", required=True, help="file with the X25519 private key (PEM)"
        )
        parser.add_argument("--operator", required=True, help="e-mail of the operator who acts")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = Path(options["private_key"]).read_bytes()
        except OSError as error:
            raise CommandError(f"--private-key: {error}") from error
        data = {
            "slug": options["slug"],
            "name": options["name"],
            "plan": options["plan"],
            "hosts": options["host"],
        }
        try:
            with public_scope():
                bank, job = services.request_import(
                    place=options["folder"],
                    data=data,
                    private_key=key,
                    actor=operator(options["operator"]),
                )
                run_job(job_id=str(job.id))
                job = Job.objects.get(pk=job.id)
        except ProblemError as error:
            raise spoken(error) from error
        if job.state != "succeeded":
            raise CommandError(f"{job.error_code}: {job.error}")
        result = dict(job.result or {})
        self.stdout.write(f"{bank.name} is suspended (schema {bank.schema_name}).")
        self.stdout.write(f"content {result['content_sha256']}, {result['seals']} seals verified")
        for finding in result["findings"]:
            self.stdout.write(f"  {finding}")
