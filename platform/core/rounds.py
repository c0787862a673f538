"""Going through all banks a few at a time: a tick's cost does not grow with the number of banks, only the round's."""

from dataclasses import dataclass

from core.tenancy import BankContext, bank_directory


@dataclass(slots=True)
class BankRound:
    """Remembers where the last tick stopped. Losing it begins the round anew, so use it for work that may repeat."""

    most: int
    _after: str = ""

    def next(self) -> list[BankContext]:
        """The next `most` active banks at the most; the last ones of a round may be fewer, or none."""
        banks = bank_directory().active_after(self._after, self.most)
        self._after = banks[-1].schema if banks and len(banks) == self.most else ""
        return banks
