"""The whole body of a request, within its limit."""

from django.conf import settings
from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError

from core.errors import InvalidInput, TooLarge


def whole_body(request: HttpRequest) -> bytes:
    """The body, kept on the request so that a parser reads it again.

    Raises `TooLarge` before a byte is read when the length says so, `InvalidInput` when the sender broke off.
    """
    limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > limit:
        raise TooLarge(f"At most {limit} bytes are taken.")
    try:
        return request.body
    except (UnreadablePostError, RawPostDataException, OSError) as error:
        raise InvalidInput("The body could not be read.", code="unreadable") from error
