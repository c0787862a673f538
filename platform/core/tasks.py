"""Base of every Celery task: it names its scope or it does not run."""

from typing import Any

from celery import Task

from core.queue import SCHEMA_HEADER
from core.tenancy import (
    PUBLIC_SCHEMA,
    UPGRADING,
    BankContext,
    BankUpgrading,
    NoBankSet,
    bank_scope,
    public_scope,
)


class ScopedTask(Task):  # type: ignore[misc]
    """Runs in the scope its message names; a message without one is an error, never the public schema.

    `acks_late` with `reject_on_worker_lost` hands a killed child's message back; work is idempotent for it.
    """

    abstract = True
    acks_late = True
    reject_on_worker_lost = True
    ignore_result = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        headers = self.request.headers or {}
        schema = headers.get(SCHEMA_HEADER) or getattr(self.request, SCHEMA_HEADER, None)
        if not schema:
            raise NoBankSet(f"Task {self.name} came without its {SCHEMA_HEADER} header.")
        scope = public_scope() if schema == PUBLIC_SCHEMA else bank_scope(schema)
        with scope as context:
            if isinstance(context, BankContext) and context.state == UPGRADING:
                # The job stays queued and its ticket due: the keeper sends it again.
                raise BankUpgrading(f"{schema} is not yet migrated to this code.")
            return super().__call__(*args, **kwargs)
