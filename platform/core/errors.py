"""Errors as types; `core.problem` maps each once to `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in the input: a JSON pointer (RFC 6901) to the field, a stable code and a sentence."""

    pointer: str
    code: str
    detail: str


class ProblemError(Exception):
    """Base of what a caller may be told. `code` is stable; `detail` is one sentence for a person."""

    status = 400
    code = "bad_request"
    title = "Bad request"

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        retry_after: int | None = None,
        members: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.code = code or self.code
        self.errors = tuple(errors)
        self.retry_after = retry_after
        # Further members of the problem document (RFC 9457, section 3.2).
        self.members = dict(members or {})


class InvalidInput(ProblemError):
    """The input is refused and nothing was changed; `errors` names field and reason."""

    code = "invalid"
    title = "The input is not valid"


class NotAuthenticated(ProblemError):
    status = 401
    code = "not_authenticated"
    title = "Authentication is required"


class Forbidden(ProblemError):
    status = 403
    code = "forbidden"
    title = "This is not allowed"


class ModuleOff(Forbidden):
    code = "module_off"
    title = "The module is switched off for this bank"


class FourEyes(Forbidden):
    """Maker and checker are the same person."""

    code = "four_eyes"
    title = "Another person has to approve this"


class NotFound(ProblemError):
    status = 404
    code = "not_found"
    title = "Not found"


class Conflict(ProblemError):
    status = 409
    code = "conflict"
    title = "The state does not allow this"


class Gone(ProblemError):
    status = 410
    code = "gone"
    title = "Erased"


class TooLarge(ProblemError):
    status = 413
    code = "too_large"
    title = "The body is too large"


class IdempotencyMismatch(ProblemError):
    status = 422
    code = "idempotency_mismatch"
    title = "This idempotency key was used with another body"


class QuotaExceeded(ProblemError):
    status = 429
    code = "quota_exceeded"
    title = "The quota is used up"


class RateLimited(ProblemError):
    """The client or its bank calls faster than the plan allows."""

    status = 429
    code = "rate_limited"
    title = "Too many requests"


class QuotaReached(Forbidden):
    """What a bank may have at once; waiting does not help."""

    code = "quota_reached"
    title = "The quota does not allow more"


class Unavailable(ProblemError):
    status = 503
    code = "unavailable"
    title = "Temporarily not available"


def field_error(pointer: str, code: str, detail: str) -> InvalidInput:
    """An `InvalidInput` about a single field."""
    return InvalidInput(detail, errors=[FieldError(pointer, code, detail)])
