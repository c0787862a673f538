"""Fill an empty database with the platform's tables and two banks; run once, then copied for every test process."""

import os

import django

BANKS = [
    {
        "slug": "alpha", "name": "Alpha Bank", "plan": "full", "jurisdiction": "CN", "currency": "CNY",
        "time_zone": "Asia/Shanghai", "administrator": {"email": "admin@alpha.test", "name": "Ada Alpha"},
    },
    {
        "slug": "beta", "name": "Beta Bank", "plan": "full", "jurisdiction": "EU", "currency": "EUR",
        "time_zone": "Europe/Berlin", "administrator": {"email": "admin@beta.test", "name": "Ben Beta"},
    },
]  # fmt: skip


def main() -> None:
    os.environ["PANORAMA_LOGIN"] = "admin"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()
    from django.core.management import call_command

    from tenants.management.commands.onboard_bank import OPERATOR
    from tenants.services import onboard_now

    call_command("prepare", verbosity=0)
    for bank in BANKS:
        onboard_now(data=bank, actor=OPERATOR, base_url="http://test")


if __name__ == "__main__":
    main()
