"""A bank's decisions since a moment, read from the stack's own database; prints one line of JSON."""

import json
import os
import sys
from collections import Counter
from datetime import datetime

import django


def main(slug: str, since: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    django.setup()
    from core.tenancy import bank_scope
    from scoring.models import Decision

    with bank_scope(f"bank_{slug}"):
        rows = list(
            Decision.objects.filter(created_at__gte=datetime.fromisoformat(since))
            .values_list("id", "application_id")
        )  # fmt: skip
    most = max(Counter(application for _, application in rows).values(), default=0)
    print(json.dumps({"ids": [str(key) for key, _ in rows], "most_for_one": most}))


if __name__ == "__main__":
    main(*sys.argv[1:])
