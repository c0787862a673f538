"""Small pieces of work in one bank's scope, each of which knows by the rows it sees whose bank it is in.

Every row's name is its bank's schema. An operation raises `WrongBankSeen` when it sees another's; database errors of
killed connections pass through.
"""

import random
from collections.abc import Callable, Sequence
from uuid import uuid4

from django.db import connection, transaction

from accounts.models import User
from core.tenancy import BankContext, WrongBank, bank_scope, current_schema, public_scope
from tenants.models import Bank


class WrongBankSeen(AssertionError):
    """An answer came from another bank."""


class Undo(Exception):
    """Raised by an operation itself, to leave a block by an exception."""


Operation = Callable[[random.Random, Sequence[BankContext]], None]


def see(bank: BankContext, names: Sequence[str], *, some: bool = True) -> None:
    """Raises `WrongBankSeen` unless all names are the bank's, and there is at least one when `some`."""
    if set(names) - {bank.schema} or (some and not names):
        raise WrongBankSeen(f"in {bank.schema}: {sorted(set(names)) or 'nothing'}")


def names() -> list[str]:
    return list(User.objects.order_by("created_at")[:20].values_list("name", flat=True))


def add(bank: BankContext) -> User:
    return User.objects.create(email=f"{uuid4()}@mix.test", name=bank.schema, roles=[])


def read(draw: random.Random, banks: Sequence[BankContext]) -> None:
    bank = draw.choice(banks)
    with bank_scope(bank):
        see(bank, names())


def read_by_schema(draw: random.Random, banks: Sequence[BankContext]) -> None:
    bank = draw.choice(banks)
    with bank_scope(bank.schema) as found:
        see(bank, [*names(), found.schema])


def read_raw(draw: random.Random, banks: Sequence[BankContext]) -> None:
    bank = draw.choice(banks)
    with bank_scope(bank), connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, current_schema(), replace(current_user, '__run', '') "
            "FROM accounts_user ORDER BY created_at DESC LIMIT 3"
        )
        see(bank, [text for row in cursor.fetchall() for text in row])


def write(draw: random.Random, banks: Sequence[BankContext]) -> None:
    bank = draw.choice(banks)
    with bank_scope(bank):
        added = add(bank)
        see(bank, [User.objects.get(pk=added.pk).name])


def update(draw: random.Random, banks: Sequence[BankContext]) -> None:
    bank = draw.choice(banks)
    with bank_scope(bank), transaction.atomic():
        user = (
            User.objects.select_for_update(skip_locked=True).exclude(roles=["bank_admin"]).first()
        )
        if user is not None:
            see(bank, [user.name])
            user.language = draw.choice(["en", "zh-hans"])
            user.save(update_fields=["language"])


def nested(draw: random.Random, banks: Sequence[BankContext]) -> None:
    outer, inner = draw.choice(banks), draw.choice(banks)
    with bank_scope(outer):
        see(outer, names())
        with bank_scope(inner):
            see(inner, names())
        see(outer, names())
        with public_scope():
            if Bank.objects.count() < len(banks):
                raise WrongBankSeen("public holds no banks")
        see(outer, names())


def fails_inside(draw: random.Random, banks: Sequence[BankContext]) -> None:
    outer, inner = draw.choice(banks), draw.choice(banks)
    with bank_scope(outer):
        try:
            with bank_scope(inner):
                see(inner, names())
                raise Undo
        except Undo:
            see(outer, names())


def rolled_back(draw: random.Random, banks: Sequence[BankContext]) -> None:
    """A rollback undoes the search path and the role that were set inside it."""
    outer, inner = draw.choice(banks), draw.choice(banks)
    with bank_scope(outer):
        key = None
        try:
            with transaction.atomic(), bank_scope(inner):
                key = add(inner).pk
                raise Undo
        except Undo:
            see(outer, names())
    with bank_scope(inner):
        see(inner, names())
        if User.objects.filter(pk=key).exists():
            raise WrongBankSeen("a row that was rolled back is there")


def savepoints(draw: random.Random, banks: Sequence[BankContext]) -> None:
    """The same for a part of a transaction; what was written outside it stays, in its own bank."""
    outer, inner = draw.choice(banks), draw.choice(banks)
    with bank_scope(outer), transaction.atomic():
        kept = add(outer)
        try:
            with transaction.atomic(), bank_scope(inner):
                see(inner, names())
                add(inner)
                raise Undo
        except Undo:
            pass
        see(outer, names())
        see(outer, [User.objects.get(pk=kept.pk).name])


def failed_statement(draw: random.Random, banks: Sequence[BankContext]) -> None:
    bank, after = draw.choice(banks), draw.choice(banks)
    with bank_scope(bank):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM no_such_table")
        except Exception as error:
            if "no_such_table" not in str(error):
                raise
        see(bank, names())
    with bank_scope(after):
        see(after, names())


def reconnects(draw: random.Random, banks: Sequence[BankContext]) -> None:
    bank = draw.choice(banks)
    with bank_scope(bank):
        see(bank, names())
        connection.close()
        see(bank, names())


def carried_out(draw: random.Random, banks: Sequence[BankContext]) -> None:
    """A lazy queryset of one bank, evaluated in another's scope, is refused."""
    built, used = draw.sample(list(banks), 2)
    with bank_scope(built):
        lazy = User.objects.values_list("name", flat=True)[:5]
    with bank_scope(used):
        try:
            seen = list(lazy)
        except WrongBank:
            return
        see(used, seen)
        raise WrongBankSeen(f"{current_schema()} evaluated what {built.schema} built")


OPERATIONS: tuple[Operation, ...] = (
    read, read_by_schema, read_raw, write, update, nested, fails_inside, rolled_back, savepoints, failed_statement,
    reconnects, carried_out,
)  # fmt: skip
