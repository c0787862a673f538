"""Fair dispatch: PostgreSQL decides whose job is sent next, the broker only holds what workers can soon take.

Three tables beside `dispatch_ticket`, none with business data:

`dispatch_lane`   one row a bank and queue: what waits, what is in flight, its share, and its `pass`,
                  the work it was given so far divided by its weight (stride scheduling: Waldspurger and
                  Weihl, 1995). The ready lane with the smallest pass is next: one index probe.
`dispatch_queue`  one row a queue: the pass reached (`pass`), and how many jobs were sent and not yet
                  claimed (`ahead`). Its row lock makes dispatchers take turns; it is never held while
                  a client is waited for.
`dispatch_terms`  what a bank's plan and state say: shares, weight, held.

A bank's own transactions touch its own tickets only: they write `state`. Lanes are counted by `dispatch_pump`
alone, from the tickets whose `state` differs from what was `counted`. So no bank's open transaction makes
another bank wait, and a process that dies between commit and dispatch loses nothing: the mark stays.
"""

from typing import ClassVar

from django.db import migrations

TABLES = """
CREATE SEQUENCE public.dispatch_ticket_order;
ALTER TABLE public.dispatch_ticket
  ADD COLUMN state text NOT NULL DEFAULT 'waiting'
    CONSTRAINT dispatch_ticket_state CHECK (state IN ('waiting', 'sent', 'running', 'done')),
  ADD COLUMN counted text NOT NULL DEFAULT 'none',
  ADD COLUMN priority smallint NOT NULL DEFAULT 5,
  ADD COLUMN seq bigint NOT NULL DEFAULT nextval('public.dispatch_ticket_order'),
  ADD COLUMN queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ADD COLUMN claimed_at timestamptz,
  ADD COLUMN charged double precision NOT NULL DEFAULT 0;
DROP INDEX public.dispatch_ticket_due;
CREATE INDEX dispatch_ticket_due ON public.dispatch_ticket (due_at) WHERE state IN ('sent', 'running');
CREATE INDEX dispatch_ticket_changed ON public.dispatch_ticket (queue, schema_name) WHERE state <> counted;
CREATE INDEX dispatch_ticket_next ON public.dispatch_ticket (queue, schema_name, priority, seq)
  WHERE state = 'waiting' AND counted = 'waiting';

CREATE TABLE public.dispatch_queue (
  queue text PRIMARY KEY,
  pass double precision NOT NULL DEFAULT 0,
  ahead integer NOT NULL DEFAULT 0
);
CREATE TABLE public.dispatch_terms (
  schema_name text PRIMARY KEY,
  held boolean NOT NULL DEFAULT false,
  weight double precision NOT NULL DEFAULT 1 CHECK (weight > 0),
  shares jsonb NOT NULL DEFAULT '{}'
);
CREATE TABLE public.dispatch_lane (
  queue text NOT NULL,
  schema_name text NOT NULL,
  waiting integer NOT NULL DEFAULT 0,
  in_flight integer NOT NULL DEFAULT 0,
  share integer NOT NULL,
  weight double precision NOT NULL DEFAULT 1,
  held boolean NOT NULL DEFAULT false,
  pass double precision NOT NULL DEFAULT 0,
  seconds double precision NOT NULL DEFAULT 1,
  PRIMARY KEY (schema_name, queue)
);
CREATE INDEX dispatch_lane_ready ON public.dispatch_lane (queue, pass, schema_name)
  WHERE waiting > 0 AND in_flight < share AND NOT held;
ALTER TABLE public.dispatch_ticket SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
ALTER TABLE public.dispatch_lane SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
ALTER TABLE public.dispatch_queue SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
"""

# What a bank's session may do: mark its own tickets. The schema comes from the role in force, never from an argument.
BANK_FUNCTIONS = """
CREATE FUNCTION public.dispatch_ticket_add(job uuid, job_queue text, job_priority integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO public.dispatch_ticket AS t (schema_name, job_id, queue, priority, due_at)
  VALUES (public.scope_schema(), job, job_queue, job_priority, clock_timestamp())
  ON CONFLICT (schema_name, job_id) DO UPDATE SET
    state = 'waiting', priority = excluded.priority, seq = nextval('public.dispatch_ticket_order'),
    queued_at = clock_timestamp(), claimed_at = NULL
$$;

CREATE FUNCTION public.dispatch_ticket_claim(job uuid, job_queue text, seconds double precision) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO public.dispatch_ticket AS t (schema_name, job_id, queue, state, claimed_at, due_at)
  VALUES (public.scope_schema(), job, job_queue, 'running', clock_timestamp(),
          clock_timestamp() + make_interval(secs => seconds))
  ON CONFLICT (schema_name, job_id) DO UPDATE SET
    state = 'running', claimed_at = excluded.claimed_at, due_at = excluded.due_at
$$;

CREATE OR REPLACE FUNCTION public.dispatch_ticket_put(job uuid, job_queue text, seconds double precision) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO public.dispatch_ticket AS t (schema_name, job_id, queue, due_at)
  VALUES (public.scope_schema(), job, job_queue, clock_timestamp() + make_interval(secs => seconds))
  ON CONFLICT (schema_name, job_id) DO UPDATE SET
    due_at = excluded.due_at, state = CASE t.state WHEN 'done' THEN 'waiting' ELSE t.state END
$$;

CREATE OR REPLACE FUNCTION public.dispatch_ticket_drop(job uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE public.dispatch_ticket SET state = 'done' WHERE schema_name = public.scope_schema() AND job_id = job
$$;

CREATE FUNCTION public.dispatch_place(job uuid)
RETURNS TABLE (state text, before bigint, in_flight integer, share integer, held boolean, queued_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT t.state,
    (SELECT count(*) FROM (
       SELECT FROM public.dispatch_ticket o
       WHERE o.queue = t.queue AND o.schema_name = t.schema_name AND o.state = 'waiting' AND o.counted = 'waiting'
         AND (o.priority, o.seq) < (t.priority, t.seq) LIMIT 10000) AS first),
    coalesce(l.in_flight, 0), l.share, coalesce(l.held, false), t.queued_at
  FROM public.dispatch_ticket t
  LEFT JOIN public.dispatch_lane l ON l.schema_name = t.schema_name AND l.queue = t.queue
  WHERE t.schema_name = public.scope_schema() AND t.job_id = job AND t.state <> 'done'
$$;
"""

COUNT = """
CREATE FUNCTION public.dispatch_count_changes(q text, only_schema text, most integer, usual_share integer,
                                              reached double precision) RETURNS integer
LANGUAGE sql SET search_path = pg_catalog, pg_temp
-- The planner cannot know how few rows change, and would read every ticket to find them.
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
  WITH changed AS MATERIALIZED (
    SELECT t.schema_name, t.job_id, t.state, t.counted, t.charged, t.claimed_at FROM public.dispatch_ticket t
    WHERE t.queue = q AND t.state <> t.counted AND (only_schema IS NULL OR t.schema_name = only_schema)
    LIMIT most FOR UPDATE SKIP LOCKED
  ), removed AS (
    DELETE FROM public.dispatch_ticket t USING changed c
    WHERE t.schema_name = c.schema_name AND t.job_id = c.job_id AND c.state = 'done'
  ), kept AS (
    UPDATE public.dispatch_ticket t SET counted = c.state,
      charged = CASE c.state WHEN 'waiting' THEN 0 ELSE t.charged END
    FROM changed c WHERE t.schema_name = c.schema_name AND t.job_id = c.job_id AND c.state <> 'done'
  ), used AS (
    SELECT *, CASE WHEN state = 'done' AND claimed_at IS NOT NULL
      THEN least(greatest(extract(epoch FROM clock_timestamp() - claimed_at), 0.05), 60) END AS seconds
    FROM changed
  ), sums AS (
    SELECT schema_name,
      sum((state = 'waiting')::int - (counted = 'waiting')::int) AS waiting,
      sum((state IN ('sent', 'running'))::int - (counted IN ('sent', 'running'))::int) AS in_flight,
      sum((state = 'sent')::int - (counted = 'sent')::int) AS ahead,
      -- What was charged when the job was sent is corrected by what it took.
      sum(CASE WHEN counted IN ('sent', 'running') AND state IN ('done', 'waiting')
          THEN coalesce(seconds, 0) - charged ELSE 0 END) AS correction,
      avg(seconds) AS seconds
    FROM used GROUP BY schema_name
  ), lanes AS (
    INSERT INTO public.dispatch_lane AS l
      (queue, schema_name, waiting, in_flight, share, weight, held, pass)
    SELECT q, s.schema_name, s.waiting, s.in_flight, coalesce((t.shares ->> q)::int, usual_share),
      coalesce(t.weight, 1), coalesce(t.held, false), reached
    FROM sums s LEFT JOIN public.dispatch_terms t USING (schema_name) ORDER BY s.schema_name
    ON CONFLICT (schema_name, queue) DO UPDATE SET
      waiting = greatest(0, l.waiting + excluded.waiting),
      in_flight = greatest(0, l.in_flight + excluded.in_flight),
      -- Never below the pass reached: idle time, or time at its own limit, saves nothing up.
      pass = greatest(reached, l.pass + (SELECT s.correction / l.weight FROM sums s
                                         WHERE s.schema_name = excluded.schema_name)),
      seconds = coalesce((SELECT 0.7 * l.seconds + 0.3 * s.seconds FROM sums s
                          WHERE s.schema_name = excluded.schema_name), l.seconds)
  ), queues AS (
    UPDATE public.dispatch_queue SET ahead = greatest(0, ahead + (SELECT sum(s.ahead) FROM sums s))
    WHERE queue = q AND EXISTS (SELECT FROM sums)
  )
  SELECT count(*)::int FROM changed
$$;
REVOKE ALL ON FUNCTION public.dispatch_count_changes(text, text, integer, integer, double precision) FROM PUBLIC;
"""

# What the platform's own scope may do.
PLATFORM_FUNCTIONS = """
CREATE FUNCTION public.dispatch_pump(q text, first_schema text, most_ahead integer, usual_share integer,
                                     look_seconds double precision, most integer)
RETURNS TABLE (to_schema text, to_job uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  line public.dispatch_queue;
  lane public.dispatch_lane;
  skipped text[] := '{}';
  given integer := 0;
BEGIN
  INSERT INTO public.dispatch_queue (queue) VALUES (q) ON CONFLICT DO NOTHING;
  SELECT * INTO line FROM public.dispatch_queue WHERE queue = q FOR UPDATE;
  IF first_schema <> '' THEN
    PERFORM public.dispatch_count_changes(q, first_schema, most, usual_share, line.pass);
  END IF;
  PERFORM public.dispatch_count_changes(q, NULL, most, usual_share, line.pass);
  SELECT * INTO line FROM public.dispatch_queue WHERE queue = q;
  WHILE line.ahead < most_ahead AND given < most LOOP
    SELECT * INTO lane FROM public.dispatch_lane l
      WHERE l.queue = q AND l.waiting > 0 AND l.in_flight < l.share AND NOT l.held
        AND l.pass >= line.pass AND l.schema_name <> ALL (skipped)
      ORDER BY l.pass, l.schema_name LIMIT 1 FOR UPDATE;
    EXIT WHEN NOT FOUND;
    to_schema := lane.schema_name;
    SELECT t.job_id INTO to_job FROM public.dispatch_ticket t
      WHERE t.queue = q AND t.schema_name = lane.schema_name AND t.state = 'waiting' AND t.counted = 'waiting'
      ORDER BY t.priority, t.seq LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
      -- Its tickets are in its own transactions' hands just now; they dispatch when they commit.
      skipped := skipped || lane.schema_name;
      UPDATE public.dispatch_lane l SET waiting = 0
        WHERE l.queue = q AND l.schema_name = lane.schema_name AND NOT EXISTS (
          SELECT FROM public.dispatch_ticket t WHERE t.queue = q AND t.schema_name = lane.schema_name
            AND t.counted = 'waiting');
      CONTINUE;
    END IF;
    UPDATE public.dispatch_ticket t SET state = 'sent', counted = 'sent', sends = 0, charged = lane.seconds,
        due_at = clock_timestamp() + make_interval(secs => look_seconds)
      WHERE t.schema_name = lane.schema_name AND t.job_id = to_job;
    UPDATE public.dispatch_lane l SET waiting = l.waiting - 1, in_flight = l.in_flight + 1,
        pass = l.pass + lane.seconds / l.weight
      WHERE l.queue = q AND l.schema_name = lane.schema_name;
    line.ahead := line.ahead + 1;
    line.pass := greatest(line.pass, lane.pass);
    given := given + 1;
    RETURN NEXT;
  END LOOP;
  IF given > 0 THEN
    UPDATE public.dispatch_queue SET ahead = line.ahead, pass = line.pass WHERE queue = q;
  END IF;
END
$$;

CREATE FUNCTION public.dispatch_due(most integer, base_seconds double precision, longest_seconds double precision)
RETURNS TABLE (schema_name text, job_id uuid, queue text, sends integer)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
  UPDATE public.dispatch_ticket t SET sends = t.sends + 1, due_at = clock_timestamp() + make_interval(
      secs => least(longest_seconds, base_seconds * 2 ^ least(t.sends + 2, 8)))
  FROM (SELECT d.schema_name, d.job_id FROM public.dispatch_ticket d
        WHERE d.state IN ('sent', 'running') AND d.due_at < clock_timestamp()
        ORDER BY d.due_at LIMIT most FOR UPDATE SKIP LOCKED) AS due
  WHERE t.schema_name = due.schema_name AND t.job_id = due.job_id
  RETURNING t.schema_name, t.job_id, t.queue, t.sends
$$;

CREATE FUNCTION public.dispatch_decide(of_schema text, job uuid, seen_sends integer, new_state text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH changed AS (
    UPDATE public.dispatch_ticket SET state = new_state
    WHERE schema_name = of_schema AND job_id = job AND sends = seen_sends AND state IN ('sent', 'running')
    RETURNING 1)
  SELECT EXISTS (SELECT FROM changed)
$$;

CREATE FUNCTION public.dispatch_set_terms(of_schema text, hold boolean, new_weight double precision, new_shares jsonb,
                                          usual_shares jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO public.dispatch_terms (schema_name, held, weight, shares)
  VALUES (of_schema, hold, new_weight, new_shares)
  ON CONFLICT (schema_name) DO UPDATE SET held = excluded.held, weight = excluded.weight, shares = excluded.shares;
  UPDATE public.dispatch_lane l SET held = hold, weight = new_weight, pass = greatest(l.pass, q.pass),
    share = coalesce((new_shares ->> l.queue)::int, (usual_shares ->> l.queue)::int, l.share)
  FROM public.dispatch_queue q WHERE q.queue = l.queue AND l.schema_name = of_schema
$$;

CREATE FUNCTION public.dispatch_forget(of_schema text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE public.dispatch_ticket SET state = 'done' WHERE schema_name = of_schema;
  DELETE FROM public.dispatch_terms WHERE schema_name = of_schema;
$$;
"""

FOR_BANKS = (
    "dispatch_ticket_add(uuid, text, integer)",
    "dispatch_ticket_claim(uuid, text, double precision)",
    "dispatch_place(uuid)",
)
FOR_PLATFORM = (
    "dispatch_pump(text, text, integer, integer, double precision, integer)",
    "dispatch_due(integer, double precision, double precision)",
    "dispatch_decide(text, uuid, integer, text)",
    "dispatch_set_terms(text, boolean, double precision, jsonb, jsonb)",
    "dispatch_forget(text)",
)
RIGHTS = "".join(
    f"REVOKE ALL ON FUNCTION public.{name} FROM PUBLIC;\n" for name in FOR_BANKS + FOR_PLATFORM
) + "".join(f"GRANT EXECUTE ON FUNCTION public.{name} TO panorama_bank;\n" for name in FOR_BANKS)

BACKWARD = (
    "".join(f"DROP FUNCTION public.{name};\n" for name in FOR_BANKS + FOR_PLATFORM)
    + """
DROP FUNCTION public.dispatch_count_changes(text, text, integer, integer, double precision);
DROP TABLE public.dispatch_lane, public.dispatch_queue, public.dispatch_terms;
DROP INDEX public.dispatch_ticket_due, public.dispatch_ticket_changed, public.dispatch_ticket_next;
DELETE FROM public.dispatch_ticket WHERE state = 'done';
ALTER TABLE public.dispatch_ticket DROP COLUMN state, DROP COLUMN counted, DROP COLUMN priority, DROP COLUMN seq,
  DROP COLUMN queued_at, DROP COLUMN claimed_at, DROP COLUMN charged;
DROP SEQUENCE public.dispatch_ticket_order;
CREATE INDEX dispatch_ticket_due ON public.dispatch_ticket (due_at);
CREATE OR REPLACE FUNCTION public.dispatch_ticket_put(job uuid, job_queue text, seconds double precision) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO public.dispatch_ticket AS t (schema_name, job_id, queue, due_at)
  VALUES (public.scope_schema(), job, job_queue, now() + make_interval(secs => seconds))
  ON CONFLICT (schema_name, job_id) DO UPDATE SET queue = excluded.queue, due_at = excluded.due_at
$$;
CREATE OR REPLACE FUNCTION public.dispatch_ticket_drop(job uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DELETE FROM public.dispatch_ticket WHERE schema_name = public.scope_schema() AND job_id = job
$$;
"""
)


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("core", "0003_audit_dirty")]
    operations: ClassVar[list[object]] = [
        migrations.RunSQL(
            TABLES + BANK_FUNCTIONS + COUNT + PLATFORM_FUNCTIONS + RIGHTS, BACKWARD
        ),
    ]
