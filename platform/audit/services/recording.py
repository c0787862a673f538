"""Writing the trail, inside the transaction of what it tells."""

from collections.abc import Mapping
from typing import Any

from audit.engine.canonical import clean_text, storable
from audit.engine.entry import EntryContent, entry_hash
from audit.keys import row_keys
from audit.models import AuditEntry
from core.actors import Actor
from core.clock import now
from core.ids import new_id
from core.tenancy import current_context


def record(
    *,
    actor: Actor,
    action: str,
    target: str,
    target_id: str,
    detail: Mapping[str, Any] | None = None,
    personal: bool = False,
) -> AuditEntry:
    """Write one entry into the trail of the scope in force.

    `action` reads like `scoring.model.approve`; `detail` holds what changed, never personal data.
    Texts longer than their column are cut, so that an entry is never the reason a write fails.
    """
    content = EntryContent(
        id=new_id(),
        at=now(),
        actor_kind=actor.kind,
        actor_id=clean_text(actor.id)[:100],
        actor_label=clean_text(actor.label)[:254],
        action=clean_text(action)[:100],
        target=clean_text(target)[:100],
        target_id=clean_text(target_id)[:200],
        detail=storable(detail or {}),
        personal=personal,
        request_id=clean_text(actor.request_id)[:64],
    )
    key = row_keys(current_context().schema)[0]
    entry = AuditEntry(
        **{name: getattr(content, name) for name in content.__slots__},
        row_hash=entry_hash(key, content),
    )
    entry.save(force_insert=True)
    return entry


def record_read(
    *, actor: Actor, target: str, target_id: str, detail: Mapping[str, Any] | None = None
) -> AuditEntry:
    """Write that the actor saw personal data of `target_id` (or of what `detail` describes, for a
    list).
    """
    return record(
        actor=actor,
        action=f"{target}.read",
        target=target,
        target_id=target_id,
        detail=detail,
        personal=True,
    )
