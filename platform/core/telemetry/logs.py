"""Log lines as JSON objects: which bank, which request, what happened, and nothing about a person.

Messages of foreign exceptions quote values ("Key (email)=(…) already exists"), so an exception is written as its type,
its SQLSTATE and the places it passed through. Our own errors are sentences without data and keep theirs.
"""

import logging
import traceback
from datetime import UTC, datetime
from typing import Any

import orjson

from core.errors import ProblemError
from core.log_context import BankLogFilter

DEEPEST_FRAMES = 25


class JsonFormatter(logging.Formatter):
    """One line a record: time (UTC), level, logger, bank, request, message, and the fields given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "bank": getattr(record, "bank", "-"),
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = told(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


class LineFormatter(logging.Formatter):
    """The same for a person's eyes on a local machine."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s bank=%(bank)s request=%(request_id)s %(message)s"
        )

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {})
        tail = "".join(f" {key}={value}" for key, value in fields.items())
        return super().format(record) + tail

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        error = told(ei[1])
        return "\n".join([_headline(error), *(f"  at {frame}" for frame in error["frames"])])


def told(error: BaseException) -> dict[str, Any]:
    """Type, SQLSTATE and frames of an exception, with its message only when it is one of ours."""
    frames = traceback.extract_tb(error.__traceback__)[-DEEPEST_FRAMES:]
    out: dict[str, Any] = {"type": f"{type(error).__module__}.{type(error).__qualname__}"}
    if isinstance(error, ProblemError):
        out["code"] = error.code
    if state := _sqlstate(error):
        out["sqlstate"] = state
    out["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    if error.__cause__ is not None:
        out["cause"] = f"{type(error.__cause__).__module__}.{type(error.__cause__).__qualname__}"
    return out


def _headline(error: dict[str, Any]) -> str:
    return " ".join(str(error[key]) for key in ("type", "code", "sqlstate") if key in error)


def _sqlstate(error: BaseException) -> str | None:
    for seen in (error, error.__cause__):
        state = getattr(seen, "sqlstate", None)
        if isinstance(state, str):
            return state
    return None


__all__ = ["BankLogFilter", "JsonFormatter", "LineFormatter", "told"]
