"""A schema replayed from the template is the schema that migrations make, and goes on as one."""

import threading

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings

from core.tenancy import owner_scope, public_scope
from tenants.models import SchemaMigration, SchemaTemplate
from tenants.provisioning import database, dumps, templates, versions
from tests.tenants.catalogue import catalogue
from tests.tenants.schemas import context, schemas

LATER = {"jobs": "tests.tenants.later_jobs"}


def test_replayed_schema_is_the_migrated_one_also_after_a_later_migration(admin_login):
    with schemas("bank_replayed", "bank_stepwise"):
        assert templates.make_tables("bank_replayed") == "replayed"
        database.migrate_schema("bank_stepwise")
        for schema in ("bank_replayed", "bank_stepwise"):
            database.apply_grants(schema)
        made, expected = catalogue("bank_replayed"), catalogue("bank_stepwise")
        assert {kind for kind, found in expected.items() if found} >= {
            "relations", "columns", "constraints", "indexes", "triggers", "functions", "sequences", "rows"
        }  # fmt: skip
        for kind in expected:
            assert made[kind] == expected[kind], kind
        with override_settings(MIGRATION_MODULES=LATER):
            assert versions.missing_in("bank_replayed") == [("jobs", "x9999_later")]
            for schema in ("bank_replayed", "bank_stepwise"):
                database.migrate_schema(schema)
            assert versions.missing_in("bank_replayed") == []
        made, expected = catalogue("bank_replayed"), catalogue("bank_stepwise")
        for kind in expected:
            assert made[kind] == expected[kind], kind
        assert any("later_note" in row for row in made["columns"])


def test_the_comparison_sees_a_single_changed_right_name_or_default(admin_login):
    with schemas("bank_replayed"):
        templates.make_tables("bank_replayed")
        before = catalogue("bank_replayed")
        for statement, kind in (
            ("ALTER TABLE jobs_job RENAME CONSTRAINT job_counts TO counts", "constraints"),
            ("ALTER TABLE jobs_job ALTER title SET DEFAULT ''", "columns"),
            ("GRANT SELECT ON jobs_job TO bank_replayed__run", "relations"),
            ("ALTER TABLE audit_auditentry DISABLE TRIGGER USER", "triggers"),
            ("COMMENT ON TABLE jobs_job IS 'x'", "relations"),
        ):
            with transaction.atomic(), owner_scope("bank_replayed"):
                with connection.cursor() as cursor:
                    cursor.execute(statement)
                assert catalogue("bank_replayed")[kind] != before[kind], statement
                transaction.set_rollback(True)


def test_a_newer_code_makes_its_own_template_and_never_uses_the_old_one(admin_login):
    with public_scope():
        old = templates.find_or_build()
        with override_settings(MIGRATION_MODULES=LATER), schemas("bank_later"):
            assert versions.code_digest() != old.digest
            assert templates.make_tables("bank_later") == "replayed"
            assert any("later_note" in row for row in catalogue("bank_later")["columns"])
            assert SchemaTemplate.objects.count() == 2
        with schemas("bank_older"):
            assert templates.make_tables("bank_older") == "replayed"
            assert not any("later_note" in row for row in catalogue("bank_older")["columns"])
        assert not _scratch_schemas()


def test_without_a_template_banks_are_migrated_and_the_reason_is_logged(
    admin_login, monkeypatch, caplog
):
    with public_scope():
        SchemaTemplate.objects.all().delete()
    monkeypatch.setattr(dumps, "client_programs", lambda name: [])
    with schemas("bank_stepwise"):
        assert templates.make_tables("bank_stepwise") == "migrated"
        assert versions.missing_in("bank_stepwise") == []
    assert "no pg_dump" in caplog.text
    assert not _scratch_schemas()


def test_a_schema_left_half_migrated_is_finished_by_migrations(admin_login):
    with schemas("bank_half"):
        with owner_scope("bank_half"), connection.cursor() as cursor:
            MigrationRecorder(connection).ensure_schema()
            cursor.execute("CREATE TABLE begun (id int)")
        assert templates.make_tables("bank_half") == "migrated"
        assert database.missing_tables("bank_half") == []


def test_a_replay_that_fails_leaves_the_schema_empty(admin_login):
    with schemas("bank_broken"), public_scope():
        template = templates.find_or_build()
        SchemaTemplate.objects.update(script=template.script + "\nSELECT 1/0;")
        with pytest.raises(Exception, match="division by zero"):
            templates.make_tables("bank_broken")
        assert templates._is_empty("bank_broken")
        SchemaTemplate.objects.update(script=template.script)
        assert templates.make_tables("bank_broken") == "replayed"


def test_two_onboardings_at_once_without_a_template_both_get_their_tables(admin_login):
    with public_scope():
        SchemaTemplate.objects.all().delete()
    how: dict[str, str] = {}

    def make(schema: str) -> None:
        try:
            with public_scope():
                how[schema] = templates.make_tables(schema)
        finally:
            connections["default"].close()

    names = ("bank_first", "bank_second")
    with schemas(*names):
        threads = [threading.Thread(target=make, args=[name]) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(how) == set(names)
        assert [database.missing_tables(name) for name in names] == [[], []]
        assert SchemaTemplate.objects.count() == 1
        assert catalogue("bank_first")["columns"] == catalogue("bank_second")["columns"]


def test_scratch_of_a_killed_builder_is_cleared_away_by_the_next(admin_login):
    with public_scope():
        SchemaTemplate.objects.all().delete()
        leftover = "template_0123456789ab"
        with schemas(leftover):
            templates.find_or_build()
            assert not _scratch_schemas()
            database.create_roles(context(leftover), {})


def test_rows_that_are_sealed_for_one_bank_are_not_copied_to_others(admin_login, monkeypatch):
    migrate = database.migrate_schema

    def and_record(schema: str) -> None:
        migrate(schema)
        with owner_scope(schema), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_pendingseal DISABLE TRIGGER USER")
            cursor.execute(
                "INSERT INTO audit_pendingseal (stream, row_id, row_hash) VALUES ('audit', gen_random_uuid(), 'x')"
            )

    monkeypatch.setattr(database, "migrate_schema", and_record)
    with public_scope():
        SchemaTemplate.objects.all().delete()
        with pytest.raises(templates.TemplateRefused, match="audit_pendingseal"):
            templates.build(wait=True)
        assert not SchemaTemplate.objects.exists()


@pytest.mark.parametrize("name", ['bank_"x', "bank x", "Bank", "", "bank_x;drop"])
def test_a_name_that_would_need_quoting_is_refused(name):
    with pytest.raises(ValueError, match="quoting"):
        dumps.renamed("CREATE TABLE template_1.x ();", schema="template_1", to=name)


def test_renaming_touches_the_schema_and_its_roles_alone():
    script = "template_1.a 'template_1__run' template_12.b my_template_1 template_1__owner"
    renamed = dumps.renamed(script, schema="template_1", to="bank_x")
    assert renamed == "bank_x.a 'bank_x__run' template_12.b my_template_1 template_1__owner"


def _scratch_schemas() -> list[str]:
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'template\\_%%'")
        return [row[0] for row in cursor.fetchall()]


def test_the_web_login_reads_templates_and_progress_and_writes_neither(db):
    with public_scope():
        assert SchemaTemplate.objects.count() == 1
        for rows, change in (
            (SchemaTemplate.objects, {"script": ""}),
            (SchemaMigration.objects, {"error": ""}),
        ):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                rows.update(**change)
