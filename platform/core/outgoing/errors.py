"""What a caller of the guarded client may be told."""

from core.errors import InvalidInput, Unavailable


class OutgoingRefused(InvalidInput):
    """The address may not be called; nothing was sent."""

    code = "address_refused"
    title = "This address may not be called"


class OutgoingFailed(Unavailable):
    """The other side could not be reached, was too slow, or answered too much."""

    code = "other_side_failed"
    title = "The other side did not answer"
