"""An operator's part on a running stack: change a bank's state or plan; prints the moment of the commit."""

import os
import sys
import time

import django


def main(slug: str, what: str, value: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    django.setup()
    from core.actors import Actor
    from core.tenancy import public_scope
    from tenants import services
    from tenants.models import Plan

    operator = Actor(kind="user", id="1", label="operator", roles=frozenset({"operator"}))
    with public_scope():
        if what == "state":
            services.change_state(slug=slug, state=value, reason="test", actor=operator)
        elif what == "plan":
            Plan.objects.get_or_create(
                code="lean", defaults={"name": "Lean", "modules": ["marketing"], "quotas": {}}
            )
            services.change_plan(slug=slug, plan=value, actor=operator)
        else:
            services.grant_override(
                slug=slug, quota="decisions", limit=int(value), reason="test", actor=operator
            )
    print(time.time())


if __name__ == "__main__":
    main(*sys.argv[1:])
