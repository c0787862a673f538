"""The careful reader of delimited text: record by record, and never losing its place.

A quote opens a quoted value only at the start of a field; inside, a doubled quote is one quote.
What follows a closing quote before the next delimiter makes the record `bad_quoting`. A quoted
value that runs over lines and never closes properly costs its first line only: reading resumes on
the next one, so a stray quote cannot swallow a file.
"""

from __future__ import annotations

from dataclasses import dataclass

from datasets.choices import Reason
from datasets.engine.encodings import DAMAGE

QUOTE = '"'


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its fields, or why it could not be read. `raw` is its text without line end."""

    fields: list[str] | None
    raw: str
    reason: Reason | None = None

    @property
    def is_blank(self) -> bool:
        return self.raw == ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """Records of a piece of text, and what remains of it for the next piece."""

    records: list[Record]
    rest: str


@dataclass(frozen=True, slots=True)
class _Quoted:
    """Outcome of reading one record that holds quotes: its end, or that it needs more text."""

    fields: list[str] | None
    end: int
    complete: bool


def split_records(text: str, *, delimiter: str, longest: int, final: bool) -> Parsed:
    """Cut text that starts at a record's start into records.

    `longest` bounds a quoted record in characters; `final` says that no more text follows.
    """
    records: list[Record] = []
    at = 0
    size = len(text)
    while at < size:
        end = text.find("\n", at)
        if end < 0:
            if not final:
                break
            end = size
        line = text[at:end]
        if QUOTE not in line:
            records.append(_judge(line.removesuffix("\r"), delimiter))
            at = end + 1
            continue
        quoted = _read_quoted(text, at, delimiter=delimiter, longest=longest)
        if not quoted.complete and not final and size - at < longest:
            break
        if quoted.fields is None or not quoted.complete:
            reason = Reason.BAD_QUOTING if quoted.complete else Reason.UNTERMINATED_QUOTE
            records.append(Record(None, line.removesuffix("\r"), reason))
            at = end + 1
            continue
        raw = text[at : quoted.end].removesuffix("\r")
        records.append(Record(quoted.fields, raw, _damage(raw)))
        at = quoted.end + 1
    return Parsed(records, text[at:])


def _judge(line: str, delimiter: str) -> Record:
    return Record(line.split(delimiter), line, _damage(line))


def _damage(raw: str) -> Reason | None:
    if "\0" in raw:
        return Reason.NUL_BYTE
    return Reason.BAD_ENCODING if DAMAGE in raw else None


def _read_quoted(text: str, start: int, *, delimiter: str, longest: int) -> _Quoted:
    """Read one record from `start`. `fields` None with `complete` means faulty quoting."""
    fields: list[str] = []
    at = start
    stop = min(len(text), start + longest)
    while True:
        if text.startswith(QUOTE, at):
            value, at = _quoted_value(text, at + 1, stop)
            if at < 0:
                return _Quoted(None, stop, complete=False)
            fields.append(value)
            if text.startswith("\r\n", at):
                at += 1
            if not (at >= len(text) or text[at] == "\n" or text.startswith(delimiter, at)):
                return _Quoted(None, at, complete=True)
        else:
            end = _next_of(text, delimiter, at)
            fields.append(text[at:end].removesuffix("\r") if _ends(text, end) else text[at:end])
            at = end
        if _ends(text, at):
            return _Quoted(fields, at, complete=True)
        at += len(delimiter)


def _quoted_value(text: str, at: int, stop: int) -> tuple[str, int]:
    """The value of a quoted field and where it ended; -1 when it does not end before `stop`."""
    parts: list[str] = []
    while True:
        close = text.find(QUOTE, at, stop)
        if close < 0:
            return "", -1
        parts.append(text[at:close])
        if not text.startswith(QUOTE, close + 1):
            return QUOTE.join(parts), close + 1
        at = close + 2


def _ends(text: str, at: int) -> bool:
    return at >= len(text) or text[at] == "\n"


def _next_of(text: str, delimiter: str, at: int) -> int:
    """Where the unquoted field starting at `at` ends: delimiter, line end or end of text."""
    line_end = text.find("\n", at)
    line_end = len(text) if line_end < 0 else line_end
    found = text.find(delimiter, at, line_end)
    return line_end if found < 0 else found
