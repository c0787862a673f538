"""Onboard one bank of a stack with its people and a client; prints its access as one line of JSON."""

import json
import os
import sys
from typing import Any

import django


def app_secrets(bank: Any) -> dict[str, str]:
    """The secret in each person's authenticator app, by e-mail, as hexadecimal digits."""
    from accounts.models import CodeDevice
    from accounts.services.codes import secret_of
    from core.tenancy import bank_scope

    with bank_scope(bank):
        devices = CodeDevice.objects.select_related("user")
        return {device.user.email: secret_of(device).hex() for device in devices}


def main(slug: str, jurisdiction: str, currency: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    django.setup()
    from accounts import policies
    from config.story import people

    name = f"{slug.capitalize()} Bank"
    bank = people.ensure_bank(
        {
            "slug": slug, "name": name, "plan": "full", "jurisdiction": jurisdiction, "currency": currency,
            "time_zone": "UTC", "language": "en",
            "administrator": {"email": f"admin@{slug}.example", "name": "Ada Admin"},
        }
    )  # fmt: skip
    emails = people.ensure_staff(bank)
    client = people.ensure_client(bank, sorted(policies.scopes()))
    access = {
        "slug": slug,
        "name": name,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "emails": emails,
        "password": people.DEMO_PASSWORD,
        "app_secrets": app_secrets(bank),
    }
    print(json.dumps(access))


if __name__ == "__main__":
    main(*sys.argv[1:])
