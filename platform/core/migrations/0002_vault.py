"""The vault's tables, in public, where PostgreSQL shows each bank its own rows alone.

They stand outside the banks' schemas so that no bank's export or backup holds a key. The policies
compare the role in force (`bank_x__run`) with the row's schema; the login that migrates owns the
tables and sees all rows through a policy of its own, because FORCE ROW LEVEL SECURITY binds an
owner too.
"""

from typing import ClassVar

from django.db import migrations

TABLES = """
CREATE TABLE public.vault_bank_key (
    schema text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('data', 'index')),
    version integer NOT NULL CHECK (version > 0),
    wrapped bytea NOT NULL,
    master_version integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (schema, kind, version)
);
CREATE TABLE public.vault_subject_key (
    schema text NOT NULL,
    subject bytea NOT NULL CHECK (octet_length(subject) = 32),
    wrapped bytea,
    bank_key_version integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    PRIMARY KEY (schema, subject),
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
CREATE TABLE public.vault_erasure (
    schema text NOT NULL,
    subject bytea NOT NULL CHECK (octet_length(subject) = 32),
    erased_at timestamptz NOT NULL,
    PRIMARY KEY (schema, subject)
);
"""

GUARDS = """
CREATE FUNCTION public.vault_keep_destroyed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.destroyed_at IS NOT NULL THEN
        RAISE EXCEPTION 'the key of an erased subject never comes back' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER vault_subject_key_keep_destroyed BEFORE UPDATE ON public.vault_subject_key
    FOR EACH ROW EXECUTE FUNCTION public.vault_keep_destroyed();
CREATE FUNCTION public.vault_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER vault_erasure_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.vault_erasure
    FOR EACH STATEMENT EXECUTE FUNCTION public.vault_append_only();
"""

POLICIES = "".join(
    f"""
ALTER TABLE public.{table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.{table} FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.{table} FROM PUBLIC;
CREATE POLICY {table}_platform ON public.{table} TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY {table}_bank ON public.{table} TO panorama_bank
    USING (schema || '__run' = current_user) WITH CHECK (schema || '__run' = current_user);
"""
    for table in ("vault_bank_key", "vault_subject_key", "vault_erasure")
)

GRANTS = """
GRANT USAGE ON SCHEMA public TO panorama_bank;
GRANT SELECT ON public.vault_bank_key TO panorama_bank;
GRANT SELECT, INSERT ON public.vault_subject_key TO panorama_bank;
GRANT UPDATE (wrapped, destroyed_at) ON public.vault_subject_key TO panorama_bank;
GRANT SELECT, INSERT ON public.vault_erasure TO panorama_bank;
"""

DROP = """
DROP TABLE public.vault_erasure, public.vault_subject_key, public.vault_bank_key;
DROP FUNCTION public.vault_append_only();
DROP FUNCTION public.vault_keep_destroyed();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("core", "0001_dispatch_ticket")]
    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(TABLES + GUARDS + POLICIES + GRANTS, DROP),
    ]
