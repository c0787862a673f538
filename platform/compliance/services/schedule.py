"""Each bank's purge of the night: the keeper asks one index which banks are due."""

import hashlib
import logging
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from compliance.choices import PurgeMode
from compliance.services.purging import start_purge
from core import due
from core.actors import system_actor
from core.clock import now
from core.errors import Conflict
from core.tenancy import BankContext, UnknownBank, bank_directory, bank_scope, public_scope

log = logging.getLogger(__name__)
WORK = "compliance.purge"
TICK_SECONDS = 60.0
ENROL_SECONDS = 3_600.0
# Banks begin between two and five in the morning of their own time, each at a minute of its own.
FIRST_HOUR, MINUTES = 2, 180
AT_ONCE = 50
_enrolled = [0.0]


def start_due_purges() -> int:
    """Start the purge of every bank whose night has come. Returns how many. Two keepers at once do no harm."""
    _enrol()
    with public_scope(), transaction.atomic():
        schemas = due.take_due(WORK, moment=now(), limit=AT_ONCE)
        return sum(_start(schema) for schema in schemas)


def next_night(bank: BankContext, moment: datetime) -> datetime:
    """The bank's next time of purging after `moment`."""
    zone = ZoneInfo(bank.time_zone)
    offset = int.from_bytes(hashlib.sha256(bank.schema.encode()).digest()[:4], "big") % MINUTES
    local = moment.astimezone(zone)
    for days in (0, 1, 2):
        day = (local + timedelta(days=days)).date()
        start = datetime(day.year, day.month, day.day, FIRST_HOUR, tzinfo=zone)
        found = start + timedelta(minutes=offset)
        if found > moment:
            return found
    raise AssertionError("a night comes every day")


def _start(schema: str) -> int:
    started = 0
    try:
        bank = bank_directory().by_schema(schema)
    except UnknownBank:
        due.forget(WORK, schema)
        return 0
    if bank.is_active:
        try:
            with bank_scope(bank), transaction.atomic():
                start_purge(mode=PurgeMode.PURGE, actor=system_actor("retention"))
                started = 1
        except Conflict:
            log.info("purge of %s is under way already", schema)
    due.put_off(WORK, schema, next_night(bank, now()))
    return started


def _enrol() -> None:
    """Banks that are new get their first night; one statement an hour, whatever their number."""
    if time.monotonic() < _enrolled[0]:
        return
    _enrolled[0] = time.monotonic() + ENROL_SECONDS
    banks = bank_directory().active()
    moment = now()
    with public_scope():
        by_night: dict[datetime, list[str]] = {}
        for bank in banks:
            by_night.setdefault(next_night(bank, moment), []).append(bank.schema)
        for night, schemas in by_night.items():
            due.enrol(WORK, schemas, night)
