"""Numbers as the pages of scoring write them; what is not known is a dash."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from jobs.choices import JobState

register = template.Library()
DASH = "–"


@register.filter
def thousands(value: Any) -> str:
    """1234567 as 1,234,567."""
    return DASH if value is None or value == "" else f"{int(value):,}"


@register.filter
def three(value: Any) -> str:
    """A figure such as AUC at three decimals."""
    return DASH if value is None or value == "" else f"{value:.3f}"


@register.filter
def share(value: Any) -> str:
    """A fraction as a percentage at one decimal."""
    return DASH if value is None or value == "" else f"{value * 100:.1f} %"


@register.filter
def small_share(value: Any) -> str:
    """A fraction as a percentage at two decimals."""
    return DASH if value is None or value == "" else f"{value * 100:.2f} %"


@register.filter
def signed(value: Any) -> str:
    """With its sign, a true minus."""
    if value is None or value == "":
        return DASH
    text = f"{value:+,}" if isinstance(value, int) else f"{value:+.3f}"
    return text.replace("-", "−")


@register.filter
def interval(estimate: Mapping[str, float] | None) -> SafeString | str:
    """An estimate with its interval, such as 0.775 [0.698, 0.837]."""
    if not estimate:
        return DASH
    return format_html(
        '{}<span class="pan-interval">[{}, {}]</span>',
        f"{estimate['value']:.3f}",
        f"{estimate['low']:.3f}",
        f"{estimate['high']:.3f}",
    )


@register.filter
def rate(value: str | Decimal | None) -> str:
    """A decimal fraction as a percentage without rounding: 0.0720 as 7.20 %."""
    return DASH if value in (None, "") else f"{(Decimal(str(value)) * 100).normalize():f} %"


@register.filter
def money(minor: int | None, currency: str = "") -> str:
    """Minor units as an amount with its currency; cents only where there are some."""
    if minor is None:
        return DASH
    whole = int(minor) % 100 == 0
    amount = f"{int(minor) // 100:,}" if whole else f"{Decimal(minor) / 100:,.2f}"
    return f"{amount} {currency}".strip()


@register.filter
def short_hash(value: str | None) -> SafeString | str:
    """The first digits of a hash, the whole of it on hover."""
    if not value:
        return DASH
    return format_html('<code class="pan-hash" title="{}">{}…</code>', value, value[:12])


@register.filter
def item(mapping: Mapping[str, Any], key: str) -> Any:
    """An entry of a mapping."""
    return mapping.get(key)


@register.filter
def rows_a_second(job: Any) -> str:
    """The rate now, or over the whole job once it is over."""
    rate = job.rate
    if job.finished and job.started_at and job.finished_at:
        seconds = (job.finished_at - job.started_at).total_seconds()
        rate = job.done / seconds if seconds > 0 else 0
    return gettext("%(rate)s rows/s") % {"rate": f"{rate:,.0f}"}


@register.filter
def job_state(value: str) -> str:
    """A job's state in the reader's language."""
    return str(JobState(value).label)
