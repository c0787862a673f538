"""How the ops console shows which version a bank's schema has."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.choices import MigrationOutcome
from tenants.models import Bank, SchemaMigration
from tenants.provisioning import versions

CURRENT, BEHIND, AHEAD, FAILED = "current", "behind", "ahead", "failed"
LABELS = {CURRENT: "success", BEHIND: "warning", AHEAD: "info", FAILED: "danger"}
_WORDS = {
    CURRENT: _("Current"), BEHIND: _("Behind the code"), AHEAD: _("Ahead of the code"), FAILED: _("Migration failed"),
}  # fmt: skip


def schema_state(bank: Bank) -> str:
    """`current`, `behind` (also when no version is known), `ahead`, or `failed` in the newest `migrate_banks`."""
    if bank.schema_version == versions.code_state().version:
        return CURRENT
    row = newest_run(bank)
    if row is not None and row.state == MigrationOutcome.FAILED:
        return FAILED
    return BEHIND if versions.is_behind(bank.schema_version) else AHEAD


def newest_run(bank: Bank) -> SchemaMigration | None:
    """The bank's row of the newest run; a list selects it with the bank."""
    return getattr(bank, "migration", None)


def schema_text(bank: Bank) -> str:
    """`Current (57-3f2a9c01)`; with the reason where its migration failed."""
    state = schema_state(bank)
    row = newest_run(bank)
    reason = f": {row.error}" if state == FAILED and row is not None else ""
    return f"{_WORDS[state]} ({bank.schema_version or '-'}){reason}"


def schema_label(bank: Bank) -> tuple[str, str]:
    """For unfold's `display(label=...)`: the state and its words with the version."""
    state = schema_state(bank)
    return state, f"{_WORDS[state]} · {bank.schema_version or '-'}"


class SchemaFilter(SimpleListFilter):
    """Banks at the code's version, at another, or whose migration failed."""

    title = _("schema")
    parameter_name = "schema"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (CURRENT, _WORDS[CURRENT]), ("other", _("Not at the code's version")), (FAILED, _WORDS[FAILED]),
        ]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet[Bank]) -> QuerySet[Bank]:
        ours = versions.code_state().version
        if self.value() == CURRENT:
            return queryset.filter(schema_version=ours)
        if self.value() == "other":
            return queryset.exclude(schema_version=ours)
        if self.value() == FAILED:
            failed = queryset.exclude(schema_version=ours)
            return failed.filter(migration__state=MigrationOutcome.FAILED)
        return queryset
