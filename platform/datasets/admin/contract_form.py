"""A contract as texts of a form, and back: lists by semicolons, codes as `code=meaning`.

What cannot be written so (a value holding a semicolon) is shown and read as JSON.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import FieldError
from datasets.choices import NUMERIC_TYPES
from datasets.contracts import ColumnContract, DataContract

LISTS = ("allowed", "bad_values", "good_values")
TEXTS = ("formats",)
PLAIN = ("type", "role", "privacy", "label", "label_zh", "unit")
FLAGS = ("required", "percent")
LIMITS = ("min", "max")
COLUMN_FIELDS = (
    *PLAIN, *FLAGS, *LIMITS, *LISTS, *TEXTS, "special_codes", "text_codes", "null_tokens", "pattern",
)  # fmt: skip
SETTINGS = ("encoding", "delimiter", "header_row", "sheet", "decimal", "thousands")
SETTING_FLAGS = ("trailing_delimiter", "parentheses_negative")
SEPARATORS = ";；"
TAB = "\\t"


@dataclass(slots=True)
class Cell:
    """What stands in one field and what is wrong with it."""

    value: Any = ""
    errors: list[str] = field(default_factory=list)


class Unreadable(ValueError):
    """A text that is neither a list nor a table of codes."""


def listed(values: Iterable[object]) -> str:
    """Values as one line."""
    texts = [str(value) for value in values]
    if any(
        not t or t != t.strip() or t[0] in "[{" or set(t) & set(SEPARATORS + "\n\r") for t in texts
    ):
        return json.dumps(texts, ensure_ascii=False)
    return "; ".join(texts)


def unlisted(text: str) -> list[str]:
    """The values of such a line. Raises `Unreadable`."""
    text = text.strip()
    if text.startswith("["):
        found = _json(text)
        if not isinstance(found, list):
            raise Unreadable
        return [str(value) for value in found]
    for mark in SEPARATORS:
        text = text.replace(mark, "\n")
    return [part.strip() for part in text.split("\n") if part.strip()]


def coded(codes: Mapping[str, object]) -> str:
    """A table of codes as one line."""
    parts = [f"{code}={meaning}" for code, meaning in codes.items()]
    plain = all("=" not in code for code in codes) and listed(parts) == "; ".join(parts)
    return "; ".join(parts) if plain else json.dumps(dict(codes), ensure_ascii=False)


def uncoded(text: str) -> dict[str, str]:
    """The table of such a line; a code without a meaning has an empty one. Raises `Unreadable`."""
    text = text.strip()
    if text.startswith("{"):
        found = _json(text)
        if not isinstance(found, dict):
            raise Unreadable
        return {str(code): str(meaning) for code, meaning in found.items()}
    pairs = (part.partition("=") for part in unlisted(text))
    return {code.strip(): meaning.strip() for code, _, meaning in pairs}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable from error


def scalar(text: str, type: str) -> str | int | float:
    """A value of a numeric column as a number where it is one, as text elsewhere."""
    if type in NUMERIC_TYPES:
        for number in (int, float):
            try:
                return number(text)
            except ValueError:
                continue
    return text


def column_cells(column: ColumnContract) -> dict[str, Cell]:
    """The texts of one column's row."""
    cells = {name: Cell(str(getattr(column, name))) for name in PLAIN}
    cells |= {name: Cell(getattr(column, name)) for name in FLAGS}
    for name in LIMITS:
        value = getattr(column, name)
        cells[name] = Cell("" if value is None else str(value))
    cells |= {name: Cell(listed(getattr(column, name))) for name in (*LISTS, *TEXTS)}
    cells["special_codes"] = Cell(coded(column.special_codes))
    cells["text_codes"] = Cell(coded(column.text_codes))
    tokens = column.null_tokens
    cells["null_tokens"] = Cell("" if tokens is None else listed(tokens) or "[]")
    cells["pattern"] = Cell(column.pattern or "")
    return cells


def setting_cells(contract: DataContract) -> dict[str, Cell]:
    """The texts of what concerns the whole file."""
    cells = {name: Cell(str(getattr(contract, name) or "")) for name in SETTINGS}
    cells["header_row"] = Cell(str(contract.header_row))
    cells["delimiter"] = Cell(contract.delimiter.replace("\t", TAB))
    cells |= {name: Cell(getattr(contract, name)) for name in SETTING_FLAGS}
    cells["keys"] = Cell(listed(contract.keys))
    cells["null_tokens"] = Cell(listed(token for token in contract.null_tokens if token))
    return cells


def column_body(
    given: Mapping[str, Any], cells: dict[str, Cell], pointer: str
) -> tuple[dict[str, Any], list[FieldError]]:
    """A column's JSON with what the form says; faults where a text cannot be read."""
    body, faults = dict(given), []
    body |= {name: cells[name].value for name in (*PLAIN, *FLAGS)}
    kind = str(body["type"])

    def read(name: str, reader: Any) -> None:
        try:
            body[name] = reader(str(cells[name].value))
        except (Unreadable, ValueError):
            faults.append(FieldError(f"{pointer}/{name}", "unreadable", READING[name]))

    for name in LIMITS:
        text = str(cells[name].value).strip()
        body[name] = scalar(text, kind) if text else None
    for name in LISTS:
        read(name, lambda text: [scalar(value, kind) for value in unlisted(text)])
    read("formats", unlisted)
    read("special_codes", uncoded)
    read("text_codes", lambda text: {word: int(code) for word, code in uncoded(text).items()})
    read("null_tokens", lambda text: unlisted(text) if text.strip() else None)
    body["pattern"] = str(cells["pattern"].value) or None
    return body, faults


READING = {
    **dict.fromkeys(
        (*LISTS, *TEXTS, "null_tokens", "keys"), "Write values with semicolons between: A; B; C."
    ),
    "special_codes": "Write code=meaning with semicolons between: -9=no file; -8=refused.",
    "text_codes": "Write word=code with semicolons between, the code a whole number: none=-9.",
}


def settings_body(cells: dict[str, Cell]) -> tuple[dict[str, Any], list[FieldError]]:
    """The JSON of what concerns the whole file."""
    body: dict[str, Any] = {name: str(cells[name].value) for name in SETTINGS}
    body |= {name: bool(cells[name].value) for name in SETTING_FLAGS}
    body["delimiter"] = body["delimiter"].replace(TAB, "\t")
    body["sheet"] = body["sheet"] or None
    faults: list[FieldError] = []
    if body["header_row"].strip().isdecimal():
        body["header_row"] = int(body["header_row"])
    else:
        body["header_row"] = 1
        faults.append(FieldError("/header_row", "unreadable", "A row number; 0 is no header."))
    for name, extra in (("keys", []), ("null_tokens", [""])):
        try:
            body[name] = [*extra, *unlisted(str(cells[name].value))]
        except Unreadable:
            body[name] = []
            faults.append(FieldError(f"/{name}", "unreadable", READING[name]))
    return body, faults
