"""Sending work after commit, by task name: services never import tasks."""

import logging
from functools import partial

from celery import current_app
from django.db import transaction

from core.tenancy import current_context

log = logging.getLogger(__name__)

# Header that carries the schema; `core.tasks.ScopedTask` refuses a message without it.
SCHEMA_HEADER = "panorama_schema"


def send_after_commit(name: str, *args: str, queue: str) -> None:
    """Send task `name` with ids `args` once the transaction commits; lost if the broker is, which sweepers mend."""
    schema = current_context().schema
    transaction.on_commit(partial(_send, name, args, queue, schema))


def send_now(name: str, *args: str, queue: str, schema: str) -> bool:
    """Send at once; False when the broker cannot take it (the caller's sweeper will try again)."""
    return _send(name, args, queue, schema)


def _send(name: str, args: tuple[str, ...], queue: str, schema: str) -> bool:
    try:
        current_app.send_task(
            name,
            args=args,
            queue=queue,
            headers={SCHEMA_HEADER: schema},
            retry=False,
            ignore_result=True,
        )
    except Exception as error:
        # The row is committed and the sweeper sends it again: a broker that is down must not fail the request.
        log.warning("broker did not take %s: %s", name, type(error).__name__)
        return False
    return True
