"""How far the trail of the scope in force is sealed and signed, cheaply: no row is checked here."""

from dataclasses import dataclass
from datetime import datetime

from audit import selectors
from audit.services.checkpoints import last_checkpoint
from core.tenancy import current_context


@dataclass(frozen=True, slots=True)
class TrailStatus:
    """`waiting` stops counting at `selectors.WAITING_SHOWN`; `signed_seq` is 0 before the first checkpoint."""

    seals: int
    waiting: int
    signed_seq: int
    signed_at: datetime | None

    @property
    def unsigned(self) -> int:
        """Seals newer than the last checkpoint."""
        return max(0, self.seals - self.signed_seq)


def trail_status() -> TrailStatus:
    last = last_checkpoint(current_context().schema)
    return TrailStatus(
        seals=selectors.last_seal_number(),
        waiting=selectors.waiting_rows(),
        signed_seq=last.seq if last else 0,
        signed_at=last.at if last else None,
    )
