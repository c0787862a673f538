"""What scoring keeps of a person: applications and decisions, all under the person's own key."""

from collections.abc import Iterable, Mapping

from core.erasure import Found, Holder, Person, Step, register_holder
from core.vault import SealedValue, vault
from scoring.models import Application, Decision
from scoring.services.applications import CUSTOMER, PURPOSE, REFERENCE, place, reference_index

KIND = "scoring.decision"


def expand(person: Person) -> Person:
    """With the person of each application named, and all applications of that person."""
    box = vault()
    indexes = [reference_index(box, reference) for reference in sorted(person.applications)]
    by_reference = Application.objects.filter(reference_index__in=indexes)
    subjects = person.subjects | {bytes(s) for s in by_reference.values_list("subject", flat=True)}
    rows = list(Application.objects.filter(subject__in=list(subjects)))
    return Person(
        frozenset(subjects),
        person.customers | _opened(rows, CUSTOMER),
        person.applications | _opened(rows, REFERENCE),
        person.identities,
    )


def _opened(rows: Iterable[Application], column: str) -> frozenset[str]:
    values = [
        SealedValue(bytes(row.subject), place(column, row.id), bytes(getattr(row, column)))
        for row in rows
    ]
    return frozenset(text.decode() for text in vault().decrypt_for_ids(PURPOSE, values) if text)


def find(person: Person) -> list[Found]:
    """Decisions of the person."""
    rows = Decision.objects.filter(application__subject__in=list(person.subjects))
    count = rows.count()
    return [Found(KIND, "", count)] if count else []


def remove(person: Person, step: Step) -> Mapping[str, int]:
    """Nothing: the key was all that could open these rows; counted for the certificate."""
    found = Application.objects.filter(subject__in=list(person.subjects)).count()
    return {"applications_unreadable": found}


def register_person() -> None:
    """Called once at start-up."""
    register_holder(Holder(key="scoring", expand=expand, find=find, remove=remove))
