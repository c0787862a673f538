"""JSON in and out by orjson: strict (no NaN), fast, and safe on deep input."""

import json
from typing import Any

import orjson
from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from core.errors import TooLarge

DEPTH_LIMIT = 64
TEXT_LIMIT = 100_000
# Values in one body. What a megabyte of empty lists becomes takes fifty times its size, from every caller at once.
VALUES_LIMIT = 50_000


class OrjsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        if data is None:
            return b""
        return orjson.dumps(data, default=str)


class OrjsonParser(BaseParser):
    """Refuses what is too large or too deep, repeats a key or holds a NUL, before anything looks at it."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > limit:
            raise TooLarge(f"At most {limit} bytes are taken.")
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge(f"At most {limit} bytes are taken.")
        if sum(body.count(mark) for mark in (b",", b"[", b"{")) > VALUES_LIMIT:
            raise TooLarge(f"At most {VALUES_LIMIT} values are taken in one body.")
        try:
            value = orjson.loads(body)
            _check_depth_and_texts(value)
            json.loads(body, object_pairs_hook=_once)
        except ValueError as error:
            raise ParseError(f"The body is not valid JSON: {str(error)[:300]}") from error
        return value


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key is repeated")


def _check_text(text: str) -> None:
    if len(text) > TEXT_LIMIT:
        # Fields have limits of their own, but look at every character before they say so.
        raise ValueError(f"a text is longer than {TEXT_LIMIT} characters")
    if "\x00" in text:
        raise ValueError("a text holds a NUL")


def _check_depth_and_texts(value: Any) -> None:
    """Raises ValueError. Level by level, so that no depth can exhaust the stack."""
    level = [value]
    for _ in range(DEPTH_LIMIT):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                below += each
                below += each.values()
            elif isinstance(each, list):
                below += each
            elif isinstance(each, str):
                _check_text(each)
        if not below:
            return
        level = below
    raise ValueError(f"more than {DEPTH_LIMIT} levels")
