"""Schemas without a bank, for tests of what stands in them."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.tenancy import BankContext, public_scope
from tenants.provisioning import database


def context(schema: str) -> BankContext:
    return BankContext(
        schema=schema, role=f"{schema}__run", name=schema, state="provisioning", modules=frozenset()
    )


@contextmanager
def schemas(*names: str) -> Iterator[None]:
    """Empty schemas with their roles, dropped afterwards: roles are global to the cluster."""
    with public_scope():
        for name in names:
            database.create_roles(context(name), {})
            database.create_schema(context(name), {})
        try:
            yield
        finally:
            for name in names:
                database.drop_schema(context(name))
