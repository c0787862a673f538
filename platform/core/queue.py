"""Sending work to the broker by task name: services never import tasks. The broker is only a transport: what it
does not take, or loses, is sent again from PostgreSQL.
"""

import logging
import time

from celery import current_app
from django.conf import settings

log = logging.getLogger(__name__)

# Header that carries the schema; `core.tasks.ScopedTask` refuses a message without it.
SCHEMA_HEADER = "panorama_schema"
# After a failed send, this process sends nothing for so long: a broker that hangs costs one request its time-out,
# not every request.
REST_SECONDS = 3.0

_rests_until = 0.0


def broker_rests() -> bool:
    """Whether the last send failed a moment ago, so that callers leave the work to the keeper."""
    return time.monotonic() < _rests_until


def send_now(name: str, *args: str, queue: str, schema: str) -> bool:
    """Send task `name` with ids `args`; False when the broker cannot take it within the settings' time-outs."""
    global _rests_until
    if broker_rests():
        return False
    try:
        _publish(name, args, queue, schema)
    except Exception as error:
        # The row is committed and is sent again: a broker that is down must not fail the request.
        _rests_until = time.monotonic() + REST_SECONDS
        log.warning("broker did not take %s: %s", name, type(error).__name__)
        return False
    return True


def _publish(name: str, args: tuple[str, ...], queue: str, schema: str) -> None:
    with current_app.producer_pool.acquire(block=True, timeout=1) as producer:
        try:
            current_app.send_task(
                name,
                args=args,
                queue=queue,
                headers={SCHEMA_HEADER: schema},
                retry=False,
                ignore_result=True,
                producer=producer,
                **settings.BROKER_PUBLISH_OPTIONS,
            )
        except Exception:
            # A half-spoken connection must not be taken by the next sender.
            if producer.__connection__ is not None:
                producer.__connection__.collect()
            raise
