"""The queues as operators see them: what waits and what runs, by bank and queue. Counts and times, nothing of a job."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from core.tenancy import public_scope

PAGE_ROWS = 50
# What a list may be sorted by, each with its own direction; the value is a fixed piece of SQL.
SORTS = {
    "waiting": "l.waiting DESC",
    "in_flight": "l.in_flight DESC",
    "oldest": "oldest ASC NULLS LAST",
    "bank": "l.schema_name ASC",
}
_ROWS = """
SELECT l.queue, l.schema_name, l.waiting, l.in_flight, l.share, l.weight, l.held, head.queued_at AS oldest
FROM public.dispatch_lane l LEFT JOIN LATERAL (
    SELECT t.queued_at FROM public.dispatch_ticket t
    WHERE t.queue = l.queue AND t.schema_name = l.schema_name AND t.state = 'waiting' AND t.counted = 'waiting'
    ORDER BY t.priority, t.seq LIMIT 1
) AS head ON true
WHERE (l.waiting > 0 OR l.in_flight > 0) AND (%s = '' OR l.queue = %s)
ORDER BY {order}, l.schema_name, l.queue LIMIT %s OFFSET %s
"""


@dataclass(frozen=True, slots=True)
class LaneView:
    """One bank in one queue; `oldest`: since when its next job waits."""

    queue: str
    schema: str
    waiting: int
    in_flight: int
    share: int
    weight: float
    held: bool
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of lanes that have something, and the sums over all of them."""

    lanes: tuple[LaneView, ...]
    more: bool
    waiting: int
    in_flight: int
    banks: int


def queue_page(*, queue: str = "", sort: str = "waiting", page: int = 1) -> QueuePage:
    """Lanes with work, of one queue or all; an unknown sort is the usual one. Two queries."""
    order = SORTS.get(sort, SORTS["waiting"])
    skip = (max(page, 1) - 1) * PAGE_ROWS
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(_ROWS.format(order=order), [queue, queue, PAGE_ROWS + 1, skip])
        lanes = [LaneView(*row) for row in cursor.fetchall()]
        cursor.execute(
            "SELECT coalesce(sum(waiting), 0)::int, coalesce(sum(in_flight), 0)::int, count(DISTINCT schema_name) "
            "FROM public.dispatch_lane WHERE (waiting > 0 OR in_flight > 0) AND (%s = '' OR queue = %s)",
            [queue, queue],
        )
        waiting, in_flight, banks = cursor.fetchone()
    return QueuePage(tuple(lanes[:PAGE_ROWS]), len(lanes) > PAGE_ROWS, waiting, in_flight, banks)
