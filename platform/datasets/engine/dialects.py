"""Delimiter, header and column names of delimited text, judged from its first records."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from datasets.engine.records import Record, split_records

DELIMITERS = (",", ";", "\t", "|")
NUMBER = re.compile(r"[+-]?[\d.,' ]*\d[\d.,]*(?:[eE][+-]?\d+)?\s*%?")
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?")
ROW_COLUMN = "_row"
BLIND_SUFFIX = "__bidx"
LOOK_AT = 500
LOOK_INTO = 1 << 17
HEADER_WITHIN = 20


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the text is cut and where its names stand (`header_row` 0: nowhere)."""

    delimiter: str
    header_row: int
    trailing_delimiter: bool
    names: tuple[str, ...]


def guess_dialect(text: str, *, longest: int, delimiter: str | None = None) -> Dialect | None:
    """Judge the beginning of a text, cut anywhere. None when it holds no record."""
    choices = (delimiter,) if delimiter else DELIMITERS
    parsed = {choice: _records(text, choice, longest) for choice in choices}
    ranked = sorted(choices, key=lambda choice: _consistency(parsed[choice]), reverse=True)
    best = ranked[0]
    records = parsed[best]
    if not any(record.raw.strip() for record in records):
        return None
    return _with_header(records, best)


def _records(text: str, delimiter: str, longest: int) -> list[Record]:
    cut = text.rfind("\n", 0, LOOK_INTO) + 1 or text.rfind("\n") + 1
    piece = text[:cut] if cut else text
    lines = split_records(piece, delimiter=delimiter, longest=longest, final=True).records
    return lines[:LOOK_AT]


def _consistency(records: list[Record]) -> tuple[float, int]:
    """Share of records with the commonest number of fields, then that number."""
    counts = Counter(len(r.fields) for r in records if r.fields is not None and not r.is_blank)
    if not counts:
        return (0.0, 0)
    fields, hits = max(counts.items(), key=lambda item: (item[1], item[0]))
    share = hits / sum(counts.values())
    return (round(share, 2), fields) if fields > 1 else (0.01, 1)


def _with_header(records: list[Record], delimiter: str) -> Dialect:
    counts = Counter(len(r.fields) for r in records if r.fields is not None and not r.is_blank)
    width = max(counts.items(), key=lambda item: (item[1], item[0]))[0] if counts else 1
    header_row, cells = _find_header(records, width)
    body = [
        r.fields
        for i, r in enumerate(records)
        if r.fields is not None and not r.is_blank and i + 1 > header_row
    ]
    if header_row and _is_data(cells, body):
        header_row, body = 0, [cells, *body]
    trailing = _trails(cells, body, header_row)
    if header_row == 0:
        names = clean_names([""] * (width - trailing))
    else:
        names = clean_names(cells[:-1] if trailing and len(cells) == width else cells)
    return Dialect(delimiter, header_row, trailing, names)


def _find_header(records: list[Record], width: int) -> tuple[int, list[str]]:
    """The first record as wide as the body, or one narrower by a trailing delimiter."""
    for index, record in enumerate(records[:HEADER_WITHIN]):
        fields = record.fields
        if fields is None or record.is_blank:
            continue
        if len(fields) in (width, width - 1) and (len(fields) > 1 or width <= 2):
            return index + 1, fields
    for index, record in enumerate(records):
        if record.fields is not None and not record.is_blank:
            return index + 1, record.fields
    return 0, []


def _is_data(cells: list[str], body: list[list[str]]) -> bool:
    """Whether the first record looks like the rows below it: numbers over numbers."""
    numeric = [i for i, cell in enumerate(cells) if looks_numeric(cell) or looks_dated(cell)]
    if not numeric:
        return False
    below = 0
    for index in numeric:
        values = [row[index] for row in body if index < len(row) and row[index].strip()]
        hits = sum(1 for value in values if looks_numeric(value) or looks_dated(value))
        below += bool(values) and hits * 2 > len(values)
    return below * 2 > len(numeric) if body else len(numeric) * 2 > len(cells)


def _trails(cells: list[str], body: list[list[str]], header_row: int) -> bool:
    """Every row ends in a delimiter, so that the last field is always empty and unnamed."""
    if not body:
        return len(cells) > 1 and not cells[-1].strip() and header_row > 0
    width = max(Counter(len(row) for row in body).items(), key=lambda item: (item[1], item[0]))[0]
    full = [row for row in body if len(row) == width]
    if width < 2 or any(row[-1].strip() for row in full):
        return False
    if header_row == 0:
        return False
    return len(cells) == width - 1 or (len(cells) == width and not cells[-1].strip())


def looks_numeric(cell: str) -> bool:
    """Digits with the usual separators, sign, exponent or per-cent sign."""
    return NUMBER.fullmatch(cell.strip()) is not None


def looks_dated(cell: str) -> bool:
    """Something like 2024-01-31, 31/01/2024 or with a time behind."""
    return DATE.fullmatch(cell.strip()) is not None


def clean_names(cells: list[str]) -> tuple[str, ...]:
    """Usable and unique column names: trimmed, empty ones numbered, repeated ones suffixed."""
    names: list[str] = []
    taken = {ROW_COLUMN}
    wanted = [" ".join(cell.replace("\0", "").split()) for cell in cells]
    for index, name in enumerate(wanted):
        base = name or f"column_{index + 1}"
        if base.endswith(BLIND_SUFFIX):
            base = f"{base}_"
        candidate, suffix = base, 2
        while candidate in taken:
            candidate = f"{base}_{suffix}"
            suffix += 1
        taken.add(candidate)
        names.append(candidate)
    return tuple(names)
