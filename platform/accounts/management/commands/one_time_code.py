"""The code a demo person's authenticator app would show now; refused but on a person's own machine."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.engine import one_time_code
from accounts.models import CodeDevice
from accounts.services.codes import secret_of
from core.tenancy import bank_directory, bank_scope, public_scope


class Command(BaseCommand):
    help = "Print the code of a demo person's authenticator app (local settings only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LOCAL_ONE_TIME_CODES:
            raise CommandError("Codes are printed on a person's own machine only.")
        email = options["email"]
        with public_scope():
            code = _code(email)
        for bank in bank_directory().active():
            if code is None:
                with bank_scope(bank):
                    code = _code(email)
        if code is None:
            raise CommandError(f"Nobody with an authenticator app is called {email}.")
        self.stdout.write(code)


def _code(email: str) -> str | None:
    """A code that was not used yet: after a login within the same half minute, the next one, which is taken early."""
    device = CodeDevice.objects.filter(user__email__iexact=email, user__is_active=True).first()
    if device is None:
        return None
    step = max(one_time_code.step_at(time.time()), device.last_step + 1)
    begins = (step - one_time_code.DRIFT_STEPS) * one_time_code.STEP_SECONDS
    time.sleep(max(0.0, begins - time.time()))
    return one_time_code.code_of_step(secret_of(device), step)
