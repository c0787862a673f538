"""How figures of datasets are written on pages."""

from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from charts.numerals import finite
from datasets import labels
from datasets.states import LoadState

register = template.Library()
NOTHING = "–"
ROUND_FROM = 1_000
DELIMITERS = {
    ",": _("comma"),
    ";": _("semicolon"),
    "\t": _("tab"),
    "|": _("vertical bar"),
    " ": _("blank"),
}


@register.filter
def share(value: Any) -> str:
    """A share between 0 and 1 as per cent."""
    held = finite(value) if isinstance(value, int | float) else None
    return NOTHING if held is None else f"{held:.2%}"


@register.filter
def over(part: int, whole: int) -> str:
    """part / whole as per cent."""
    return share(part / whole) if whole else NOTHING


@register.filter
def thousands(value: Any) -> str:
    """A whole number with separators."""
    return f"{value:,}" if isinstance(value, int) else NOTHING


@register.filter
def figure(value: Any) -> str:
    """A number with four figures at least, anything else as it is."""
    if value is None:
        return NOTHING
    if not isinstance(value, int | float):
        return str(value)
    if abs(value) >= ROUND_FROM or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.4g}"


@register.filter
def delimiter(value: str) -> str:
    """What a delimiter is called."""
    return str(DELIMITERS.get(value, value))


@register.filter
def type_name(value: str) -> str:
    """What a column type is called."""
    return str(labels.TYPES.get(value, value))


@register.filter
def load_state(value: str) -> str:
    """What a load's state is called."""
    return str(LoadState(value).label)
