"""Passkeys (W3C Web Authentication, level 3): enrolling one, and proving who one is by it.

The library checks challenge, origin, relying party, user verification and signature. User verification (a finger, a
face, a PIN) is always asked for, so a passkey is two factors in one and may log in without a password.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.choices import Proof
from accounts.models import Passkey, User
from accounts.services.codes import note_factor_change, require_another_factor
from core.actors import Actor
from core.clock import now
from core.errors import Conflict, InvalidInput, NotFound

MOST_PASSKEYS = 10
LONGEST_CREDENTIAL = 20_000


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The bank's own host: `id` without port, `origin` as the browser says it."""

    id: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What the browser is asked for, as JSON, and the challenge that its answer must carry."""

    options: str
    challenge: bytes


def begin_passkey(*, user: User, party: RelyingParty) -> Ceremony:
    """Options for a new passkey; those the person has are left out."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=user.pk.bytes,
        user_name=user.email,
        user_display_name=user.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[_descriptor(key) for key in user.passkeys.all()],
    )
    return Ceremony(options=options_to_json(options), challenge=options.challenge)


@transaction.atomic
def add_passkey(
    *, user: User, answer: str, challenge: bytes, party: RelyingParty, name: str, actor: Actor
) -> Passkey:
    """Store the passkey a browser made. Raises `InvalidInput`, or `Conflict` for one that is known."""
    given = _parsed(answer)
    try:
        found = verify_registration_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise _refused() from error
    User.objects.select_for_update().get(pk=user.pk)
    if user.passkeys.count() >= MOST_PASSKEYS:
        raise InvalidInput("There are enough passkeys already.", code="too_many")
    if Passkey.objects.filter(credential_id=found.credential_id).exists():
        raise Conflict("This passkey is known already.", code="passkey_taken")
    key = Passkey.objects.create(
        user=user,
        name=name.strip()[:60] or "Passkey",
        credential_id=found.credential_id,
        public_key=found.credential_public_key,
        sign_count=found.sign_count,
        transports=_transports(given),
        synced=found.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
    )
    note_factor_change(user, actor, "accounts.factor.add", Proof.PASSKEY, str(key.pk))
    return key


def ask_for_passkey(*, party: RelyingParty, user: User | None = None) -> Ceremony:
    """Options for showing a passkey: any of this host's, or one of a person's own."""
    options = generate_authentication_options(
        rp_id=party.id,
        user_verification=UserVerificationRequirement.REQUIRED,
        allow_credentials=[_descriptor(key) for key in user.passkeys.all()] if user else [],
    )
    return Ceremony(options=options_to_json(options), challenge=options.challenge)


def prove_passkey(
    *, answer: str, challenge: bytes, party: RelyingParty, user: User | None = None
) -> User:
    """The person whose passkey signed the challenge. Raises `InvalidInput`; all refusals read alike."""
    given = _parsed(answer)
    try:
        credential_id = base64url_to_bytes(given["id"])
    except (ValueError, KeyError, TypeError) as error:
        raise _refused() from error
    key = Passkey.objects.select_related("user").filter(credential_id=credential_id).first()
    if key is None or not key.user.is_active or (user is not None and key.user_id != user.pk):
        raise _refused()
    try:
        found = verify_authentication_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=bytes(key.public_key),
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise _refused() from error
    _check_handle(given, key.user_id)
    # A counter that does not grow is a copied key; authenticators that keep none say 0 for ever.
    grew = Q(sign_count__lt=found.new_sign_count) | Q(sign_count=0)
    if not Passkey.objects.filter(grew, pk=key.pk).update(
        sign_count=found.new_sign_count, last_used_at=now()
    ):
        raise _refused()
    return key.user


@transaction.atomic
def remove_passkey(*, user: User, passkey_id: str, actor: Actor) -> None:
    """Take one's own passkey away; the last second factor stays."""
    key = user.passkeys.select_for_update().filter(pk=passkey_id).first()
    if key is None:
        raise NotFound("No such passkey.")
    require_another_factor(user)
    key.delete()
    note_factor_change(user, actor, "accounts.factor.remove", Proof.PASSKEY, passkey_id)


def _descriptor(key: Passkey) -> PublicKeyCredentialDescriptor:
    known = {transport.value: transport for transport in AuthenticatorTransport}
    return PublicKeyCredentialDescriptor(
        id=bytes(key.credential_id), transports=[known[t] for t in key.transports if t in known]
    )


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST_CREDENTIAL:
        raise _refused()
    try:
        given = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise _refused() from error
    if not isinstance(given, dict) or not isinstance(given.get("response"), dict):
        raise _refused()
    return given


def _transports(given: dict[str, Any]) -> list[str]:
    told = given["response"].get("transports")
    known = {transport.value for transport in AuthenticatorTransport}
    return [t for t in told if t in known][:8] if isinstance(told, list) else []


def _check_handle(given: dict[str, Any], user_id: UUID) -> None:
    """A discovered passkey says whose it is; it must say the same as our row."""
    handle = given["response"].get("userHandle")
    if handle is None:
        return
    try:
        same = base64url_to_bytes(handle) == user_id.bytes
    except (ValueError, TypeError):
        same = False
    if not same:
        raise _refused()


def _refused() -> InvalidInput:
    return InvalidInput("This passkey was not accepted. Try again.", code="passkey_refused")
