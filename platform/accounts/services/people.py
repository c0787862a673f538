"""Inviting, changing and disabling people."""

import hashlib
import secrets
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_noop

from accounts import policies
from accounts.choices import BANK_ROLES, OPS_ROLES, EndReason
from accounts.models import Invitation, User
from accounts.services.mailing import mail_person
from accounts.services.passwords import set_password
from accounts.services.sign_ins import end_sign_ins
from audit.services import record
from core.actors import Actor
from core.clock import now
from core.errors import Conflict, FieldError, InvalidInput, NotFound, field_error
from core.metering import require_room
from core.tenancy import PUBLIC_SCHEMA, current_schema

INVITATION_DAYS = 7


def _check_roles(roles: list[str]) -> None:
    known = OPS_ROLES if current_schema() == PUBLIC_SCHEMA else BANK_ROLES
    unknown = sorted(set(roles) - known)
    if unknown or not roles:
        raise field_error(
            "/roles", "unknown_role", f"Unknown or no role: {', '.join(unknown) or '-'}."
        )


@transaction.atomic
def invite_person(
    *, email: str, name: str, roles: list[str], actor: Actor, base_url: str, language: str = "en"
) -> tuple[User, str]:
    """Create a person without a password and mail a one-time link. Returns the person and the link."""
    policies.require(actor, "accounts.user.change")
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise field_error("/email", "invalid_email", "This is not an e-mail address.") from error
    _check_roles(roles)
    if User.objects.filter(email__iexact=email).exists():
        taken = FieldError("/email", "email_taken", "This e-mail address is known already.")
        raise Conflict("The person is known already.", code="email_taken", errors=[taken])
    require_room("people")
    user = User(
        email=email, name=name.strip() or email, roles=sorted(set(roles)), language=language
    )
    user.set_unusable_password()
    user.save()
    link = _new_invitation(user=user, actor=actor, base_url=base_url)
    record(
        actor=actor, action="accounts.user.invite", target="user", target_id=str(user.id),
        detail={"roles": user.roles},
    )  # fmt: skip
    return user, link


def _new_invitation(*, user: User, actor: Actor, base_url: str) -> str:
    token = secrets.token_urlsafe(32)
    Invitation.objects.create(
        user=user,
        token_hash=hashlib.sha256(token.encode()).hexdigest(),
        expires_at=now() + timedelta(days=INVITATION_DAYS),
        invited_by=str(actor),
    )
    link = f"{base_url.rstrip('/')}/admin/invitation/{token}/"
    transaction.on_commit(
        lambda: send_mail(
            "Panorama: your invitation",
            f"Hello {user.name},\n\nset your password here within {INVITATION_DAYS} days:\n{link}\n",
            None,
            [user.email],
        )
    )
    return link


@transaction.atomic
def invite_again(*, user_id: str, actor: Actor, base_url: str) -> str:
    """End the open invitations of a person and mail a new link, which it returns."""
    policies.require(actor, "accounts.user.change")
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise NotFound("No such person, or disabled.")
    user.invitations.filter(accepted_at=None).update(expires_at=now())
    link = _new_invitation(user=user, actor=actor, base_url=base_url)
    record(actor=actor, action="accounts.user.invite_again", target="user", target_id=str(user.id))
    return link


def find_invitation(token: str) -> Invitation | None:
    """The open invitation of a token, or None when unknown, used or expired."""
    return (
        Invitation.objects.select_related("user")
        .filter(
            token_hash=hashlib.sha256(token.encode()).hexdigest(),
            accepted_at=None,
            expires_at__gt=now(),
        )
        .first()
    )


@transaction.atomic
def accept_invitation(*, token: str, password: str) -> User:
    """Set the first password. Raises `InvalidInput` on a weak password or a dead link."""
    invitation = find_invitation(token)
    if invitation is None:
        raise InvalidInput("This link was used or has expired.", code="invitation_dead")
    user = invitation.user
    if not user.is_active:
        raise InvalidInput("This link was used or has expired.", code="invitation_dead")
    set_password(user=user, password=password)
    updated = Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(
        accepted_at=now()
    )
    if not updated:
        raise InvalidInput("This link was used or has expired.", code="invitation_dead")
    record(
        actor=user.as_actor(),
        action="accounts.user.accept_invitation",
        target="user",
        target_id=str(user.id),
    )
    return user


@transaction.atomic
def change_person(
    *, user_id: str, actor: Actor, roles: list[str] | None = None, is_active: bool | None = None
) -> User:
    """Change roles or disable; effective on the person's next request."""
    policies.require(actor, "accounts.user.change")
    user: User = User.objects.select_for_update().get(pk=user_id)
    before = {"roles": list(user.roles), "is_active": user.is_active}
    if roles is not None:
        _check_roles(roles)
        user.roles = sorted(set(roles))
    if is_active is not None:
        if not is_active and str(user.id) == actor.id:
            raise Conflict("Nobody disables themselves.", code="self_disable")
        user.is_active = is_active
    user.save()
    if not user.is_active:
        end_sign_ins(user=user, actor=actor, reason=EndReason.DISABLED)
    record(
        actor=actor, action="accounts.user.change", target="user", target_id=str(user.id),
        detail={"before": before, "after": {"roles": user.roles, "is_active": user.is_active}},
    )  # fmt: skip
    return user


@transaction.atomic
def reset_factors(*, user_id: str, actor: Actor, base_url: str) -> User:
    """Take a person's second factors away, by another administrator; the way back in is a mailed invitation.

    The password goes too: otherwise whoever knows it, and no more, could enrol a factor of their own.
    """
    policies.require(actor, "accounts.user.change")
    user = User.objects.select_for_update().filter(pk=user_id, is_active=True).first()
    if user is None:
        raise NotFound("No such person, or disabled.")
    if str(user.pk) == actor.id:
        raise Conflict("Another administrator has to reset your factors.", code="self_reset")
    gone = [
        rows.all().delete()[0] for rows in (user.code_devices, user.passkeys, user.recovery_codes)
    ]
    user.set_unusable_password()
    user.save(update_fields=["password"])
    end_sign_ins(user=user, actor=actor, reason=EndReason.RESET)
    user.invitations.filter(accepted_at=None).update(expires_at=now())
    _new_invitation(user=user, actor=actor, base_url=base_url)
    record(
        actor=actor, action="accounts.factor.reset", target="user", target_id=str(user.pk),
        detail={"apps": gone[0], "passkeys": gone[1], "recovery_codes": gone[2]},
    )  # fmt: skip
    mail_person(
        user,
        gettext_noop("your second factors were reset"),
        gettext_noop(
            "Hello %(name)s,\n\n%(who)s has reset your second factors and your password. Another mail brings the link "
            "to set both anew. If you did not ask for this, tell your administrator now."
        ),
        who=actor.label,
    )
    return user
