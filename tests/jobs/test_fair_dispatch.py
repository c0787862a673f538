"""The database's choice: the same as the reference's, flat in banks and tickets, and closed to other banks."""

import statistics

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.actors import system_actor
from core.tenancy import UnknownBank, bank_directory, bank_scope, public_scope
from jobs import registry, services
from jobs.choices import Priority, Queue
from jobs.places import place_of
from jobs.services import dispatching
from tests.jobs.fair_model import FairQueue

ACTOR = system_actor("test")
JOB = "00000000-0000-7000-8000-{:012d}"
PUMP = "SELECT to_schema, to_job::text FROM public.dispatch_pump('batch', '', %s, %s, 10, 500)"


@pytest.fixture
def work(monkeypatch) -> str:
    """A registered kind of job that does nothing."""
    kind = registry.JobKind("tests.fair", Queue.BATCH, lambda job: {})
    monkeypatch.setitem(registry._kinds, kind.kind, kind)
    return kind.kind


@pytest.fixture
def sent(monkeypatch) -> list[tuple[str, str]]:
    """(bank, job) in the order in which the broker got them."""
    taken: list[tuple[str, str]] = []

    def take(name, job_id, *, queue, schema):
        taken.append((schema, job_id))
        return True

    monkeypatch.setattr("jobs.services.dispatching.send_now", take)
    monkeypatch.setattr("jobs.services.sweeping.send_now", take)
    return taken


def start(bank, kind: str, **options) -> str:
    with bank_scope(bank):
        return str(services.start_job(kind=kind, params={}, actor=ACTOR, **options).id)


def run(bank, job_id: str) -> None:
    with bank_scope(bank):
        assert services.run_job(job_id=job_id) == "succeeded"


def lanes() -> dict[str, tuple[int, int]]:
    """Bank to what waits and what is in flight, by the lanes' own counts."""
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT schema_name, waiting, in_flight FROM dispatch_lane")
        return {schema: (waiting, flight) for schema, waiting, flight in cursor.fetchall()}


def test_lone_job_is_sent_at_commit(bank_a, work, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = start(bank_a, work)
        assert sent == []
    assert sent == [(bank_a.schema, job)]
    assert lanes() == {bank_a.schema: (0, 1)}
    run(bank_a, job)
    dispatching.dispatch("batch")
    assert lanes() == {bank_a.schema: (0, 0)}


def test_flood_of_one_bank_leaves_the_next_turn_to_another(bank_a, bank_b, work, sent, settings):
    settings.JOB_AHEAD, settings.JOB_SHARES = 1, {"batch": 3}
    flood = [start(bank_a, work) for _ in range(30)]
    dispatching.dispatch("batch")
    small = start(bank_b, work)
    for bank, job in ((bank_a, flood[0]), (bank_b, small), (bank_a, flood[1])):
        assert sent[-1] == (bank.schema, job)
        run(bank, job)
        dispatching.dispatch("batch")
    assert lanes()[bank_a.schema][0] == 27


def test_bank_at_its_share_waits_although_workers_are_free(bank_a, bank_b, work, sent, settings):
    settings.JOB_AHEAD, settings.JOB_SHARES = 9, {"batch": 2}
    jobs = [start(bank_a, work) for _ in range(4)]
    assert dispatching.dispatch("batch") == 2
    with bank_scope(bank_a):
        place = place_of(jobs[3])
        assert (place.reason, place.before, place.in_flight, place.share) == ("share", 1, 2, 2)
        assert place_of(jobs[0]).reason == "worker"
    start(bank_b, work)
    assert dispatching.dispatch("batch") == 1
    run(bank_a, jobs[0])
    assert dispatching.dispatch("batch") == 1
    assert sent[-1] == (bank_a.schema, jobs[2])


def test_plan_sets_the_share_and_suspension_holds(bank_a, work, sent, settings):
    settings.JOB_AHEAD, settings.JOB_SHARES = 9, {"batch": 1}
    jobs = [start(bank_a, work) for _ in range(5)]
    assert dispatching.dispatch("batch") == 1
    services.set_bank_terms(bank_a.schema, held=True, shares={"batch": 3})
    assert dispatching.dispatch("batch") == 0
    with bank_scope(bank_a):
        assert place_of(jobs[1]).reason == "held"
    services.set_bank_terms(bank_a.schema, held=False, shares={"batch": 3})
    assert dispatching.dispatch("batch") == 2


def test_priority_orders_a_banks_own_jobs_only(bank_a, bank_b, work, sent, settings):
    settings.JOB_AHEAD, settings.JOB_SHARES = 1, {"batch": 9}
    low, normal = start(bank_a, work, priority=Priority.LOW), start(bank_a, work)
    high = start(bank_a, work, priority=Priority.HIGH)
    other = start(bank_b, work, priority=Priority.LOW)
    order = []
    for _ in range(4):
        dispatching.dispatch("batch")
        schema, job = sent[-1]
        order.append(job)
        run(bank_a if schema == bank_a.schema else bank_b, job)
    assert order == [high, other, normal, low]


def test_what_a_dead_process_left_is_dispatched_by_the_keeper(bank_a, work, sent):
    """Committed, never dispatched: as if the process died between the two."""
    job = start(bank_a, work)
    assert services.sweep() == 1
    assert sent == [(bank_a.schema, job)]


def test_broker_that_refuses_gives_the_ticket_back(bank_a, work, monkeypatch, sent):
    job = start(bank_a, work)
    with monkeypatch.context() as patch:
        patch.setattr("jobs.services.dispatching.send_now", lambda *a, **k: False)
        assert dispatching.dispatch("batch") == 0
    assert dispatching.dispatch("batch") == 1
    assert sent == [(bank_a.schema, job)]


def test_sweeper_that_slept_decides_nothing(bank_a, work, sent, monkeypatch):
    """A look whose ticket was looked at since, or claimed, changes nothing: no zombie undoes another's work."""
    monkeypatch.setattr("jobs.services.dispatching.FIRST_LOOK_SECONDS", -1.0)
    job = start(bank_a, work)
    dispatching.dispatch("batch")
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT sends FROM dispatch_due(10, -100, 30)")
        (seen,) = cursor.fetchone()
        cursor.execute("SELECT sends FROM dispatch_due(10, -100, 30)")
        (newer,) = cursor.fetchone()
        assert not dispatching.decide(bank_a.schema, job, sends=seen, state="done")
        assert dispatching.decide(bank_a.schema, job, sends=newer, state="sent")
    with bank_scope(bank_a):
        services.run_job(job_id=job)
    with public_scope():
        assert not dispatching.decide(bank_a.schema, job, sends=newer, state="sent")


def test_suspended_banks_job_is_not_run_and_goes_back_to_wait(bank_a, work, sent, monkeypatch):
    monkeypatch.setattr("jobs.services.dispatching.FIRST_LOOK_SECONDS", -1.0)
    job = start(bank_a, work)
    dispatching.dispatch("batch")
    for module in ("running", "sweeping", "dispatching"):
        monkeypatch.setattr(f"jobs.services.{module}.is_served", lambda schema: False)
    with bank_scope(bank_a):
        assert services.run_job(job_id=job) is None
    assert services.sweep() == 0
    with bank_scope(bank_a):
        assert place_of(job).reason == "held"


def test_queue_forgets_a_bank_that_is_gone(bank_a, work, sent, monkeypatch):
    job = start(bank_a, work)
    start(bank_a, work)

    def unknown(self, schema):
        raise UnknownBank(schema)

    with monkeypatch.context() as patch:
        patch.setattr(type(bank_directory()), "by_schema", unknown)
        assert dispatching.dispatch("batch") == 0
        assert dispatching.dispatch("batch") == 0
    assert sent == []
    assert lanes() == {bank_a.schema: (0, 0)}
    with bank_scope(bank_a):
        assert place_of(job) is None


REFUSED = [
    "SELECT * FROM public.dispatch_lane",
    "SELECT * FROM public.dispatch_queue",
    "SELECT * FROM public.dispatch_terms",
    "SELECT * FROM public.dispatch_pump('batch', '', 9, 9, 10, 500)",
    "SELECT * FROM public.dispatch_due(10, 0, 0)",
    "SELECT public.dispatch_decide('bank_beta', gen_random_uuid(), 0, 'done')",
    "SELECT public.dispatch_set_terms('bank_alpha', false, 100, '{\"batch\": 99}', '{}')",
    "SELECT public.dispatch_count_changes('batch', NULL, 1, 1, 0)",
    "SELECT public.dispatch_forget('bank_beta')",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_bank_can_neither_see_nor_move_the_queue(bank, statement):
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_bank_sees_no_place_of_anothers_job(bank_a, bank_b, work):
    job = start(bank_b, work)
    with bank_scope(bank_a):
        assert place_of(job) is None
    with bank_scope(bank_b):
        assert place_of(job).state == "waiting"


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "claim", "end", "cancel", "hold", "pump", "pump"]),
        st.integers(0, 4),
        st.integers(0, 9),
    ),
    min_size=5,
    max_size=60,
)


def test_database_chooses_as_the_reference_does(scratch_database, superuser_connection):
    with superuser_connection() as raw:

        @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(moves=MOVES)
        def compare(moves):
            with raw.transaction(force_rollback=True):
                _compare(raw, moves)

        compare()


def _compare(raw: psycopg.Connection, moves) -> None:
    model = FairQueue(most_ahead=3, share=2)
    number = 0
    touched: set[tuple[str, int]] = set()

    def pump() -> None:
        touched.clear()
        found = raw.execute(PUMP, [3, 2]).fetchall()
        assert [(bank, int(job[-12:])) for bank, job in found] == model.pump()

    for move, which, choice in [*moves, ("pump", 0, 0)]:
        bank = f"bank{which}"
        lane = model.lanes.get(bank)
        if move == "pump":
            pump()
        elif move == "add":
            number += 1
            raw.execute(
                "INSERT INTO dispatch_ticket (schema_name, job_id, queue, priority, due_at) "
                "VALUES (%s, %s, 'batch', %s, now())",
                [bank, JOB.format(number), choice],
            )
            # A change is counted by the next pump, so the reference learns of each at the same moment.
            model.add(bank, number, choice)
            pump()
        elif move == "hold":
            raw.execute(
                "SELECT dispatch_set_terms(%s, %s, 1, '{}', '{\"batch\": 2}')", [bank, choice < 5]
            )
            if lane is None:
                model.hold(bank, choice < 5)
            else:
                model.hold(bank, choice < 5)
            pump()
        elif move == "cancel" and lane and lane.waiting:
            job = sorted(lane.waiting)[choice % len(lane.waiting)][2]
            _state(raw, bank, job, "done")
            model.end(bank, job, None)
            pump()
        elif move in ("claim", "end") and lane and lane.in_flight:
            job = sorted(lane.in_flight)[choice % len(lane.in_flight)]
            if move == "claim":
                _state(raw, bank, job, "running")
                model.claim(bank, job)
            else:
                _state(raw, bank, job, "done")
                model.end(bank, job, None)
            pump()
    counts = raw.execute("SELECT schema_name, waiting, in_flight FROM dispatch_lane").fetchall()
    assert {bank: (waiting, flight) for bank, waiting, flight in counts} == {
        bank: (len(lane.waiting), len(lane.in_flight))
        for bank, lane in model.lanes.items()
        if bank in {row[0] for row in counts}
    }


def _state(raw: psycopg.Connection, bank: str, job: int, state: str) -> None:
    # Never with a moment of claiming: what a job took is the clock's, and the reference has none.
    raw.execute(
        "UPDATE dispatch_ticket SET state = %s WHERE schema_name = %s AND job_id = %s",
        [state, bank, JOB.format(job)],
    )


def _fill(raw: psycopg.Connection, banks: int, tickets: int) -> None:
    raw.execute("TRUNCATE dispatch_ticket, dispatch_lane, dispatch_queue")
    raw.execute(
        "INSERT INTO dispatch_ticket (schema_name, job_id, queue, due_at, counted) "
        "SELECT 'bank' || (n %% %s), gen_random_uuid(), 'batch', now(), 'waiting' "
        "FROM generate_series(1, %s) AS n",
        [banks, tickets],
    )
    raw.execute(
        "INSERT INTO dispatch_lane (queue, schema_name, waiting, share, pass) "
        "SELECT queue, schema_name, count(*), 2, 0 FROM dispatch_ticket GROUP BY 1, 2"
    )
    raw.execute("ANALYZE dispatch_ticket, dispatch_lane")


def _pages_of_a_round(raw: psycopg.Connection, rounds: int) -> float:
    """Median pages a dispatch and a sweep touch, the sent job ended each time; the load of the machine has no part."""
    touched = []
    for _ in range(rounds):
        pages = _pages(raw, "SELECT * FROM dispatch_pump('batch', '', 1, 2, 10, 500)")
        touched.append(pages + _pages(raw, "SELECT * FROM dispatch_due(200, 2, 30)"))
        ended = raw.execute(
            "UPDATE dispatch_ticket SET state = 'done' WHERE state = 'sent' RETURNING 1"
        ).fetchall()
        assert len(ended) == 1
    return statistics.median(touched)


def _pages(raw: psycopg.Connection, statement: str) -> int:
    (plan,) = raw.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}").fetchone()
    top = plan[0]["Plan"]
    return int(top["Shared Hit Blocks"]) + int(top["Shared Read Blocks"])


def test_dispatch_is_flat_in_banks_and_tickets(scratch_database, superuser_connection):
    """2,000 banks with 100,000 waiting tickets cost what 10 banks with 500 do."""
    pages = {}
    with superuser_connection() as raw:
        for banks, tickets in ((10, 500), (2_000, 100_000)):
            _fill(raw, banks, tickets)
            _pages_of_a_round(raw, 10)
            pages[banks] = _pages_of_a_round(raw, 60)
        _assert_plans_use_indexes(raw)
    assert pages[2_000] < 1.5 * pages[10], pages


def _assert_plans_use_indexes(raw: psycopg.Connection) -> None:
    for statement in (
        "SELECT * FROM dispatch_lane l WHERE queue = 'batch' AND waiting > 0 AND in_flight < share "
        "AND NOT held AND pass >= 0 ORDER BY pass, schema_name LIMIT 1",
        "SELECT job_id FROM dispatch_ticket WHERE queue = 'batch' AND schema_name = 'bank7' "
        "AND state = 'waiting' AND counted = 'waiting' ORDER BY priority, seq LIMIT 1",
    ):
        plan = "\n".join(r[0] for r in raw.execute(f"EXPLAIN {statement}").fetchall())
        assert "Index" in plan, plan
        assert "Seq Scan" not in plan, plan
