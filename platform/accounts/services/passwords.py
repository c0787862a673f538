"""Proving who one is by a password, changing it, and setting a new one by a mailed link."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_noop

from accounts.choices import EndReason
from accounts.models import PasswordReset, User
from accounts.origin import Origin
from accounts.services.attempts import (
    TooManyAttempts,
    attempt_succeeded,
    count_attempt,
)
from accounts.services.emergency import break_the_glass
from accounts.services.mailing import mail_person
from accounts.services.sign_ins import end_sign_ins
from accounts.sign_in_rules import may_use_password
from audit.services import record
from core.actors import system_actor
from core.clock import now
from core.errors import FieldError, InvalidInput, field_error

RESET_MINUTES = 30
LONGEST_PASSWORD = 1024


def prove_password(*, email: str, password: str, origin: Origin) -> User:
    """The person of an e-mail and password. Raises `TooManyAttempts`, or `InvalidInput`.

    An unknown account, a wrong password and a person who may use none here answer in the same words and time.
    """
    attempt = count_attempt(kind="password", email=email, origin=origin)
    found = authenticate(username=email, password=password[:LONGEST_PASSWORD])
    if not isinstance(found, User) or not may_use_password(found):
        raise InvalidInput(
            "This e-mail and password do not open anything here.", code="wrong_password"
        )
    attempt_succeeded(attempt)
    if found.emergency_slot is not None:
        break_the_glass(user=found, origin=origin)
    return found


@transaction.atomic
def set_password(*, user: User, password: str, field: str = "/password") -> None:
    """Store a new password. Raises `InvalidInput` on a weak one; every open sign-in ends by it."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(
            "The password is too weak.",
            code="weak_password",
            errors=[FieldError(field, "weak_password", text) for text in error.messages],
        ) from error
    user.set_password(password)
    user.save(update_fields=["password"])


def change_password(*, user: User, old: str, new: str, origin: Origin) -> None:
    """The person's own change: needs the old password; every sign-in ends, the caller begins a new one."""
    attempt = count_attempt(kind="password", email=user.email, origin=origin)
    if not user.check_password(old):
        raise field_error("/old", "wrong_password", "This is not your password.")
    attempt_succeeded(attempt)
    _replace(user, new, "accounts.password.change")


@transaction.atomic
def _replace(user: User, password: str, action: str) -> None:
    actor = user.as_actor()
    set_password(user=user, password=password)
    end_sign_ins(user=user, actor=actor, reason=EndReason.PASSWORD)
    PasswordReset.objects.filter(user=user, used_at=None).update(used_at=now())
    record(actor=actor, action=action, target="user", target_id=str(user.pk))
    mail_person(
        user,
        gettext_noop("your password was changed"),
        gettext_noop(
            "Hello %(name)s,\n\nyour password was changed and your other sessions have ended. If this was not you, "
            "tell your administrator now."
        ),
    )


def request_reset(*, email: str, origin: Origin, base_url: str) -> None:
    """Mail a one-time link if there is such a person who may use a password; the caller learns nothing either way."""
    try:
        count_attempt(kind="reset", email=email, origin=origin)
    except TooManyAttempts:
        return
    user = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if "\x00" in email or user is None or user.emergency_slot is not None:
        return
    if not may_use_password(user):
        return
    _mail_link(user, base_url)


@transaction.atomic
def _mail_link(user: User, base_url: str) -> None:
    token = secrets.token_urlsafe(32)
    user.password_resets.filter(used_at=None).update(used_at=now())
    PasswordReset.objects.create(
        user=user,
        token_hash=_hash(token),
        expires_at=now() + timedelta(minutes=RESET_MINUTES),
    )
    record(
        actor=system_actor("password reset"), action="accounts.password.reset_asked", target="user",
        target_id=str(user.pk),
    )  # fmt: skip
    mail_person(
        user,
        gettext_noop("a new password"),
        gettext_noop(
            "Hello %(name)s,\n\nset a new password here within %(minutes)s minutes:\n%(link)s\n\nYour second factor is "
            "asked for as well. If you did not ask for this, nothing has happened."
        ),
        minutes=RESET_MINUTES,
        link=f"{base_url.rstrip('/')}/admin/password-reset/{token}/",
    )


def find_reset(token: str) -> PasswordReset | None:
    """The open reset of a token, or None when unknown, used or expired."""
    return (
        PasswordReset.objects.select_related("user")
        .filter(token_hash=_hash(token), used_at=None, expires_at__gt=now(), user__is_active=True)
        .first()
    )


@transaction.atomic
def finish_reset(*, reset: PasswordReset, password: str) -> User:
    """Set the new password by a link, once; the caller has proved the second factor. All sign-ins end."""
    row = PasswordReset.objects.select_for_update().filter(pk=reset.pk, used_at=None).first()
    if row is None or row.expires_at <= now():
        raise InvalidInput("This link was used or has expired.", code="reset_dead")
    row.used_at = now()
    row.save(update_fields=["used_at"])
    _replace(reset.user, password, "accounts.password.reset")
    return reset.user


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
