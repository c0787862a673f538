"""Log lines say which bank and request, and quote no value."""

import json
import logging

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from core.errors import NotFound
from core.log_context import BankLogFilter, request_log_context
from core.telemetry.logs import JsonFormatter, LineFormatter, told

CANARY = "li.wei.canary@person.example"


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    found = logging.getLogger("test").makeRecord("test", logging.INFO, "f", 1, message, args, None)
    BankLogFilter().filter(found)
    for key, value in extra.items():
        setattr(found, key, value)
    return found


def failing(work) -> BaseException:
    try:
        work()
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


def test_a_line_is_one_json_object_with_its_bank_and_request():
    with request_log_context(schema="bank_alpha", request_id="order-12345"):
        line = JsonFormatter().format(record("job %s\nended", "7", fields={"ms": 1.5}))
    found = json.loads(line)
    assert "\n" not in line
    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "info", "logger": "test", "bank": "bank_alpha", "request_id": "order-12345",
        "message": "job 7\nended", "ms": 1.5,
    }  # fmt: skip


def breaks_a_constraint() -> None:
    with transaction.atomic():
        User.objects.create(email=CANARY, name="one")
        User.objects.create(email=CANARY, name="two")


@pytest.mark.parametrize("formatter", [JsonFormatter(), LineFormatter()])
def test_a_database_error_is_told_without_the_value_it_quotes(bank, formatter):
    error = failing(breaks_a_constraint)
    assert isinstance(error, IntegrityError)
    assert CANARY in str(error)
    line = formatter.format(record("failed", exc_info=(type(error), error, error.__traceback__)))
    assert CANARY not in line
    assert "IntegrityError" in line
    assert "23505" in line
    assert "breaks_a_constraint" in line


def test_other_exceptions_are_told_by_type_and_place():
    error = failing(lambda: int(CANARY))
    found = told(error)
    assert found["type"] == "builtins.ValueError"
    assert CANARY not in json.dumps(found)
    assert found["frames"][-1].endswith("<lambda>")


def test_our_own_errors_keep_their_code():
    def missing() -> None:
        raise NotFound("No such job.", code="job_missing")

    assert told(failing(missing))["code"] == "job_missing"


def test_a_failed_query_is_told_with_its_sqlstate(bank):
    def ask() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT %s::int", [CANARY])

    found = told(failing(ask))
    assert found["sqlstate"] == "22P02"
    assert CANARY not in json.dumps(found)
