"""Every log line says which bank and which request it belongs to, and nothing about a person."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_schema: ContextVar[str] = ContextVar("schema", default="-")
_request_id: ContextVar[str] = ContextVar("request_id", default="-")


@contextmanager
def request_log_context(*, schema: str, request_id: str = "-") -> Iterator[None]:
    schema_token, request_token = _schema.set(schema), _request_id.set(request_id)
    try:
        yield
    finally:
        _schema.reset(schema_token)
        _request_id.reset(request_token)


class BankLogFilter(logging.Filter):
    """Adds `bank` and `request_id` to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.bank = _schema.get()
        record.request_id = _request_id.get()
        return True
