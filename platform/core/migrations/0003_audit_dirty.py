"""Which schemas have rows that wait for their seal, so that the sealer polls none of a thousand in
vain.

Only a hint, and therefore not logged: after a crash it is empty, and the sealer's round over all
banks finds the rest. There is no unique key: with one, a long transaction's mark would make every
other transaction of the bank wait.
"""

from typing import ClassVar

from django.conf import settings
from django.db import migrations

FORWARD = """
CREATE UNLOGGED TABLE public.audit_dirty (schema_name text NOT NULL);
CREATE INDEX audit_dirty_schema ON public.audit_dirty (schema_name);

CREATE FUNCTION public.audit_mark_dirty() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    here text := public.scope_schema();
BEGIN
    IF NOT EXISTS (SELECT FROM public.audit_dirty WHERE schema_name = here) THEN
        INSERT INTO public.audit_dirty VALUES (here);
    END IF;
END
$$;

CREATE FUNCTION public.audit_take_dirty() RETURNS SETOF text
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH taken AS (DELETE FROM public.audit_dirty RETURNING schema_name)
    SELECT DISTINCT schema_name FROM taken
$$;
REVOKE ALL ON FUNCTION public.audit_take_dirty() FROM PUBLIC;
"""

BACKWARD = """
DROP FUNCTION public.audit_take_dirty();
DROP FUNCTION public.audit_mark_dirty();
DROP TABLE public.audit_dirty;
"""


def grant_to_web_login(apps, schema_editor):
    """The keeper runs under the web login; a bank's role may not learn other schemas' names."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(rolname) FROM pg_roles WHERE rolname = %s", [settings.WEB_LOGIN]
        )
        for (login,) in cursor.fetchall():
            cursor.execute(f"GRANT EXECUTE ON FUNCTION public.audit_take_dirty() TO {login}")


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("core", "0002_vault")]
    operations: ClassVar[list[object]] = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunPython(grant_to_web_login, migrations.RunPython.noop),
    ]
