"""Ask for, approve, call off or look at the end of a bank."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import ProblemError
from core.tenancy import public_scope
from tenants import services
from tenants.choices import OPEN_OFFBOARDING
from tenants.management.operator import operator, spoken
from tenants.models import Offboarding


class Command(BaseCommand):
    help = (
        "The end of a bank: request, then approve by another operator; the operations' worker exports, waits and "
        "drops. `certificate` prints what was dropped, signed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "action", choices=["request", "approve", "cancel", "status", "certificate"]
        )
        parser.add_argument("bank", help="the bank's short name")
        parser.add_argument("--operator", default="", help="e-mail of the operator who acts")
        parser.add_argument("--reason", default="")
        parser.add_argument(
            "--recipient-key", default="", help="file with the bank's X25519 public key (PEM)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        action: str = options["action"]
        try:
            with public_scope():
                leaving = self._run(action, options)
        except ProblemError as error:
            raise spoken(error) from error
        if action == "certificate":
            if leaving.certificate is None:
                raise CommandError(f"The off-boarding is {leaving.state}.")
            body = {"certificate": leaving.certificate, "signature": leaving.certificate_signature}
            self.stdout.write(json.dumps(body, indent=2, ensure_ascii=False))
            return
        until = (
            f", dropped after {leaving.drop_after:%Y-%m-%d %H:%M} UTC" if leaving.drop_after else ""
        )
        self.stdout.write(f"{leaving.bank_name}: {leaving.state}{until} ({leaving.pk}).")

    def _run(self, action: str, options: dict[str, Any]) -> Offboarding:
        if action == "request":
            return services.request_offboarding(
                slug=options["bank"],
                reason=options["reason"],
                recipient_key=_file(options["recipient_key"]),
                actor=operator(options["operator"]),
            )
        found = _find(options["bank"], is_open=action in ("approve", "cancel"))
        if action == "approve":
            return services.approve_offboarding(
                offboarding_id=str(found.pk), actor=operator(options["operator"])
            )
        if action == "cancel":
            return services.cancel_offboarding(
                offboarding_id=str(found.pk),
                reason=options["reason"],
                actor=operator(options["operator"]),
            )
        return found


def _find(slug: str, *, is_open: bool) -> Offboarding:
    found = Offboarding.objects.filter(slug=slug)
    if is_open:
        found = found.filter(state__in=OPEN_OFFBOARDING)
    newest = found.order_by("-id").first()
    if newest is None:
        raise CommandError(f"There is no off-boarding of {slug}.")
    return newest


def _file(name: str) -> str:
    try:
        return Path(name).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"--recipient-key {name}: {error}") from error
