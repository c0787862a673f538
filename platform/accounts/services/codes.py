"""Second factors by a code: authenticator apps and recovery codes."""

import base64
import binascii
from dataclasses import dataclass

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext_noop

from accounts.choices import Proof
from accounts.engine import one_time_code, recovery
from accounts.models import CodeDevice, RecoveryCode, User
from accounts.origin import Origin
from accounts.services.attempts import attempt_succeeded, count_attempt
from accounts.services.mailing import mail_person
from audit.services import record
from core.actors import Actor
from core.clock import now
from core.errors import InvalidInput, NotFound, field_error
from core.tenancy import current_schema
from core.vault import scope_vault

PURPOSE, COLUMN = "accounts.code_device", "secret"
MOST_DEVICES = 5
_DRAFT_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class CodeDraft:
    """An authenticator app about to be enrolled. `token` carries the secret back, signed and encrypted."""

    token: str
    uri: str
    shown_secret: str


def draft_code_device(*, user: User, issuer: str) -> CodeDraft:
    """A fresh secret to scan; nothing is stored before a code of it was shown."""
    return _as_draft(user, one_time_code.new_secret(), issuer)


def same_draft(*, user: User, token: str, issuer: str) -> CodeDraft | None:
    """The draft behind a token, to show again after a mistyped code; None for a dead one."""
    secret = _secret_of_draft(user, token)
    return None if secret is None else _as_draft(user, secret, issuer)


def _as_draft(user: User, secret: bytes, issuer: str) -> CodeDraft:
    envelope = scope_vault().encrypt(PURPOSE, "draft", str(user.pk), secret)
    return CodeDraft(
        token=signing.dumps(base64.b64encode(envelope).decode(), salt=_salt(user)),
        uri=one_time_code.enrolment_uri(secret, issuer=issuer, account=user.email),
        shown_secret=one_time_code.shown_secret(secret),
    )


def _secret_of_draft(user: User, token: str) -> bytes | None:
    try:
        text = signing.loads(token, salt=_salt(user), max_age=_DRAFT_SECONDS)
        envelope = base64.b64decode(text, validate=True)
    except (signing.BadSignature, binascii.Error):
        return None
    return scope_vault().decrypt(PURPOSE, "draft", str(user.pk), envelope)


def _salt(user: User) -> str:
    return f"accounts.code_draft.{current_schema()}.{user.pk}"


@transaction.atomic
def enrol_code_device(*, user: User, token: str, code: str, name: str, actor: Actor) -> CodeDevice:
    """Store the app of a draft once it has shown a code. Raises `InvalidInput`; the code is used up."""
    secret = _secret_of_draft(user, token)
    if secret is None:
        raise InvalidInput("This page is too old. Begin again.", code="draft_dead")
    step = one_time_code.matching_step(secret, code.strip(), at=now().timestamp(), after=0)
    if step is None:
        raise field_error(
            "/code", "wrong_code", "This is not the code the app shows now. Is its clock right?"
        )
    User.objects.select_for_update().get(pk=user.pk)
    if user.code_devices.count() >= MOST_DEVICES:
        raise InvalidInput("There are enough authenticator apps already.", code="too_many")
    device = CodeDevice(
        user=user, name=name.strip()[:60] or "App", confirmed_at=now(), last_step=step
    )
    device.secret = scope_vault().encrypt(PURPOSE, COLUMN, str(device.pk), secret)
    device.save(force_insert=True)
    note_factor_change(user, actor, "accounts.factor.add", Proof.CODE, str(device.pk))
    return device


def secret_of(device: CodeDevice) -> bytes:
    """The clear secret, in the process only."""
    return scope_vault().decrypt(PURPOSE, COLUMN, str(device.pk), bytes(device.secret))


def prove_code(*, user: User, code: str, origin: Origin) -> Proof:
    """Check a one-time or recovery code. Raises `TooManyAttempts`, or `InvalidInput` for a wrong or used one."""
    attempt = count_attempt(kind="code", email=user.email, origin=origin)
    proof = _accepted(user, code)
    if proof is None:
        raise field_error("/code", "wrong_code", "This code is wrong, or was used already.")
    attempt_succeeded(attempt)
    return proof


def _accepted(user: User, code: str) -> Proof | None:
    typed = recovery.normal(code)
    if len(typed) == one_time_code.DIGITS:
        return Proof.CODE if _take_code(user, typed) else None
    return Proof.RECOVERY if _take_recovery(user, typed) else None


def _take_code(user: User, code: str) -> bool:
    at = now()
    for device in user.code_devices.exclude(confirmed_at=None):
        step = one_time_code.matching_step(
            secret_of(device), code, at=at.timestamp(), after=device.last_step
        )
        # One statement decides between two who show the same code at once.
        if step is not None and CodeDevice.objects.filter(pk=device.pk, last_step__lt=step).update(
            last_step=step, last_used_at=at
        ):
            return True
    return False


@transaction.atomic
def _take_recovery(user: User, code: str) -> bool:
    hashed = recovery.hash_of(code, owner=str(user.pk))
    taken = user.recovery_codes.filter(code_hash=hashed, used_at=None).update(used_at=now())
    if not taken:
        return False
    left = user.recovery_codes.filter(used_at=None).count()
    record(
        actor=user.as_actor(), action="accounts.recovery_code.use", target="user",
        target_id=str(user.pk), detail={"left": left},
    )  # fmt: skip
    mail_person(
        user,
        gettext_noop("a recovery code was used"),
        gettext_noop(
            "Hello %(name)s,\n\na recovery code was used to log in as you. %(left)s are left. If this was not you, "
            "tell your administrator now."
        ),
        left=left,
    )
    return True


@transaction.atomic
def new_recovery_codes(*, user: User, actor: Actor) -> list[str]:
    """Fresh codes, returned this once; the old ones end."""
    codes = recovery.new_codes()
    user.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, code_hash=recovery.hash_of(code, owner=str(user.pk)))
        for code in codes
    )
    note_factor_change(user, actor, "accounts.recovery_code.renew", Proof.RECOVERY, str(user.pk))
    return codes


@transaction.atomic
def remove_code_device(*, user: User, device_id: str, actor: Actor) -> None:
    """Take one's own app away; the last second factor stays."""
    device = user.code_devices.select_for_update().filter(pk=device_id).first()
    if device is None:
        raise NotFound("No such authenticator app.")
    require_another_factor(user)
    device.delete()
    note_factor_change(user, actor, "accounts.factor.remove", Proof.CODE, device_id)


def require_another_factor(user: User) -> None:
    """Raise `InvalidInput` unless the person has two or more factors. Locks the person's row."""
    User.objects.select_for_update().get(pk=user.pk)
    if user.code_devices.exclude(confirmed_at=None).count() + user.passkeys.count() < 2:
        raise InvalidInput(
            "The last second factor cannot be removed: add another first.", code="last_factor"
        )


def has_factor(user: User) -> bool:
    """True when the person has an app or a passkey; recovery codes alone are no factor."""
    return user.code_devices.exclude(confirmed_at=None).exists() or user.passkeys.exists()


def note_factor_change(user: User, actor: Actor, action: str, kind: Proof, target_id: str) -> None:
    """Audit, and tell the person: who adds a factor to another's account must not stay unseen."""
    record(
        actor=actor, action=action, target="user", target_id=str(user.pk),
        detail={"kind": str(kind.value), "factor": target_id},
    )  # fmt: skip
    mail_person(
        user,
        gettext_noop("your second factors changed"),
        gettext_noop(
            "Hello %(name)s,\n\nyour second factors changed (%(what)s). If this was not you, tell your administrator "
            "now."
        ),
        what=str(kind.label),
    )
