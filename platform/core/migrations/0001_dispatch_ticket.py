"""The one public table that says which bank has a job waiting; no business data, written by two narrow functions.

The functions take the schema from the role in force, never from an argument, so a bank can only write its own tickets.
"""

from django.db import migrations

FORWARD = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'panorama_bank') THEN
    CREATE ROLE panorama_bank NOLOGIN NOINHERIT;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

CREATE TABLE dispatch_ticket (
  schema_name text NOT NULL,
  job_id uuid NOT NULL,
  queue text NOT NULL,
  due_at timestamptz NOT NULL,
  sends integer NOT NULL DEFAULT 0,
  PRIMARY KEY (schema_name, job_id)
);
CREATE INDEX dispatch_ticket_due ON dispatch_ticket (due_at);

CREATE FUNCTION scope_schema() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT CASE current_setting('role')
    WHEN 'none' THEN 'public'
    ELSE regexp_replace(current_setting('role'), '__(run|own)$', '')
  END
$$;

CREATE FUNCTION dispatch_ticket_put(job uuid, job_queue text, seconds double precision) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO public.dispatch_ticket AS t (schema_name, job_id, queue, due_at)
  VALUES (public.scope_schema(), job, job_queue, now() + make_interval(secs => seconds))
  ON CONFLICT (schema_name, job_id) DO UPDATE SET queue = excluded.queue, due_at = excluded.due_at
$$;

CREATE FUNCTION dispatch_ticket_drop(job uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DELETE FROM public.dispatch_ticket WHERE schema_name = public.scope_schema() AND job_id = job
$$;

REVOKE ALL ON FUNCTION dispatch_ticket_put(uuid, text, double precision) FROM PUBLIC;
REVOKE ALL ON FUNCTION dispatch_ticket_drop(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dispatch_ticket_put(uuid, text, double precision) TO panorama_bank;
GRANT EXECUTE ON FUNCTION dispatch_ticket_drop(uuid) TO panorama_bank;
"""

BACKWARD = """
DROP FUNCTION dispatch_ticket_put(uuid, text, double precision);
DROP FUNCTION dispatch_ticket_drop(uuid);
DROP FUNCTION scope_schema();
DROP TABLE dispatch_ticket;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
