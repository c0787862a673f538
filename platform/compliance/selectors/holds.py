"""Legal holds: what they keep, and which of them stand against an erasure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from compliance.choices import HOLDING, HoldScope
from compliance.models import LegalHold
from core.erasure import Found, Person
from core.errors import NotFound
from core.retention import Held
from core.vault import SealedValue, vault

PURPOSE = "compliance.hold"


@dataclass(frozen=True, slots=True)
class HoldView:
    """A hold without the person's name; `reference` only where it was asked for and can be read."""

    id: str
    scope: str
    target: str
    target_label: str
    reason: str
    state: str
    proposed_by: str
    approved_by: str
    lifting_by: str
    lifting_reason: str
    lifted_by: str
    created_at: datetime
    lifted_at: datetime | None
    reference: str = ""

    @property
    def holds(self) -> bool:
        return self.state in HOLDING


def hold_rows(*, state: str = "", scope: str = "") -> QuerySet[LegalHold]:
    """Holds, newest first."""
    wanted = {name: value for name, value in (("state", state), ("scope", scope)) if value}
    return LegalHold.objects.filter(**wanted).order_by("-id")


def as_hold(row: LegalHold, reference: str = "") -> HoldView:
    return HoldView(
        id=str(row.id),
        scope=row.scope,
        target=row.target,
        target_label=row.target_label,
        reason=row.reason,
        state=row.state,
        proposed_by=row.proposed_by_label,
        approved_by=row.approved_by_label,
        lifting_by=row.lifting_by_label,
        lifting_reason=row.lifting_reason,
        lifted_by=row.lifted_by_label,
        created_at=row.created_at,
        lifted_at=row.lifted_at,
        reference=reference,
    )


def get_hold(hold_id: str) -> HoldView:
    """Raises `NotFound`."""
    row = LegalHold.objects.filter(pk=hold_id).first()
    if row is None:
        raise NotFound("No such legal hold.")
    return as_hold(row)


def reference_of(row: LegalHold) -> str:
    """The words of a held person, empty once the person was erased. The caller writes the read down."""
    if row.subject is None or row.reference is None:
        return ""
    value = SealedValue(bytes(row.subject), str(row.id), bytes(row.reference))
    opened = vault().decrypt_for_ids(PURPOSE, [value])[0]
    return opened.decode() if opened else ""


def held() -> Held:
    """All that is held now, for a purge."""
    rows = LegalHold.objects.filter(state__in=HOLDING).values_list("scope", "subject", "target")
    people, datasets, kinds = set(), set(), set()
    for scope, subject, target in rows:
        if subject is not None:
            people.add(bytes(subject))
        elif scope == HoldScope.DATASET:
            datasets.add(target)
        else:
            kinds.add(target)
    return Held(frozenset(people), frozenset(datasets), frozenset(kinds))


def holds_on_person(person: Person) -> list[HoldView]:
    """Holds on the person itself."""
    rows = LegalHold.objects.filter(state__in=HOLDING).filter(
        Q(scope=HoldScope.PERSON, subject__in=list(person.subjects))
    )
    return [as_hold(row) for row in rows]


def holds_against(person: Person, found: Iterable[Found]) -> list[HoldView]:
    """Holds on the person, or on any dataset or kind in which the person was found."""
    targets = {f.target for f in found if f.target}
    kinds = {f.kind for f in found}
    rows = LegalHold.objects.filter(state__in=HOLDING).filter(
        Q(scope=HoldScope.PERSON, subject__in=list(person.subjects))
        | Q(scope=HoldScope.DATASET, target__in=list(targets))
        | Q(scope=HoldScope.KIND, target__in=list(kinds))
    )
    return [as_hold(row) for row in rows]
