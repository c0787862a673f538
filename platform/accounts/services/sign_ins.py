"""Sign-ins from the first factor to their end."""

from datetime import timedelta

from django.db import transaction

from accounts import policies
from accounts.choices import FIRST_FACTORS, SECOND_FACTORS, EndReason
from accounts.models import SignIn, User
from accounts.origin import Origin
from accounts.services.security_rules import current_rules
from audit.services import record
from core.actors import Actor
from core.clock import now
from core.errors import Forbidden, NotFound

# Between the first factor and the second.
PENDING = timedelta(minutes=10)
# How stale `last_seen_at` may be: one write a minute, not one a request.
SEEN_EVERY = timedelta(seconds=60)
# An emergency is an hour's work, whatever the bank's rules say.
EMERGENCY_HOURS = 1


@transaction.atomic
def begin_sign_in(*, user: User, first_factor: str, origin: Origin) -> SignIn:
    """A sign-in that opens no page yet: its first factor was proved a moment ago."""
    if first_factor not in FIRST_FACTORS:
        raise ValueError(f"{first_factor!r} begins no sign-in.")
    at = now()
    return SignIn.objects.create(
        user=user,
        first_factor=first_factor,
        address=origin.address[:45],
        device=origin.device[:200],
        last_seen_at=at,
        idle_seconds=int(PENDING.total_seconds()),
        expires_at=at + PENDING,
        auth_hash=user.get_session_auth_hash(),
    )


@transaction.atomic
def complete_sign_in(*, sign_in: SignIn, second_factor: str) -> SignIn:
    """The second factor was proved a moment ago: from now on the sign-in opens pages."""
    if second_factor not in SECOND_FACTORS:
        raise ValueError(f"{second_factor!r} completes no sign-in.")
    row = SignIn.objects.select_for_update().select_related("user").get(pk=sign_in.pk)
    user, at = row.user, now()
    if row.ended_at is not None or row.expires_at <= at or not user.is_active:
        raise Forbidden("This sign-in has ended.", code="sign_in_ended")
    first_time = not row.is_assured
    row.second_factor, row.proved_at, row.last_seen_at = second_factor, at, at
    if first_time:
        rules = current_rules()
        hours = rules.absolute_hours if user.emergency_slot is None else EMERGENCY_HOURS
        row.idle_seconds = rules.idle_minutes * 60
        row.expires_at = at + timedelta(hours=hours)
        user.last_login = at
        user.save(update_fields=["last_login"])
    row.save()
    record(
        actor=user.as_actor(),
        action="accounts.sign_in" if first_time else "accounts.sign_in.prove",
        target="user",
        target_id=str(user.pk),
        detail={"sign_in": str(row.pk), "factors": [row.first_factor, second_factor]},
    )
    return row


def find_sign_in(sign_in_id: str) -> SignIn | None:
    """The open sign-in of a browser's session, or None; one whose time is over is ended here.

    Everything is looked at with each request: the person's state, their password, both time-outs.
    """
    row = SignIn.objects.select_related("user").filter(pk=sign_in_id, ended_at=None).first()
    if row is None:
        return None
    reason = _over(row)
    if reason:
        _end(row, reason)
        return None
    at = now()
    if at - row.last_seen_at >= SEEN_EVERY:
        SignIn.objects.filter(pk=row.pk).update(last_seen_at=at)
        row.last_seen_at = at
    return row


def _over(row: SignIn) -> EndReason | None:
    at = now()
    if not row.user.is_active:
        return EndReason.DISABLED
    if row.auth_hash != row.user.get_session_auth_hash():
        return EndReason.PASSWORD
    if row.expires_at <= at:
        return EndReason.EXPIRED
    if row.last_seen_at + timedelta(seconds=row.idle_seconds) <= at:
        return EndReason.IDLE
    return None


def _end(row: SignIn, reason: EndReason) -> bool:
    return bool(
        SignIn.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now(), end_reason=reason)
    )


def is_fresh(sign_in: SignIn, *, minutes: int | None = None) -> bool:
    """True when the second factor was shown within the bank's time for what matters."""
    if sign_in.proved_at is None:
        return False
    minutes = current_rules().fresh_minutes if minutes is None else minutes
    return now() - sign_in.proved_at < timedelta(minutes=minutes)


def end_sign_in(*, sign_in: SignIn) -> None:
    """The person logs out."""
    with transaction.atomic():
        if _end(sign_in, EndReason.LEFT) and sign_in.is_assured:
            _record_end(sign_in.user.as_actor(), sign_in.user_id, [sign_in], EndReason.LEFT)


@transaction.atomic
def end_sign_ins(
    *,
    user: User,
    actor: Actor,
    reason: EndReason,
    only: str | None = None,
    but: str | None = None,
) -> int:
    """End a person's open sign-ins: one (`only`), all, or all but one (`but`). Returns how many.

    One's own are one's own affair; another's need the permission to change people.
    """
    if str(user.pk) != actor.id:
        policies.require(actor, "accounts.user.change")
    rows = SignIn.objects.select_for_update().filter(user=user, ended_at=None).order_by("pk")
    if only is not None:
        rows = rows.filter(pk=only)
    if but is not None:
        rows = rows.exclude(pk=but)
    ended = list(rows)
    if only is not None and not ended:
        raise NotFound("No such session, or it has ended.")
    for row in ended:
        row.ended_at, row.end_reason = now(), reason
        row.save(update_fields=["ended_at", "end_reason"])
    if ended:
        _record_end(actor, user.pk, ended, reason)
    return len(ended)


def _record_end(actor: Actor, user_id: object, rows: list[SignIn], reason: EndReason) -> None:
    record(
        actor=actor, action="accounts.sign_in.end", target="user", target_id=str(user_id),
        detail={"sign_ins": [str(row.pk) for row in rows], "reason": str(reason.value)},
    )  # fmt: skip
