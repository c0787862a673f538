"""What a bank's directory may do with people over SCIM; each is an audit entry, in force on the next request."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts import policies
from accounts.choices import BANK_ROLES, OPS_ROLES
from accounts.models import User
from accounts.services import change_person
from audit.services import record
from core.actors import Actor, system_actor
from core.clock import now
from core.errors import Conflict, NotFound
from core.tenancy import PUBLIC_SCHEMA, current_schema
from federation.engine.scim import Person, ScimRefused
from federation.models import Provider, ScimPerson
from federation.services.administrators import keep_an_administrator

PERMISSION = "federation.scim"
COUNT_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Listing:
    """A part of the people, and how many there are in all."""

    rows: list[User]
    total: int


def find_people(
    *, actor: Actor, attribute: str = "", value: str = "", start: int = 1, count: int = 100
) -> Listing:
    """People in the order of their keys; emergency administrators are no affair of a directory."""
    policies.require(actor, PERMISSION)
    rows = _people()
    if attribute == "username":
        rows = rows.filter(email__iexact=value)
    elif attribute == "externalid":
        rows = rows.filter(scim__external_id=value)
    elif attribute == "id":
        rows = rows.filter(pk=value) if _is_key(value) else rows.none()
    first = max(start, 1) - 1
    wanted = min(max(count, 0), COUNT_AT_MOST)
    return Listing(list(rows.order_by("pk")[first : first + wanted]), rows.count())


def find_person(*, user_id: str, actor: Actor) -> User:
    """Raises `NotFound`, also for who was deleted over SCIM."""
    policies.require(actor, PERMISSION)
    user: User | None = _people().filter(pk=user_id).first()
    if user is None:
        raise NotFound("No such person.")
    return user


def as_person(user: User) -> Person:
    """A person as the directory sees them."""
    row = getattr(user, "scim", None)
    return Person(
        user_name=user.email,
        external_id=row.external_id if row else "",
        display_name=user.name,
        given_name=row.given_name if row else "",
        family_name=row.family_name if row else "",
        active=user.is_active,
        roles=tuple(user.roles),
    )


@transaction.atomic
def create_person(*, given: Person, actor: Actor) -> User:
    """A person without a password. Who was deleted over SCIM comes back under the same name."""
    policies.require(actor, PERMISSION)
    known = (
        User.objects.select_for_update(of=("self",)).filter(email__iexact=given.user_name).first()
    )
    if known is not None:
        row = ScimPerson.objects.filter(user=known).exclude(deleted_at=None).first()
        if row is None:
            raise ScimRefused("uniqueness", "This userName is taken.", status=409)
        ScimPerson.objects.filter(pk=row.pk).update(deleted_at=None)
        return _written(known, given, actor)
    _check_name(given)
    user = User(
        email=given.user_name, name=_name(given), roles=_roles(given), is_active=given.active
    )
    user.set_unusable_password()
    user.save()
    _keep(user, given)
    record(
        actor=actor, action="federation.scim.create", target="user", target_id=str(user.pk),
        detail={"roles": user.roles, "is_active": user.is_active},
    )  # fmt: skip
    return find_person(user_id=str(user.pk), actor=actor)


@transaction.atomic
def replace_person(*, user_id: str, given: Person, actor: Actor) -> User:
    """Make a person what the directory says; sessions end with `active` false."""
    user = find_person(user_id=user_id, actor=actor)
    User.objects.select_for_update().get(pk=user.pk)
    return _written(user, given, actor)


@transaction.atomic
def delete_person(*, user_id: str, actor: Actor) -> None:
    """Disable; the person is gone for the directory, and stays in the audit trail and wherever they acted."""
    user = find_person(user_id=user_id, actor=actor)
    _change(user, roles=list(user.roles), is_active=False, actor=actor)
    row, _ = ScimPerson.objects.get_or_create(user=user)
    row.deleted_at, row.external_id = now(), ""
    row.save()
    record(actor=actor, action="federation.scim.delete", target="user", target_id=str(user.pk))


def _people():  # type: ignore[no-untyped-def]
    return (
        User.objects.select_related("scim")
        .filter(emergency_slot=None)
        .exclude(scim__deleted_at__isnull=False)
    )


def _written(user: User, given: Person, actor: Actor) -> User:
    if given.user_name.lower() != user.email.lower():
        _check_name(given)
        if User.objects.filter(email__iexact=given.user_name).exclude(pk=user.pk).exists():
            raise ScimRefused("uniqueness", "This userName is taken.", status=409)
    roles = list(user.roles) if given.roles is None else _roles(given)
    _change(user, roles=roles, is_active=given.active, actor=actor)
    User.objects.filter(pk=user.pk).update(email=given.user_name, name=_name(given))
    _keep(user, given)
    record(
        actor=actor, action="federation.scim.replace", target="user", target_id=str(user.pk),
        detail={"renamed": given.user_name.lower() != user.email.lower()},
    )  # fmt: skip
    return find_person(user_id=str(user.pk), actor=actor)


def _change(user: User, *, roles: list[str], is_active: bool, actor: Actor) -> None:
    """Roles and activity, by the service that ends sessions. Raises `ScimRefused` for the last administrator."""
    if sorted(roles) == sorted(user.roles) and is_active == user.is_active:
        return
    try:
        keep_an_administrator(user=user, roles=roles, is_active=is_active)
    except Conflict as error:
        raise ScimRefused("mutability", error.detail, status=409) from error
    # The directory's right is `scim`; the service below asks for a person's right, which the platform has.
    change_person(
        user_id=str(user.pk),
        roles=roles if roles and sorted(roles) != sorted(user.roles) else None,
        is_active=is_active,
        actor=system_actor(f"SCIM {actor.label}"),
    )
    if not roles:
        User.objects.filter(pk=user.pk).update(roles=[])


def _keep(user: User, given: Person) -> None:
    taken = ScimPerson.objects.filter(external_id=given.external_id).exclude(user=user)
    if given.external_id and taken.exists():
        raise ScimRefused("uniqueness", "This externalId is another person's.", status=409)
    ScimPerson.objects.update_or_create(
        user=user,
        defaults={
            "external_id": given.external_id,
            "given_name": given.given_name[:150],
            "family_name": given.family_name[:150],
        },
    )


def _roles(given: Person) -> list[str]:
    """Our roles: by their own names, or by the values that single sign-on maps."""
    known = OPS_ROLES if current_schema() == PUBLIC_SCHEMA else BANK_ROLES
    provider = Provider.objects.first()
    by_value = dict(provider.role_map) if provider is not None else {}
    roles = [by_value.get(value, value) for value in given.roles or ()]
    unknown = sorted(set(roles) - known)
    if unknown:
        raise ScimRefused("invalidValue", f"Unknown roles: {', '.join(unknown)[:200]}.")
    return sorted(set(roles))


def _check_name(given: Person) -> None:
    try:
        validate_email(given.user_name)
    except ValidationError as error:
        raise ScimRefused("invalidValue", "userName is an e-mail address here.") from error


def _name(given: Person) -> str:
    both = f"{given.given_name} {given.family_name}".strip()
    return (given.display_name or both or given.user_name)[:150]


def _is_key(value: str) -> bool:
    try:
        User._meta.pk.to_python(value)
    except ValidationError:
        return False
    return True
