"""When each bank's periodic work is due, so that the keeper asks one index and never walks over all banks.

No business data: a schema, the name of the work and a moment.
"""

from typing import ClassVar

from django.conf import settings
from django.db import migrations

FORWARD = """
CREATE TABLE public.bank_due (
    schema_name text NOT NULL,
    work text NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (schema_name, work)
);
CREATE INDEX bank_due_when ON public.bank_due (work, due_at);
"""
BACKWARD = "DROP TABLE public.bank_due;"


def grant_to_web_login(apps, schema_editor):
    """The keeper runs under the web login; no bank's role reads or writes this table."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(rolname) FROM pg_roles WHERE rolname = %s", [settings.WEB_LOGIN]
        )
        for (login,) in cursor.fetchall():
            cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON public.bank_due TO {login}")


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("core", "0004_fair_dispatch")]
    operations: ClassVar[list[object]] = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunPython(grant_to_web_login, migrations.RunPython.noop),
    ]
