"""Break-glass administrators: at most two a bank, whose sealed password opens once, also past single sign-on.

The credential is made here, shown once to the administrator who seals it, and kept by the bank where it keeps such
things. Its use breaks the seal: the password is void from then on, every administrator gets a mail, the trail an entry.
"""

import secrets

from django.db import transaction
from django.utils.translation import gettext_noop

from accounts import policies
from accounts.choices import EndReason, Role
from accounts.models import User
from accounts.origin import Origin
from accounts.services.mailing import mail_person
from accounts.services.sign_ins import end_sign_ins
from audit.services import record
from core.actors import Actor
from core.clock import now
from core.errors import Conflict, InvalidInput, NotFound
from core.tenancy import PUBLIC_SCHEMA, current_schema

SLOTS = (1, 2)
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
_GROUPS, _GROUP = 6, 5


@transaction.atomic
def seal_emergency(*, user_id: str, actor: Actor) -> tuple[User, str]:
    """Designate a bank administrator for emergencies, or seal anew after use. Returns the password, this once.

    Raises `Conflict` when two others are designated already, or for oneself: nobody seals their own envelope.
    """
    policies.require(actor, "accounts.emergency.change")
    user = _person(user_id)
    if str(user.pk) == actor.id:
        raise Conflict("Another administrator has to seal this.", code="self_seal")
    if current_schema() == PUBLIC_SCHEMA or Role.BANK_ADMIN not in user.roles:
        raise InvalidInput("Only a bank administrator can stand in here.", code="not_an_admin")
    if user.emergency_slot is None:
        user.emergency_slot = _free_slot()
    password = _new_password()
    user.set_password(password)
    user.emergency_sealed_at = now()
    user.save(update_fields=["emergency_slot", "emergency_sealed_at", "password"])
    end_sign_ins(user=user, actor=actor, reason=EndReason.PASSWORD)
    record(
        actor=actor, action="accounts.emergency.seal", target="user", target_id=str(user.pk),
        detail={"slot": user.emergency_slot},
    )  # fmt: skip
    return user, password


@transaction.atomic
def withdraw_emergency(*, user_id: str, actor: Actor) -> User:
    """The person is an ordinary administrator again; the sealed password is void."""
    policies.require(actor, "accounts.emergency.change")
    user = _person(user_id)
    if user.emergency_slot is None:
        raise Conflict("This is no emergency administrator.", code="not_emergency")
    user.emergency_slot, user.emergency_sealed_at = None, None
    user.set_unusable_password()
    user.save(update_fields=["emergency_slot", "emergency_sealed_at", "password"])
    record(actor=actor, action="accounts.emergency.withdraw", target="user", target_id=str(user.pk))
    return user


@transaction.atomic
def break_the_glass(*, user: User, origin: Origin) -> None:
    """The sealed password was right: void it and raise the alarm, before anything is opened by it.

    Raises `InvalidInput` in the words of a wrong password when somebody else broke the seal a moment ago.
    """
    opened = User.objects.filter(pk=user.pk, emergency_sealed_at__isnull=False).exclude(
        emergency_slot=None
    )
    user.set_unusable_password()
    if not opened.update(emergency_sealed_at=None, password=user.password):
        raise InvalidInput(
            "This e-mail and password do not open anything here.", code="wrong_password"
        )
    user.emergency_sealed_at = None
    record(
        actor=user.as_actor(), action="accounts.emergency.use", target="user",
        target_id=str(user.pk), detail={"network": origin.network},
    )  # fmt: skip
    for other in User.objects.filter(is_active=True, roles__contains=[Role.BANK_ADMIN.value]):
        mail_person(
            other,
            gettext_noop("ALARM: an emergency credential was used"),
            gettext_noop(
                "Hello %(name)s,\n\nthe sealed emergency credential of %(who)s was used at %(when)s UTC from "
                "%(network)s. If nobody told you why, end that person's sessions now. The credential is void: seal a "
                "new one."
            ),
            who=user.email,
            when=f"{now():%Y-%m-%d %H:%M}",
            network=origin.network,
        )


def _person(user_id: str) -> User:
    user = User.objects.select_for_update().filter(pk=user_id, is_active=True).first()
    if user is None:
        raise NotFound("No such person, or disabled.")
    return user


def _free_slot() -> int:
    taken = set(
        User.objects.select_for_update()
        .exclude(emergency_slot=None)
        .values_list("emergency_slot", flat=True)
    )
    free = [slot for slot in SLOTS if slot not in taken]
    if not free:
        raise Conflict("There are two emergency administrators already.", code="slots_taken")
    return free[0]


def _new_password() -> str:
    """30 letters of 30: 147 bits, readable from paper."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_GROUPS * _GROUP))
    return "-".join(letters[i : i + _GROUP] for i in range(0, len(letters), _GROUP))
