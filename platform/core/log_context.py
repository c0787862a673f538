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
        bank, request_id = _schema.get(), _request_id.get()
        request = getattr(record, "request", None)
        if request_id == "-" and request is not None:
            # Django tells of an error answer when the request has left its scope already.
            request_id = getattr(request, "request_id", "-")
            bank = getattr(getattr(request, "context", None), "schema", "-")
        record.bank, record.request_id = bank, request_id
        return True
