"""What fair dispatch must do, in plain Python: the reference that the database's choice is compared with.

Stride scheduling over banks: the ready bank with the smallest pass is next, and each job it gets adds the seconds such
a job takes, divided by its weight. Idle time saves nothing up. See `core` migration 0004.
"""

from dataclasses import dataclass, field

LEAST, MOST = 0.05, 60.0


@dataclass
class Lane:
    """One bank in one queue."""

    share: int = 2
    weight: float = 1.0
    held: bool = False
    passed: float = 0.0
    seconds: float = 1.0
    # (priority, order, job): the smallest goes first.
    waiting: list[tuple[int, int, int]] = field(default_factory=list)
    # Job to the seconds it was charged with.
    in_flight: dict[int, float] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        return bool(self.waiting) and len(self.in_flight) < self.share and not self.held


@dataclass
class FairQueue:
    most_ahead: int = 2
    share: int = 2
    passed: float = 0.0
    lanes: dict[str, Lane] = field(default_factory=dict)
    ahead: set[tuple[str, int]] = field(default_factory=set)
    order: int = 0

    def _lane(self, bank: str) -> Lane:
        """The bank's lane, lifted to the pass reached, as every change of a lane does."""
        lane = self.lanes.setdefault(bank, Lane(share=self.share, passed=self.passed))
        lane.passed = max(lane.passed, self.passed)
        return lane

    def add(self, bank: str, job: int, priority: int = 5) -> None:
        self.order += 1
        self._lane(bank).waiting.append((priority, self.order, job))

    def claim(self, bank: str, job: int) -> None:
        self._lane(bank)
        self.ahead.discard((bank, job))

    def end(self, bank: str, job: int, took: float | None) -> None:
        """A job ends after `took` seconds; None when it was never claimed."""
        lane = self.lanes[bank]
        for entry in lane.waiting:
            if entry[2] == job:
                lane.waiting.remove(entry)
                self._lane(bank)
                return
        charged = lane.in_flight.pop(job)
        self.ahead.discard((bank, job))
        used = 0.0 if took is None else min(max(took, LEAST), MOST)
        lane.passed = max(self.passed, lane.passed + (used - charged) / lane.weight)
        if took is not None:
            lane.seconds = 0.7 * lane.seconds + 0.3 * used

    def hold(self, bank: str, held: bool) -> None:
        self._lane(bank).held = held

    def pump(self) -> list[tuple[str, int]]:
        """Whom the broker gets now."""
        given = []
        while len(self.ahead) < self.most_ahead:
            ready = [(lane.passed, bank) for bank, lane in self.lanes.items() if lane.ready]
            if not ready:
                break
            passed, bank = min(ready)
            lane = self.lanes[bank]
            entry = min(lane.waiting)
            lane.waiting.remove(entry)
            lane.in_flight[entry[2]] = lane.seconds
            lane.passed += lane.seconds / lane.weight
            self.ahead.add((bank, entry[2]))
            self.passed = max(self.passed, passed)
            given.append((bank, entry[2]))
        return given
