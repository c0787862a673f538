"""Reading a body strictly: size, JSON, no repeated keys, no unknown fields, each fault with its pointer."""

import json
from typing import Any, TypeVar

import msgspec
from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError

from core.errors import FieldError, InvalidInput, TooLarge

T = TypeVar("T", bound=msgspec.Struct)
ONE_LIMIT = 64 * 1024
MANY_LIMIT = 4 * 1024 * 1024


class RepeatedKey(ValueError):
    """An object names a key twice: which value counts would be a guess."""


def read_body(request: HttpRequest, limit: int) -> bytes:
    """The raw body. Raises `TooLarge` before reading when the length says so, and after when it lied."""
    kind = request.content_type or ""
    if kind != "application/json":
        raise InvalidInput("The body has to be application/json.", code="unsupported_media_type")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > limit:
        raise TooLarge(f"At most {limit} bytes are taken.")
    try:
        body: bytes = request.read(limit + 1)
    except (UnreadablePostError, RawPostDataException, OSError) as error:
        raise InvalidInput("The body could not be read.", code="unreadable") from error
    if len(body) > limit:
        raise TooLarge(f"At most {limit} bytes are taken.")
    return body


def parse(body: bytes, shape: type[T]) -> T:
    """The body as `shape`. Raises `InvalidInput` naming the place."""
    try:
        value = msgspec.json.decode(body, type=shape)
        json.loads(body, object_pairs_hook=_once, parse_constant=_refused)
    except (RecursionError, UnicodeDecodeError) as error:
        raise InvalidInput("The body is not JSON that can be read.", code="invalid_json") from error
    except msgspec.ValidationError as error:
        raise _fault(str(error)) from error
    except (msgspec.DecodeError, ValueError) as error:
        detail = str(error)[:300]
        raise InvalidInput(f"The body is not valid JSON: {detail}", code="invalid_json") from error
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RepeatedKey("a key is repeated")
    return found


def _refused(text: str) -> Any:
    raise ValueError(f"{text} is not a number")


def _fault(text: str) -> InvalidInput:
    """msgspec says the place as "… - at `$.applications[3].inputs`": the same as a JSON pointer."""
    detail, _, path = text.partition(" - at `$")
    steps = path.rstrip("`").replace("[...]", "").replace("[", ".").replace("]", "").split(".")
    pointer = "".join(f"/{step}" for step in steps if step)
    unknown = "unknown field" in detail
    code = "unknown_field" if unknown else "invalid"
    if unknown:
        pointer += "/" + detail.rpartition("`")[0].rpartition("`")[2][:200]
    return InvalidInput("The input is not valid.", errors=[FieldError(pointer, code, detail[:300])])
