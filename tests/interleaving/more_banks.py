"""Onboard banks into the database that DATABASE_ADMIN_URL names, each with a row that bears its name.

python -m tests.interleaving.more_banks mix 18
"""

import os
import sys

import django


def main(prefix: str, count: int) -> None:
    os.environ["PANORAMA_LOGIN"] = "admin"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()
    from accounts.models import User
    from core.tenancy import bank_directory, bank_scope
    from tenants.management.commands.onboard_bank import OPERATOR
    from tenants.services import onboard_now

    for number in range(count):
        slug = f"{prefix}{number}"
        bank = {
            "slug": slug, "name": slug, "plan": "full", "jurisdiction": "EU", "currency": "EUR",
            "time_zone": "UTC", "administrator": {"email": f"admin@{slug}.test", "name": slug},
        }  # fmt: skip
        onboard_now(data=bank, actor=OPERATOR, base_url="http://test")
    for context in bank_directory().active():
        with bank_scope(context):
            User.objects.update(name=context.schema)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
