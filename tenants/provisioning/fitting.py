"""Whether a bank's schema has every table and column the code needs, although their versions differ."""

from functools import lru_cache

from django.apps import apps
from django.conf import settings
from django.db import connection

from core.tenancy import public_scope


def lacking(schema: str) -> list[str]:
    """Tables and columns of the code's models that are not there, as `table` or `table.column`. Any login may ask."""
    needed = _needed(tuple(settings.TENANT_APPS))
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, a.attname FROM pg_depend d JOIN pg_class c ON c.oid = d.objid "
            "JOIN pg_attribute a ON a.attrelid = c.oid "
            "WHERE d.refclassid = 'pg_namespace'::regclass AND d.classid = 'pg_class'::regclass "
            "AND d.refobjid = (SELECT oid FROM pg_namespace WHERE nspname = %s) "
            "AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped",
            [schema],
        )
        there: dict[str, set[str]] = {}
        for table, column in cursor.fetchall():
            there.setdefault(table, set()).add(column)
    missing = [table for table in needed if table not in there]
    for table, columns in needed.items():
        missing += [f"{table}.{column}" for column in sorted(columns - there.get(table, columns))]
    return sorted(missing)


@lru_cache(maxsize=2)
def _needed(app_names: tuple[str, ...]) -> dict[str, frozenset[str]]:
    needed = {}
    for config in apps.get_app_configs():
        if config.name in app_names:
            for model in config.get_models(include_auto_created=True):
                if model._meta.managed and not model._meta.proxy:
                    columns = {str(f.column) for f in model._meta.local_concrete_fields}
                    needed[model._meta.db_table] = frozenset(columns)
    return needed
