#!/usr/bin/env python
"""Run a Django management command with `platform/` on the path."""

import os
import sys
from pathlib import Path

# Commands that create schemas and roles or change tables: they take the admin login.
ADMIN_COMMANDS = {"migrate", "prepare", "onboard_bank", "migrate_banks", "demo"}

# Django's own commands that ask the database; ours enter their scopes themselves.
PUBLIC_COMMANDS = {"makemigrations", "showmigrations", "migrate", "sqlmigrate"}


def main() -> None:
    # Appended, never prepended: the standard library's own module `platform` must win.
    sys.path.append(str(Path(__file__).resolve().parent / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    if ADMIN_COMMANDS & set(sys.argv[1:2]):
        os.environ.setdefault("PANORAMA_LOGIN", "admin")
    from django.core.management import execute_from_command_line

    if not PUBLIC_COMMANDS & set(sys.argv[1:2]):
        execute_from_command_line(sys.argv)
        return
    import django

    from core.tenancy import public_scope

    django.setup()
    with public_scope():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
