"""What the platform itself knows to be part of a bank: how it is exported, brought back, dropped and found gone."""

from collections.abc import Mapping, Sequence
from functools import partial
from io import BytesIO
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from audit.services import adopt_trail_file, archive_checkpoints, checkpoint_path, trail_file
from core.cache_keys import keys_of, purge_schema
from core.storage import whole
from core.tenancy import BankContext, owner_role, owner_scope, run_role
from core.vault import destroy_bank_keys, reapply_erasures
from tenants.archive import loading
from tenants.archive.manifest import FileEntry
from tenants.archive.reading import ArchiveSource
from tenants.archive.tables import LEFT_OUT, column, loading_order, select, tables
from tenants.archive.writing import ExportSink
from tenants.models import Bank, Domain, QuotaOverride, UsageRecord
from tenants.provisioning import database
from tenants.provisioning.registry import Proof

SUBJECTS, ERASURES, TRAIL = (
    "vault/subject_keys.parquet",
    "vault/erasures.parquet",
    "trail/checkpoints.jsonl",
)
USAGE, OVERRIDES = "platform/usage.parquet", "platform/overrides.parquet"


def table_path(name: str) -> str:
    return f"tables/{name}.parquet"


# --- The schema's tables ------------------------------------------------------------------------------------


def export_tables(bank: BankContext, sink: ExportSink) -> None:
    # Rows are read as their owner; what is noted of them is the platform's.
    for table in tables(bank.schema):
        sink.table(
            table_path(table.name),
            columns=table.columns,
            order=table.order,
            query=select(table, bank.schema),
            scope=partial(owner_scope, bank.schema),
        )


def restore_tables(bank: BankContext, source: ArchiveSource) -> None:
    """All tables in one transaction, without the triggers that would seal rows anew or refuse to empty a table."""
    known = [table.name for table in tables(bank.schema)]
    entries = {name: source.find(table_path(name)) for name in known}
    with transaction.atomic(), owner_scope(bank.schema):
        for name in known:
            _on(bank.schema, "ALTER TABLE {table} DISABLE TRIGGER USER", name)
        _empty(bank.schema, [*known, *(set(LEFT_OUT) - {"django_migrations"})])
        for name in loading_order(bank.schema, known):
            entry = entries[name]
            if entry is not None:
                loading.load(source, entry, schema=bank.schema, table=name)
        for counter in source.manifest.contents.counters:
            loading.set_counter(bank.schema, counter)
        with connection.cursor() as cursor:
            # A foreign key that does not hold shows here, before the triggers come back.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in known:
            _on(bank.schema, "ALTER TABLE {table} ENABLE TRIGGER USER", name)


def _empty(schema: str, names: Sequence[str]) -> None:
    """Rows that came with the new schema; all tables at once, since they refer to each other."""
    places = sql.SQL(", ").join(sql.Identifier(schema, name) for name in sorted(names))
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("TRUNCATE {}").format(places))


def _on(schema: str, statement: str, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(table=sql.Identifier(schema, table)))


def purge_tables(bank: BankContext) -> Mapping[str, Any]:
    counted = _count("SELECT count(*) FROM pg_tables WHERE schemaname = %s", bank.schema)
    database.drop_tables(bank.schema)
    return {"tables": counted}


def prove_tables(bank: BankContext) -> Sequence[Proof]:
    return (
        _proof("schema", "SELECT count(*) FROM pg_namespace WHERE nspname = %s", bank.schema),
        _proof("tables", "SELECT count(*) FROM pg_tables WHERE schemaname = %s", bank.schema),
    )


def purge_roles(bank: BankContext) -> Mapping[str, Any]:
    database.drop_roles(bank.schema)
    return {"roles": [owner_role(bank.schema), run_role(bank.schema)]}


def prove_roles(bank: BankContext) -> Sequence[Proof]:
    query = "SELECT count(*) FROM pg_roles WHERE rolname = %s"
    return tuple(
        _proof("role", query, role) for role in (owner_role(bank.schema), run_role(bank.schema))
    )


# --- The vault ----------------------------------------------------------------------------------------------


def export_vault(bank: BankContext, sink: ExportSink) -> None:
    """Keys of persons, wrapped under the bank's key as they stand; an erased person's is empty and stays so."""
    sink.table(
        SUBJECTS,
        columns=(
            column("subject", "bytea"),
            column("wrapped", "bytea"),
            column("bank_key_version", "integer"),
            column("created_at", "timestamp with time zone"),
            column("destroyed_at", "timestamp with time zone"),
        ),
        order=("subject",),
        query="SELECT subject, wrapped, bank_key_version, created_at, destroyed_at"
        " FROM public.vault_subject_key WHERE schema = %s ORDER BY subject",
        values=[bank.schema],
    )
    # Only marks of keys that are in this export: the ledger also keeps those of a bank that had the name before.
    sink.table(
        ERASURES,
        columns=(column("subject", "bytea"), column("erased_at", "timestamp with time zone")),
        order=("subject",),
        query="SELECT e.subject, e.erased_at FROM public.vault_erasure e JOIN public.vault_subject_key k"
        " ON k.schema = e.schema AND k.subject = e.subject AND k.destroyed_at IS NOT NULL"
        " WHERE e.schema = %s ORDER BY e.subject",
        values=[bank.schema],
    )


def restore_vault(bank: BankContext, source: ArchiveSource) -> None:
    """Through temporary tables: COPY does not go into one with row-level security."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM public.vault_subject_key WHERE schema = %s", [bank.schema])
        for path, table in ((SUBJECTS, "vault_subject_key"), (ERASURES, "vault_erasure")):
            entry = source.find(path)
            if entry is not None:
                _adopt(bank, source, entry, table)
    # Destroys nothing here; writes the marks into the ledger outside PostgreSQL.
    reapply_erasures(bank.schema)


def _adopt(bank: BankContext, source: ArchiveSource, entry: FileEntry, table: str) -> None:
    names = {
        "incoming": sql.Identifier("pg_temp", f"incoming_{table}"),
        "table": sql.Identifier("public", table),
    }
    with connection.cursor() as cursor:
        statement = "CREATE TEMPORARY TABLE {short} (LIKE {table}) ON COMMIT DROP"
        short = sql.Identifier(f"incoming_{table}")
        cursor.execute(sql.SQL(statement).format(short=short, table=names["table"]))
    incoming = f"incoming_{table}"
    loading.load(source, entry, schema="pg_temp", table=incoming, constants={"schema": bank.schema})
    with connection.cursor() as cursor:
        statement = "INSERT INTO {table} SELECT * FROM {incoming} ON CONFLICT DO NOTHING"
        cursor.execute(sql.SQL(statement).format(**names))


def purge_vault(bank: BankContext) -> Mapping[str, Any]:
    counted = {
        "bank_keys": _count(
            "SELECT count(*) FROM public.vault_bank_key WHERE schema = %s", bank.schema
        ),
        "subject_keys": _count(
            "SELECT count(*) FROM public.vault_subject_key WHERE schema = %s", bank.schema
        ),
        "erasure_marks_kept": _count(
            "SELECT count(*) FROM public.vault_erasure WHERE schema = %s", bank.schema
        ),
    }
    destroy_bank_keys(bank.schema)
    return counted


def prove_vault(bank: BankContext) -> Sequence[Proof]:
    return tuple(
        _proof(what, f"SELECT count(*) FROM public.{table} WHERE schema = %s", bank.schema)  # noqa: S608
        for what, table in (("bank keys", "vault_bank_key"), ("subject keys", "vault_subject_key"))
    )


# --- Stored files, the trail's checkpoints ------------------------------------------------------------------


def export_objects(bank: BankContext, sink: ExportSink) -> None:
    for path in whole.stored_paths(bank.schema):
        with whole.open_stored(bank.schema, path) as stream:
            sink.file(f"objects/{path}", stream, kind="object")


def restore_objects(bank: BankContext, source: ArchiveSource) -> None:
    for entry in source.manifest.contents.of_kind("object"):
        with source.open(entry.path) as stream:
            whole.keep_stored(bank.schema, entry.path.removeprefix("objects/"), stream)


def purge_objects(bank: BankContext) -> Mapping[str, Any]:
    return {"stored_files": whole.delete_stored(bank.schema)}


def prove_objects(bank: BankContext) -> Sequence[Proof]:
    found = sum(1 for _ in whole.stored_paths(bank.schema))
    return (Proof("stored files", f"list the storage below {bank.schema}/", found),)


def export_trail(bank: BankContext, sink: ExportSink) -> None:
    sink.file(TRAIL, BytesIO(trail_file(bank.schema)))


def restore_trail(bank: BankContext, source: ArchiveSource) -> None:
    if source.find(TRAIL):
        adopt_trail_file(bank.schema, source.read(TRAIL))


def purge_trail(bank: BankContext) -> Mapping[str, Any]:
    kept = archive_checkpoints(bank.schema)
    return {"checkpoints_archived": kept.name if kept else None}


def prove_trail(bank: BankContext) -> Sequence[Proof]:
    name = checkpoint_path(bank.schema).name
    return (
        Proof(
            "open checkpoint file", f"look for {name}", int(checkpoint_path(bank.schema).exists())
        ),
    )


# --- What public and the cache hold -------------------------------------------------------------------------


def export_platform(bank: BankContext, sink: ExportSink) -> None:
    """Counts of use and what was agreed beside the plan."""
    sink.table(
        USAGE,
        columns=(column("month", "date"), column("meter", "text"), column("amount", "bigint")),
        order=("month", "meter"),
        query="SELECT u.month, u.meter, u.amount FROM public.tenants_usagerecord u"
        " JOIN public.tenants_bank b ON b.id = u.bank_id WHERE b.schema_name = %s"
        ' ORDER BY u.month, u.meter COLLATE "C"',
        values=[bank.schema],
    )
    names = ("quota", "limit", "valid_from", "valid_to", "reason", "created_by_label", "ended_at")
    kinds = ("text", "bigint", "date", "date", "text", "text", "timestamp with time zone")
    sink.table(
        OVERRIDES,
        columns=tuple(column(name, kind) for name, kind in zip(names, kinds, strict=True)),
        order=names,
        query='SELECT q.quota, q."limit", q.valid_from, q.valid_to, q.reason, q.created_by_label, q.ended_at'
        " FROM public.tenants_quotaoverride q JOIN public.tenants_bank b ON b.id = q.bank_id"
        " WHERE b.schema_name = %s ORDER BY q.id",
        values=[bank.schema],
    )


def restore_platform(bank: BankContext, source: ArchiveSource) -> None:
    row = Bank.objects.get(schema_name=bank.schema)
    usage, overrides = source.find(USAGE), source.find(OVERRIDES)
    with transaction.atomic():
        UsageRecord.objects.filter(bank=row).delete()
        QuotaOverride.objects.filter(bank=row).delete()
        for group in source.rows(usage) if usage else ():
            UsageRecord.objects.bulk_create(
                UsageRecord(bank=row, month=month, meter=meter, amount=amount)
                for month, meter, amount in group
            )
        for group in source.rows(overrides) if overrides else ():
            QuotaOverride.objects.bulk_create(
                QuotaOverride(
                    bank=row, quota=quota, limit=limit, valid_from=begin, valid_to=end, reason=reason,
                    created_by="import:", created_by_label=label, ended_at=ended,
                )
                for quota, limit, begin, end, reason, label, ended in group
            )  # fmt: skip


# Besides tickets: turns, terms and the sealer's mark, all by the schema's name.
_QUEUE_TABLES = ("dispatch_lane", "dispatch_terms", "audit_dirty", "bank_due")


def _delete_of(cursor: Any, table: str, schema: str) -> None:
    statement = sql.SQL("DELETE FROM public.{} WHERE schema_name = %s")
    cursor.execute(statement.format(sql.Identifier(table)), [schema])


def purge_platform(bank: BankContext) -> Mapping[str, Any]:
    """Tickets, cached values, hosts and onboarding marks; counts of use stay, for the last bill."""
    row = Bank.objects.get(schema_name=bank.schema)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM dispatch_ticket WHERE schema_name = %s", [bank.schema])
        tickets = cursor.rowcount
        for table in _QUEUE_TABLES:
            _delete_of(cursor, table, bank.schema)
        hosts = list(Domain.objects.filter(tenant=row).values_list("domain", flat=True))
        Domain.objects.filter(tenant=row).delete()
        row.steps.all().delete()
    return {"tickets": tickets, "hosts": sorted(hosts), "cached_values": purge_schema(bank.schema)}


def prove_platform(bank: BankContext) -> Sequence[Proof]:
    return (
        _proof(
            "tickets", "SELECT count(*) FROM dispatch_ticket WHERE schema_name = %s", bank.schema
        ),
        *(
            _proof(table, f"SELECT count(*) FROM {table} WHERE schema_name = %s", bank.schema)  # noqa: S608
            for table in _QUEUE_TABLES
        ),
        _proof(
            "hosts",
            "SELECT count(*) FROM tenants_domain d JOIN tenants_bank b ON b.id = d.tenant_id"
            " WHERE b.schema_name = %s",
            bank.schema,
        ),
        Proof("cached values", f"SCAN MATCH {bank.schema}:*", len(keys_of(bank.schema))),
    )


def _count(query: str, value: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, [value])
        return int(cursor.fetchone()[0])


def _proof(what: str, query: str, value: str) -> Proof:
    return Proof(what, query.replace("%s", f"'{value}'"), _count(query, value))
