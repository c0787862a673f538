"""Where an open job stands, as its own bank may know: nothing of other banks' jobs."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True, slots=True)
class Place:
    """Where an open job stands. `before`: own jobs ahead of it; `in_flight` and `share`: own jobs of its queue that were sent, and how many may be."""  # noqa: E501

    state: str
    before: int
    in_flight: int
    share: int | None
    held: bool
    queued_at: datetime

    @property
    def reason(self) -> str:
        """Why the job does not run yet, as a code; empty when it runs."""
        if self.state == "running":
            return ""
        if self.state == "sent":
            return "worker"
        if self.held:
            return "held"
        if self.share is not None and self.in_flight >= self.share:
            return "share"
        return "turn"


def place_of(job_id: str) -> Place | None:
    """The job's place in the queue of the bank in force; None when it has ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, before, in_flight, share, held, queued_at FROM public.dispatch_place(%s::uuid)",
            [job_id],
        )
        row = cursor.fetchone()
    return Place(*row) if row else None
