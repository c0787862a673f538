"""From what somebody writes down to everything by which a person is known here."""

import re
from collections.abc import Mapping, Sequence

from core.erasure import Person, holders
from core.errors import FieldError, InvalidInput
from core.vault import vault

REFERENCE_LENGTH = 100
IDENTITY_LENGTH = 500
MAX_IDENTITIES = 20
_COLUMN = re.compile(r"^[^\x00-\x1f]{1,200}$")


def application_person(application: str) -> str:
    """The customer an application without one stands for."""
    return f"application:{application}"


def find_person(
    *, customer: str = "", application: str = "", identities: Sequence[Mapping[str, str]] = ()
) -> Person:
    """A person by the bank's own references, with what every module adds. Raises `InvalidInput`."""
    _check(customer, application, identities)
    box = vault()
    named: dict[str, frozenset[str]] = {}
    for each in identities:
        named[each["column"]] = named.get(each["column"], frozenset()) | {each["value"]}
    person = expanded(
        Person(
            subjects=frozenset([box.subject_id(customer)]) if customer else frozenset(),
            customers=frozenset([customer]) if customer else frozenset(),
            applications=frozenset([application]) if application else frozenset(),
            identities=named,
        )
    )
    if not person.subjects:
        alone = application_person(application)
        person = Person(
            frozenset([box.subject_id(alone)]), frozenset([alone]), person.applications, named
        )
    return person


def expanded(person: Person) -> Person:
    """With the references every module knows, until none learns anything new."""
    for _round in range(5):
        before = person
        for holder in holders():
            person = holder.expand(person)
        if person == before:
            break
    return person


def _check(customer: str, application: str, identities: Sequence[Mapping[str, str]]) -> None:
    errors = []
    if not customer and not application:
        detail = "A customer or an application has to be named."
        errors.append(FieldError("/customer", "required", detail))
    for name, text in (("customer", customer), ("application", application)):
        if len(text) > REFERENCE_LENGTH or "\x00" in text:
            detail = f"A reference of 1 to {REFERENCE_LENGTH} characters is expected."
            errors.append(FieldError(f"/{name}", "invalid_reference", detail))
    if len(identities) > MAX_IDENTITIES:
        detail = f"At most {MAX_IDENTITIES} values."
        errors.append(FieldError("/identities", "too_many", detail))
    for place, each in enumerate(identities[:MAX_IDENTITIES]):
        value = each.get("value", "")
        if not _COLUMN.match(each.get("column", "")) or not 0 < len(value) <= IDENTITY_LENGTH:
            detail = "A column's name and a value of it are expected."
            errors.append(FieldError(f"/identities/{place}", "invalid", detail))
    if errors:
        raise InvalidInput("The person is not named properly.", errors=errors)
