"""Words for people: what types, roles, privacy classes, reasons and severities are called."""

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from charts.words import Lang
from datasets.choices import ColumnType, Privacy, Reason, Role, Severity
from datasets.contracts import Finding

TYPES: dict[str, Any] = {
    ColumnType.INTEGER: _("Whole number"),
    ColumnType.DECIMAL: _("Number"),
    ColumnType.TEXT: _("Text"),
    ColumnType.CATEGORY: _("Category"),
    ColumnType.BOOLEAN: _("Yes or no"),
    ColumnType.DATE: _("Date"),
    ColumnType.DATETIME: _("Date and time"),
}
ROLES: dict[str, Any] = {
    Role.FEATURE: _("Feature"),
    Role.TARGET: _("Target"),
    Role.TIME: _("Time"),
    Role.ID: _("Identifier"),
    Role.WEIGHT: _("Weight"),
    Role.PROTECTED: _("Protected"),
    Role.PROHIBITED: _("Prohibited"),
    Role.KNOWN_AFTER_DECISION: _("Known after the decision"),
    Role.IGNORE: _("Ignore"),
}
PRIVACY: dict[str, Any] = {
    Privacy.IDENTITY: _("Identity (encrypted)"),
    Privacy.ATTRIBUTE: _("Attribute"),
    Privacy.RESTRICTED: _("Restricted"),
}
REASONS: dict[str, Any] = {
    Reason.RAGGED_ROW: _("Wrong number of fields"),
    Reason.SHIFTED_ROW: _("Fields shifted"),
    Reason.EMPTY_ROW: _("Empty row"),
    Reason.BAD_QUOTING: _("Faulty quotes"),
    Reason.UNTERMINATED_QUOTE: _("Quote never closed"),
    Reason.BAD_ENCODING: _("Damaged characters"),
    Reason.NUL_BYTE: _("NUL byte"),
    Reason.UNTYPABLE: _("Not of the column's type"),
    Reason.NOT_FINITE: _("Not a finite number"),
    Reason.OUT_OF_RANGE: _("Out of range"),
    Reason.MISSING_REQUIRED: _("Required value missing"),
    Reason.NOT_ALLOWED: _("Value not allowed"),
    Reason.PATTERN_MISMATCH: _("Does not match the pattern"),
    Reason.DUPLICATE_KEY: _("Key occurs twice"),
}
SEVERITIES: dict[str, Any] = {
    Severity.INFO: _("Note"),
    Severity.WARNING: _("Warning"),
    Severity.ERROR: _("Error"),
}
# Most urgent first.
SEVERITY_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def chart_language() -> Lang:
    """The language of the page, as the charts know it."""
    return "zh-hans" if (get_language() or "").startswith("zh") else "en"


def finding_text(finding: Finding) -> str:
    """A finding's sentence in the language of the page."""
    return finding.message_zh if chart_language() == "zh-hans" else finding.message
