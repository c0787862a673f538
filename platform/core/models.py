"""Base of every table: a time-ordered key, and querysets bound to the bank they were built for."""

from typing import Any, Self, TypeVar

from django.db import models

from core.ids import new_id
from core.tenancy import WrongBank, current_schema

M = TypeVar("M", bound=models.Model)


class BankQuerySet(models.QuerySet[M]):
    """Remembers the scope it was built in and refuses to run in another.

    A lazy queryset built for one bank and evaluated in another's scope would silently read the other bank. One built
    outside any scope (a form field's at import time) binds at its first clone inside a scope.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._built_in: str | None = current_schema()

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        if self._built_in is not None:
            clone._built_in = self._built_in
        return clone

    def _check_scope(self) -> None:
        here = current_schema()
        if self._built_in is not None and here is not None and here != self._built_in:
            raise WrongBank(f"Built in {self._built_in!r}, evaluated in {here!r}.")

    def _fetch_all(self) -> None:
        if self._result_cache is None:  # type: ignore[has-type]
            self._check_scope()
        super()._fetch_all()  # type: ignore[misc]

    def iterator(self, *args: Any, **kwargs: Any) -> Any:
        self._check_scope()
        return super().iterator(*args, **kwargs)

    def count(self) -> int:
        self._check_scope()
        return super().count()

    def exists(self) -> bool:
        self._check_scope()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._check_scope()
        return super().aggregate(*args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        self._check_scope()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._check_scope()
        return super().delete()


class BaseRow(models.Model):
    """A table of ours. `database_rights` is what the run-time role gets on it (see `tenants.provisioning`)."""

    # "write": SELECT, INSERT, UPDATE, DELETE. "append": SELECT, INSERT. "read": SELECT.
    database_rights = "write"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BankQuerySet.as_manager()

    class Meta:
        abstract = True
