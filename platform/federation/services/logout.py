"""Logging out: here, at the identity provider, and by its back channel (OpenID Connect Back-Channel Logout 1.0)."""

from datetime import timedelta
from urllib.parse import urlencode

from django.db import transaction

from accounts.choices import EndReason
from accounts.models import SignIn
from accounts.services import end_sign_ins
from accounts.services.once import use_once
from audit.services import record
from core.actors import system_actor
from core.clock import now
from core.errors import NotFound
from federation.models import FederatedLogin, Provider
from federation.services.errors import AnswerInvalid, ProviderDown
from federation.services.openid import endpoints, validated

EVENT = "http://schemas.openid.net/event/backchannel-logout"
_ACTOR = system_actor("back-channel logout")


def remember_login(*, sign_in: SignIn, provider: Provider, subject: str, sid: str) -> None:
    """So that the provider can end it."""
    FederatedLogin.objects.create(
        user=sign_in.user,
        issuer=provider.issuer,
        subject=subject,
        sid=sid[:255],
        session=str(sign_in.pk),
    )


def logout_address(provider: Provider, *, id_token: str, back: str) -> str:
    """Where the browser ends the provider's session, too (RP-Initiated Logout 1.0); "" where it has no such place."""
    try:
        address = endpoints(provider).end_session
    except ProviderDown:
        return ""
    if not address:
        return ""
    asked = {
        "id_token_hint": id_token,
        "client_id": provider.client_id,
        "post_logout_redirect_uri": back,
    }
    return address + ("&" if "?" in address else "?") + urlencode(asked)


@transaction.atomic
def end_by_token(provider: Provider, token: str) -> int:
    """End the logins a logout token names; returns how many. Raises `AnswerInvalid`, `ProviderDown`."""
    claims = validated(provider, endpoints(provider), token)
    events, jti = claims.get("events"), claims.get("jti")
    if not isinstance(events, dict) or EVENT not in events or "nonce" in claims:
        raise AnswerInvalid("This is no logout token.")
    if not isinstance(jti, str) or not use_once(
        f"logout\n{provider.issuer}\n{jti}", until=now() + timedelta(days=2)
    ):
        raise AnswerInvalid("This logout token was used already.")
    sid, subject = claims.get("sid"), claims.get("sub")
    rows = FederatedLogin.objects.select_related("user").filter(
        issuer=provider.issuer, ended_at=None
    )
    if isinstance(sid, str) and sid:
        rows = rows.filter(sid=sid)
    elif isinstance(subject, str) and subject:
        rows = rows.filter(subject=subject)
    else:
        raise AnswerInvalid("The logout token names neither a session nor a person.")
    return sum(_ended(row) for row in rows)


def _ended(row: FederatedLogin) -> int:
    FederatedLogin.objects.filter(pk=row.pk).update(ended_at=now())
    try:
        count = end_sign_ins(user=row.user, actor=_ACTOR, reason=EndReason.LEFT, only=row.session)
    except NotFound:
        return 0
    record(
        actor=_ACTOR, action="federation.logout", target="user", target_id=str(row.user_id),
        detail={"sign_in": row.session},
    )  # fmt: skip
    return int(count)
