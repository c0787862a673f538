"""Typed errors of the reason catalogue."""

from __future__ import annotations


class ReasonError(Exception):
    """Base of every error raised by `scoring.engine.reasons`."""

    code = "reason_error"


class ReasonRefusedError(ReasonError):
    """A reason is vague, incomplete or doubled; `problems` lists (reason code, why)."""

    code = "reason_refused"

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{code}: {why}" for code, why in problems))


class CatalogueGapError(ReasonError):
    """A feature or rule decided for which the catalogue has no reason: never invent one."""

    code = "reason_missing"

    def __init__(self, missing: tuple[str, ...]) -> None:
        self.missing = missing
        super().__init__(f"no reason for: {', '.join(missing)}")
