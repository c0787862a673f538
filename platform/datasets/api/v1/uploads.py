"""Getting at an uploaded file as a stream: multipart form or raw body."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from core.errors import field_error
from datasets.services.receiving import Readable


class RawBodyParser(BaseParser):
    """`application/octet-stream`: the body is the file and is not read here."""

    media_type = "application/octet-stream"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return RawBody(stream)


@dataclass(frozen=True)
class RawBody:
    stream: Readable


@dataclass(frozen=True)
class Upload:
    file: Readable
    filename: str
    as_of: date | None


def upload_of(request: Request) -> Upload:
    """The file of a request. Raises `InvalidInput` when there is none or the date is not one."""
    data: Any = request.data
    if isinstance(data, RawBody):
        query = request.query_params
        return Upload(data.stream, query.get("filename", ""), _day(query.get("as_of")))
    if not request.content_type.startswith("multipart/"):
        # Without a body DRF does not ask the parser.
        raise field_error("/file", "empty_file", "The file is empty.")
    file = data.get("file")
    if file is None or not hasattr(file, "read"):
        raise field_error("/file", "required", "The form needs a part named file.")
    return Upload(file, data.get("filename") or file.name or "", _day(data.get("as_of")))


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise field_error("/as_of", "invalid_date", "A date like 2026-03-31.") from error
