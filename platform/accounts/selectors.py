"""What pages show of sign-ins and factors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.choices import Proof
from accounts.models import SignIn, User
from core.clock import now


@dataclass(frozen=True, slots=True)
class SessionView:
    """An open session; `device` is what the browser says of itself, shortened."""

    id: str
    device: str
    address: str
    since: datetime
    last_seen: datetime
    factors: str
    expires: datetime
    complete: bool


@dataclass(frozen=True, slots=True)
class FactorView:
    id: str
    kind: str
    label: str
    name: str
    since: datetime
    last_used: datetime | None


@dataclass(frozen=True, slots=True)
class OwnFactors:
    factors: Sequence[FactorView]
    codes_left: int


def open_sign_ins(user: User) -> list[SessionView]:
    """Newest first, those whose time is over left out."""
    rows = SignIn.objects.filter(user=user, ended_at=None, expires_at__gt=now()).order_by("-id")
    return [_session(row) for row in rows[:100] if not _idle(row)]


def _idle(row: SignIn) -> bool:
    return (now() - row.last_seen_at).total_seconds() >= row.idle_seconds


def _session(row: SignIn) -> SessionView:
    return SessionView(
        id=str(row.pk),
        device=device_name(row.device),
        address=row.address,
        since=row.created_at,
        last_seen=row.last_seen_at,
        factors=factors_of(row),
        expires=row.expires_at,
        complete=row.is_assured,
    )


def factors_of(row: SignIn) -> str:
    """`Password + One-time code`, for lists; a passkey alone is named once."""
    used = dict.fromkeys(filter(None, (row.first_factor, row.second_factor)))
    return " + ".join(str(Proof(value).label) for value in used)


_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def device_name(agent: str) -> str:
    """`Firefox, Linux`; a program that says neither is shown by its own first words."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return ", ".join(filter(None, (browser, system))) or agent[:60] or _("unknown")


def own_factors(user: User) -> OwnFactors:
    """Apps and passkeys, and how many recovery codes are left."""
    apps: Any = user.code_devices.exclude(confirmed_at=None)
    factors = [_factor(row, "app", _("Authenticator app")) for row in apps]
    factors += [_factor(row, "passkey", _("Passkey")) for row in user.passkeys.all()]
    left = user.recovery_codes.filter(used_at=None).count()
    return OwnFactors(factors=factors, codes_left=left)


def _factor(row: Any, kind: str, label: str) -> FactorView:
    return FactorView(
        id=str(row.pk), kind=kind, label=label, name=row.name, since=row.created_at,
        last_used=row.last_used_at,
    )  # fmt: skip
