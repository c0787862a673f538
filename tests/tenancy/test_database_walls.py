"""Raw SQL in one bank's session against everything that is not its own: PostgreSQL refuses it."""

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from core.tenancy import bank_scope, public_scope

FOREIGN = "bank_beta"
REFUSED = [
    f"SELECT * FROM {FOREIGN}.accounts_user",
    f'SELECT * FROM "{FOREIGN}"."accounts_user"',
    f"SELECT count(*) FROM {FOREIGN}.audit_auditentry",
    f"INSERT INTO {FOREIGN}.jobs_joblog (id) VALUES (gen_random_uuid())",
    f"UPDATE {FOREIGN}.accounts_user SET is_active = false",
    f"DELETE FROM {FOREIGN}.accounts_user",
    f"TRUNCATE {FOREIGN}.accounts_user",
    f"DROP TABLE {FOREIGN}.accounts_user",
    f"DROP SCHEMA {FOREIGN} CASCADE",
    f"CREATE TABLE {FOREIGN}.mine (id int)",
    f"ALTER TABLE {FOREIGN}.accounts_user ADD COLUMN x int",
    f"COPY {FOREIGN}.accounts_user TO STDOUT",
    f"COPY (SELECT * FROM {FOREIGN}.accounts_user) TO STDOUT",
    f"SELECT 1 UNION ALL SELECT count(*) FROM {FOREIGN}.accounts_user",
    f"WITH x AS (SELECT * FROM {FOREIGN}.accounts_user) SELECT count(*) FROM x",
    f"SELECT * FROM (SELECT * FROM {FOREIGN}.accounts_user) y",
    f"SELECT EXISTS (SELECT FROM {FOREIGN}.accounts_user)",
    f"CREATE TEMP TABLE stolen AS SELECT * FROM {FOREIGN}.accounts_user",
    f"CREATE VIEW stolen AS SELECT * FROM {FOREIGN}.accounts_user",
    f"SELECT query_to_xml('SELECT * FROM {FOREIGN}.accounts_user', true, true, '')",
    f"SELECT schema_to_xml('{FOREIGN}', true, true, '')",
    f"SELECT table_to_xml('{FOREIGN}.accounts_user', true, true, '')",
    f"DO $$ BEGIN PERFORM * FROM {FOREIGN}.accounts_user; END $$",
    f"DO $$ BEGIN EXECUTE 'SELECT * FROM {FOREIGN}.accounts_user'; END $$",
    f"LOCK TABLE {FOREIGN}.accounts_user",
    f"GRANT SELECT ON {FOREIGN}.accounts_user TO bank_alpha__run",
    f"GRANT {FOREIGN}__run TO bank_alpha__run",
    "SET ROLE bank_alpha__own",
    "SET ROLE postgres",
    "SET ROLE panorama_admin",
    "SET SESSION AUTHORIZATION panorama_admin",
    "CREATE ROLE intruder",
    "ALTER ROLE bank_alpha__run SUPERUSER",
    "SELECT * FROM public.accounts_user",
    "SELECT * FROM public.tenants_bank",
    "SELECT * FROM public.dispatch_ticket",
    "INSERT INTO public.tenants_plan (code) VALUES ('x')",
    "SELECT pg_read_file('/etc/passwd')",
    "COPY audit_auditentry TO PROGRAM 'cat'",
    "UPDATE audit_auditentry SET action = 'x'",
    "DELETE FROM audit_auditentry",
    "TRUNCATE audit_auditentry",
    "ALTER TABLE audit_auditentry DISABLE TRIGGER ALL",
    "DROP TABLE audit_auditentry",
    "CREATE TABLE own_table (id int)",
    "SELECT * FROM pg_authid",
    f"SELECT lo_import('/etc/passwd'), '{FOREIGN}'",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_statement_is_refused(bank, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_user")
        assert cursor.fetchone() == (1,)


def test_own_rows_are_there_in_the_same_way(bank):
    """The counterpart: what is allowed happens, so the refusals above are not for want of a working session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT email FROM accounts_user")
        assert cursor.fetchall() == [("admin@alpha.test",)]
        cursor.execute("SELECT count(*) > 0 FROM audit_auditentry")
        assert cursor.fetchone() == (True,)


@pytest.mark.parametrize("params", [None, [1]])
@pytest.mark.parametrize(
    "statement",
    [
        f"SELECT 1; SET ROLE {FOREIGN}__run",
        f"SELECT 1; RESET ROLE; SET ROLE {FOREIGN}__run; SELECT * FROM {FOREIGN}.accounts_user",
        f"COMMIT; SET ROLE {FOREIGN}__run",
    ],
)
def test_stacked_statements_are_refused(bank, statement, params):
    """The role is a setting of the session: what could leave it has to come as a statement of its own."""
    if params:
        statement = statement.replace("1", "%s", 1) if "1" in statement else statement + " -- %s"
    with (
        pytest.raises(DatabaseError, match="multiple commands"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, params)


def test_web_login_may_take_no_owner_role(db):
    with (
        public_scope(),
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET ROLE bank_alpha__own")


def test_ticket_functions_write_only_the_callers_schema(bank_a, bank_b):
    job = "018f0000-0000-7000-8000-000000000001"
    with bank_scope(bank_a), connection.cursor() as cursor:
        cursor.execute("SELECT public.dispatch_ticket_put(%s::uuid, 'batch', 5)", [job])
    with bank_scope(bank_b), connection.cursor() as cursor:
        cursor.execute("SELECT public.dispatch_ticket_drop(%s::uuid)", [job])
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT schema_name FROM public.dispatch_ticket WHERE job_id = %s", [job])
        assert cursor.fetchall() == [("bank_alpha",)]
