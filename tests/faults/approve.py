"""People's part on a running stack: submit, approve and put live a version and its drafted policy."""

import os
import sys

import django


def main(slug: str, model_id: str, version_id: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    django.setup()
    from config.story import chapters, people
    from config.story.portfolios import PORTFOLIOS
    from core.tenancy import bank_directory

    bank = bank_directory().by_schema(f"bank_{slug}")
    emails = {short: f"{short}@{slug}.example" for short in people.STAFF}
    taken = chapters.Taken(
        PORTFOLIOS[0], model_id=model_id, versions={"scorecard": {"id": version_id}}
    )
    chapters.approve_and_deploy(bank, taken, emails)


if __name__ == "__main__":
    main(*sys.argv[1:])
