"""Typed errors of the policy engine: what is wrong, and exactly where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a document is refused.

    `code` is stable and machine readable; `node`, `row` and `column` are the identifiers found in
    the document (empty when the problem is not that precise); `reason` is for a person.
    """

    code: str
    reason: str
    node: str = ""
    row: str = ""
    column: str = ""

    def __str__(self) -> str:
        """Name the place, then the reason."""
        place = " / ".join(part for part in (self.node, self.row, self.column) if part)
        return f"{self.code} at {place or 'document'}: {self.reason}"


class PolicyError(Exception):
    """Base of every error raised by `scoring.engine.policy`."""

    code = "policy_error"


class PolicyRefusedError(PolicyError):
    """The document is outside the admitted subset; `problems` lists every place found."""

    code = "policy_refused"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))


class ExpressionRefusedError(PolicyError):
    """One expression is outside the grammar; `position` is the character offset."""

    code = "expression_refused"

    def __init__(self, reason: str, *, position: int = 0) -> None:
        self.reason = reason
        self.position = position
        super().__init__(f"{reason} (character {position})")


class InputRefusedError(PolicyError):
    """The values given do not fit the policy's declared inputs; `problems` names each field."""

    code = "policy_input_refused"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))


class PolicyFailedError(PolicyError):
    """An admitted policy could not be evaluated on these inputs (for example null + 1)."""

    code = "policy_failed"

    def __init__(self, reason: str, *, node: str = "") -> None:
        self.reason = reason
        self.node = node
        super().__init__(f"{node}: {reason}" if node else reason)


class FormMismatchError(PolicyError):
    """The document says more than the form can show; edit it as JSON."""

    code = "policy_form_mismatch"
