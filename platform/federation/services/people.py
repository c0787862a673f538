"""Whose login it is: by issuer and subject, by the directory's own id, or a new person; never by e-mail."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services import change_person
from audit.services import record
from core.actors import Actor, system_actor
from core.clock import now
from core.errors import Conflict
from federation.engine.claims import email_of, is_in_domains, roles_of, values_of
from federation.models import Link, Provider, ScimPerson
from federation.services.administrators import keep_an_administrator
from federation.services.errors import SignInRefused
from federation.services.openid import subject_of

SINGLE_SIGN_ON = "single sign-on"


@transaction.atomic
def person_of(provider: Provider, claims: Mapping[str, Any]) -> User:
    """The person who logs in, with the roles the claims give now. Raises `SignInRefused`."""
    _check_domain(provider, claims)
    subject = subject_of(claims)
    link = (
        Link.objects.select_related("user")
        .select_for_update(of=("self",))
        .filter(issuer=provider.issuer, subject=subject)
        .first()
    )
    if link is None:
        link = _by_directory(provider, claims, subject) or _created(provider, claims, subject)
    user: User = link.user
    if not user.is_active:
        raise SignInRefused("Your account here is disabled. Ask your administrator.")
    link.last_login_at = now()
    link.save(update_fields=["last_login_at"])
    return _with_roles(provider, claims, user)


@transaction.atomic
def link_person(provider: Provider, claims: Mapping[str, Any], *, user: User) -> Link:
    """Tie the provider's account to the person who is logged in and asked for it. Raises `SignInRefused`."""
    _check_domain(provider, claims)
    subject = subject_of(claims)
    known = Link.objects.filter(issuer=provider.issuer, subject=subject).first()
    if known is not None and known.user_id != user.pk:
        raise SignInRefused("This account of the identity provider is somebody else's here.")
    if known is not None:
        return known
    if Link.objects.filter(issuer=provider.issuer, user=user).exists():
        raise SignInRefused("You are linked to another account of the identity provider already.")
    return _link(provider, user, subject, origin="linked", actor=user.as_actor())


def _check_domain(provider: Provider, claims: Mapping[str, Any]) -> None:
    if provider.email_domains and not is_in_domains(email_of(claims), provider.email_domains):
        raise SignInRefused("Your e-mail address is not of a domain that may log in here.")


def _by_directory(provider: Provider, claims: Mapping[str, Any], subject: str) -> Link | None:
    """A person whom the bank's directory made here under the id that the provider tells."""
    for value in values_of(claims, provider.link_claim)[:1]:
        found = (
            ScimPerson.objects.select_related("user")
            .filter(external_id=value, deleted_at=None)
            .first()
        )
        if value and found is not None:
            if Link.objects.filter(issuer=provider.issuer, user=found.user).exists():
                raise SignInRefused("You are linked to another account of the identity provider.")
            return _link(
                provider, found.user, subject, origin="provisioned",
                actor=system_actor(SINGLE_SIGN_ON),
            )  # fmt: skip
    return None


def _created(provider: Provider, claims: Mapping[str, Any], subject: str) -> Link:
    email = email_of(claims)
    if email and User.objects.filter(email__iexact=email).exists():
        # Whoever controls an address at the provider would otherwise become the person who has it here.
        raise SignInRefused(
            "A person with this e-mail address is here already and not linked to this account. "
            "Log in as usual and link it, or ask your administrator.",
            code="not_linked",
        )
    roles = roles_of(claims, provider.role_claim, provider.role_map)
    if not provider.creates_people or not email:
        raise SignInRefused("You are not known here. Ask your administrator.", code="not_known")
    if not roles:
        raise SignInRefused("Your account gives you no role here.", code="no_role")
    name = claims.get("name")
    user = User(
        email=email[:254],
        name=(name if isinstance(name, str) and name else email)[:150],
        roles=roles,
    )
    user.set_unusable_password()
    user.save()
    record(
        actor=system_actor(SINGLE_SIGN_ON), action="federation.person.create", target="user",
        target_id=str(user.pk), detail={"roles": roles, "issuer": provider.issuer},
    )  # fmt: skip
    return _link(provider, user, subject, origin="created", actor=system_actor(SINGLE_SIGN_ON))


def _link(provider: Provider, user: User, subject: str, *, origin: str, actor: Actor) -> Link:
    link = Link.objects.create(user=user, issuer=provider.issuer, subject=subject, origin=origin)
    record(
        actor=actor, action="federation.link", target="user", target_id=str(user.pk),
        detail={"issuer": provider.issuer, "origin": origin},
    )  # fmt: skip
    return link


def _with_roles(provider: Provider, claims: Mapping[str, Any], user: User) -> User:
    """Where a claim holds the roles, it holds them at every login."""
    if not provider.role_claim:
        return user
    roles = roles_of(claims, provider.role_claim, provider.role_map)
    if not roles:
        raise SignInRefused("Your account gives you no role here.", code="no_role")
    if roles == sorted(user.roles):
        return user
    try:
        keep_an_administrator(user=user, roles=roles, is_active=True)
    except Conflict:
        # The last administrator stays one, and logs in to name another.
        return user
    return change_person(user_id=str(user.pk), roles=roles, actor=system_actor(SINGLE_SIGN_ON))
