"""The settings of single sign-on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import transaction

from accounts import policies
from accounts.choices import BANK_ROLES, OPS_ROLES
from audit.services import record
from core.actors import Actor
from core.errors import ProblemError, field_error
from core.ids import new_id
from core.outgoing import check_url
from core.tenancy import PUBLIC_SCHEMA, current_schema
from core.vault import scope_vault
from federation.choices import ProviderMethod
from federation.models import Provider

PURPOSE = "federation.provider"
KEY_BITS = 2048


@dataclass(frozen=True, slots=True)
class ProviderRules:
    """Everything a bank sets. `secret` empty keeps the one there is; `role_map` maps a claim's value to a role."""

    name: str
    issuer: str
    client_id: str
    method: str = ProviderMethod.BASIC
    secret: str = ""
    scopes: Sequence[str] = ("openid", "profile", "email")
    role_claim: str = ""
    role_map: Mapping[str, str] | None = None
    email_domains: Sequence[str] = ()
    creates_people: bool = False
    link_claim: str = "sub"
    trusts_second_factor: bool = False
    second_factor_values: Sequence[str] = ("mfa", "otp", "hwk", "swk")
    is_active: bool = True
    is_enforced: bool = False


def active_provider() -> Provider | None:
    """The provider in use in the scope in force."""
    found: Provider | None = Provider.objects.filter(is_active=True).first()
    return found


@transaction.atomic
def save_provider(*, rules: ProviderRules, actor: Actor) -> Provider:
    """Set single sign-on up, or change it; in force from the next login."""
    policies.require(actor, "federation.change")
    provider = Provider.objects.select_for_update().first() or Provider(id=new_id())
    _check(rules, provider)
    before = told(provider) if provider.created_at else {}
    given = asdict(rules) | {"role_map": dict(rules.role_map or {})}
    secret = given.pop("secret")
    for column, value in given.items():
        setattr(provider, column, list(value) if isinstance(value, tuple) else value)
    place = str(provider.id)
    if secret:
        provider.sealed_secret = scope_vault().encrypt(PURPOSE, "secret", place, secret.encode())
    if rules.method == ProviderMethod.KEY and not provider.sealed_key:
        _make_key(provider)
    provider.save()
    record(
        actor=actor, action="federation.provider.save", target="provider", target_id=place,
        detail={"before": before, "after": told(provider), "new_secret": bool(secret)},
    )  # fmt: skip
    return provider


def told(provider: Provider) -> dict[str, Any]:
    """What the audit trail tells of the settings: no secret."""
    kept = [*ProviderRules.__dataclass_fields__]
    kept.remove("secret")
    return {name: getattr(provider, name) for name in kept}


def secret_of(provider: Provider) -> str:
    """The secret in clear, for the call that needs it."""
    return (
        scope_vault()
        .decrypt(PURPOSE, "secret", str(provider.id), bytes(provider.sealed_secret or b""))
        .decode()
    )


def key_of(provider: Provider) -> bytes:
    """Our private key as PEM."""
    return scope_vault().decrypt(
        PURPOSE, "private_key", str(provider.id), bytes(provider.sealed_key or b"")
    )


def _make_key(provider: Provider) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    place = str(provider.id)
    provider.sealed_key = scope_vault().encrypt(PURPOSE, "private_key", place, pem)
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    provider.public_key = {**public, "kid": place, "alg": "RS256", "use": "sig"}


def _check(rules: ProviderRules, provider: Provider) -> None:
    """Raises `InvalidInput` naming the field."""
    for name in ("name", "issuer", "client_id"):
        if not getattr(rules, name).strip():
            raise field_error(f"/{name}", "required", "This is required.")
    try:
        check_url(rules.issuer)
    except ProblemError as error:
        raise field_error("/issuer", error.code, error.detail) from error
    if rules.method not in ProviderMethod.values:
        raise field_error("/method", "unknown_method", "This way of authentication is not known.")
    if rules.method != ProviderMethod.KEY and not (rules.secret or provider.sealed_secret):
        raise field_error("/secret", "required", "A secret is required.")
    if "openid" not in rules.scopes:
        raise field_error("/scopes", "openid_missing", "The scope openid is what makes it a login.")
    if rules.creates_people and not rules.email_domains:
        raise field_error(
            "/email_domains", "required", "Name the domains whose people may be created."
        )
    _check_roles(rules)
    if rules.trusts_second_factor and not rules.second_factor_values:
        raise field_error("/second_factor_values", "required", "Which values mean a second factor?")


def _check_roles(rules: ProviderRules) -> None:
    known = OPS_ROLES if current_schema() == PUBLIC_SCHEMA else BANK_ROLES
    role_map = dict(rules.role_map or {})
    unknown = sorted({str(role) for role in role_map.values()} - known)
    if unknown:
        raise field_error("/role_map", "unknown_role", f"Unknown roles: {', '.join(unknown)}.")
    if rules.role_claim and not role_map:
        raise field_error("/role_map", "required", "Which value of the claim means which role?")
    if rules.creates_people and not rules.role_claim:
        raise field_error(
            "/role_claim", "required", "Who is created needs roles: name the claim that holds them."
        )
