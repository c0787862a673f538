"""Export a bank that goes on working: a signed copy for its owner, or for a drill."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import ProblemError
from core.tenancy import public_scope
from jobs.services import run_job
from tenants import services
from tenants.management.operator import operator, spoken
from tenants.models import BankExport


class Command(BaseCommand):
    help = "Export everything of a bank, in this process. Needs the admin login."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("bank", help="the bank's short name")
        parser.add_argument("--operator", required=True, help="e-mail of the operator who acts")
        parser.add_argument(
            "--recipient-key", required=True, help="file with an X25519 public key (PEM)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = Path(options["recipient_key"]).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"--recipient-key: {error}") from error
        try:
            with public_scope():
                export = services.request_export(
                    slug=options["bank"], recipient_key=key, actor=operator(options["operator"])
                )
                run_job(job_id=str(export.job_id))
                export = BankExport.objects.get(pk=export.pk)
        except ProblemError as error:
            raise spoken(error) from error
        if not export.manifest_sha256:
            raise CommandError(f"The export did not finish: see job {export.job_id}.")
        self.stdout.write(f"folder  {export.folder}")
        self.stdout.write(f"content {export.content_sha256}")
        self.stdout.write(
            f"files {export.file_count}, rows {export.row_count}, bytes {export.size_bytes}"
        )
