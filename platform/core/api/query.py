"""Query parameters: each view names its own, and whatever else comes is refused by name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from core.errors import FieldError, InvalidInput

Kind = Literal["text", "integer", "date", "moment", "uuid", "opaque"]
TEXT_LENGTH = 200
_INTEGER = re.compile(r"[0-9]{1,9}\Z")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter. `choices` are all its values, where they can be counted. An empty value is none."""

    name: str
    description: str = ""
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 10**9 - 1

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of its value."""
        if self.choices:
            return {"type": "string", "enum": list(self.choices)}
        formats = {"date": "date", "moment": "date-time", "uuid": "uuid"}
        if self.kind == "integer":
            return {"type": "integer", "minimum": self.least, "maximum": self.most}
        if self.kind in formats:
            return {"type": "string", "format": formats[self.kind]}
        if self.kind == "opaque":
            return {"type": "string"}
        return {"type": "string", "maxLength": TEXT_LENGTH}

    def fault(self, value: str) -> FieldError | None:
        """Why a value is refused; None when it is fine."""
        if self.choices:
            if value in self.choices:
                return None
            return FieldError(self.pointer, "unknown_value", f"One of: {', '.join(self.choices)}.")
        if self.kind == "opaque":
            return None
        if "\x00" in value or len(value) > TEXT_LENGTH:
            return FieldError(
                self.pointer, "invalid", f"At most {TEXT_LENGTH} characters, and no NUL."
            )
        if self.kind == "integer":
            fits = bool(_INTEGER.match(value)) and self.least <= int(value) <= self.most
            return (
                None
                if fits
                else FieldError(self.pointer, "invalid", f"{self.least} to {self.most}.")
            )
        if self.kind != "text" and not _READS[self.kind](value):
            return FieldError(self.pointer, "invalid", _WORDS[self.kind])
        return None

    @property
    def pointer(self) -> str:
        return f"/{self.name}"


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return len(value) == 10


def _is_moment(value: str) -> bool:
    try:
        found = parse_datetime(value)
    except ValueError:
        return False
    return found is not None and found.tzinfo is not None


def _is_uuid(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


_READS = {"date": _is_date, "moment": _is_moment, "uuid": _is_uuid}
_WORDS = {
    "date": "A date like 2026-03-31.",
    "moment": "A moment with its offset from UTC (RFC 3339).",
    "uuid": "A UUID.",
}


def check_query(given: QueryDict, known: Sequence[Parameter]) -> None:
    """Raises `InvalidInput` naming each parameter that is not known, comes twice, or has a value that is none."""
    if not given:
        return
    parameters = {parameter.name: parameter for parameter in known}
    faults = []
    for name, values in given.lists():
        parameter = parameters.get(name)
        if parameter is None:
            shown = name[:100].replace("~", "~0").replace("/", "~1").replace("\x00", "")
            text = f"Not a parameter here. Known: {', '.join(sorted(parameters)) or 'none'}."
            faults.append(FieldError(f"/{shown}", "unknown_parameter", text))
        elif len(values) > 1:
            faults.append(FieldError(f"/{name}", "repeated", "Given more than once."))
        elif values[0] and (fault := parameter.fault(values[0])):
            faults.append(fault)
    if faults:
        raise InvalidInput("A query parameter is not valid.", errors=faults[:20])
