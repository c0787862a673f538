"""Life of a job: claimed once, fenced, cancelled, resumed, swept."""

from datetime import timedelta

import pytest
from django.db import connection

from core.actors import Actor
from core.clock import now
from core.errors import Conflict, Forbidden, ProblemError
from core.tenancy import public_scope
from jobs import registry, services
from jobs.choices import JobState, Queue
from jobs.context import JobContext, LeaseLost
from jobs.models import Job
from jobs.selectors import get_job

ACTOR = Actor(kind="user", id="u1", label="ann@alpha.test", roles=frozenset({"risk_analyst"}))


@pytest.fixture
def kind(monkeypatch):
    """Registers a job kind whose handler is given; its name is the fixture's value."""

    def make(handler):
        monkeypatch.setitem(
            registry._kinds,
            "tests.work",
            registry.JobKind("tests.work", Queue.BATCH, handler, unit="rows"),
        )
        return "tests.work"

    return make


def start(kind: str, **params) -> Job:
    return services.start_job(kind=kind, params=params, actor=ACTOR, title="work", total=3)


def tickets() -> list[tuple[str, str]]:
    """Those of open jobs; an ended one's goes with the next dispatch."""
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema_name, job_id::text FROM dispatch_ticket WHERE state <> 'done'"
        )
        return cursor.fetchall()


def test_job_runs_to_its_result_and_leaves_no_ticket(bank, kind):
    def handler(job: JobContext):
        for done in range(4):
            job.progress(done, 3, "step")
        job.log("halfway")
        return {"rows": job.params["rows"]}

    job = start(kind(handler), rows=3)
    assert tickets() == [(bank.schema, str(job.id))]
    assert services.run_job(job_id=str(job.id)) == "succeeded"
    view = get_job(str(job.id))
    assert (view.state, view.result, view.percent, view.attempt) == (
        "succeeded",
        {"rows": 3},
        100,
        1,
    )
    assert tickets() == []
    assert services.run_job(job_id=str(job.id)) is None


def test_broker_delivering_twice_runs_it_once(bank, kind):
    runs = []

    def handler(job: JobContext):
        runs.append(job.attempt)
        assert services.run_job(job_id=job.job_id) is None
        return {}

    job = start(kind(handler))
    services.run_job(job_id=str(job.id))
    assert runs == [1]


def test_refusal_fails_the_job_with_its_code_and_a_crash_with_a_plain_sentence(bank, kind):
    def refuse(job):
        raise ProblemError("The file is empty.", code="empty_file")

    job = start(kind(refuse))
    assert services.run_job(job_id=str(job.id)) == "failed"
    assert (get_job(str(job.id)).error_code, get_job(str(job.id)).error) == (
        "empty_file",
        "The file is empty.",
    )

    def crash(job):
        raise ZeroDivisionError("secret detail")

    job = start(kind(crash))
    services.run_job(job_id=str(job.id))
    assert get_job(str(job.id)).error_code == "internal_error"
    assert "secret" not in get_job(str(job.id)).error


def test_lost_worker_is_replaced_and_the_old_one_can_write_nothing(bank, kind):
    seen = {}

    def slow(job: JobContext):
        if job.attempt == 1:
            # The lease runs out while the worker hangs; another worker takes over.
            Job.objects.filter(pk=job.job_id).update(lease_until=now() - timedelta(seconds=1))
            assert services.run_job(job_id=job.job_id) == "succeeded"
            with pytest.raises(LeaseLost), job.fenced():
                seen["entered"] = True
            job.progress(1, 3)
        return {"attempt": job.attempt}

    job = start(kind(slow))
    assert services.run_job(job_id=str(job.id)) is None
    assert get_job(str(job.id)).result == {"attempt": 2}
    assert "entered" not in seen


def test_cancel_before_and_while_running_then_resume_from_the_checkpoint(bank, kind):
    def handler(job: JobContext):
        if "piece" not in job.checkpoint:
            with job.fenced():
                job.save_checkpoint(piece=1)
            services.cancel_job(job_id=job.job_id, actor=ACTOR)
            job.cancel_requested.set()
            job.check()
        return {"went_on_from": job.checkpoint["piece"]}

    name = kind(handler)
    waiting = start(name)
    assert services.cancel_job(job_id=str(waiting.id), actor=ACTOR).state == JobState.CANCELLED
    with pytest.raises(Conflict):
        services.cancel_job(job_id=str(waiting.id), actor=ACTOR)
    job = start(name)
    assert services.run_job(job_id=str(job.id)) == "cancelled"
    services.resume_job(job_id=str(job.id), actor=ACTOR)
    assert services.run_job(job_id=str(job.id)) == "succeeded"
    assert get_job(str(job.id)).result == {"went_on_from": 1}


def test_who_may_not_control_jobs_is_refused(bank, kind):
    job = start(kind(lambda job: {}))
    reader = Actor(kind="client", id="c", label="c", scopes=frozenset({"jobs:read"}))
    with pytest.raises(Forbidden):
        services.cancel_job(job_id=str(job.id), actor=reader)
    assert get_job(str(job.id)).state == "queued"


@pytest.fixture
def sent(monkeypatch) -> list[tuple[str, str, str]]:
    """What was given to the broker: job, queue, schema."""
    taken: list[tuple[str, str, str]] = []

    def take(name, job_id, *, queue, schema):
        taken.append((job_id, queue, schema))
        return True

    monkeypatch.setattr("jobs.services.sweeping.send_now", take)
    monkeypatch.setattr("jobs.services.dispatching.send_now", take)
    return taken


def test_sweeper_sends_again_what_is_queued_or_orphaned_and_nothing_else(
    bank, kind, sent, monkeypatch, settings
):
    settings.JOB_AHEAD, settings.JOB_SHARES = 5, {"batch": 5}
    # Whatever was sent is due for a look at once.
    monkeypatch.setattr("jobs.services.dispatching.FIRST_LOOK_SECONDS", -1.0)
    queued, orphan, done = (start(kind(lambda job: {})) for _ in range(3))
    assert services.dispatch("batch") == 3
    Job.objects.filter(pk=orphan.pk).update(
        state="running", lease_until=now() - timedelta(seconds=5)
    )
    Job.objects.filter(pk=done.pk).update(state="succeeded")
    sent.clear()
    assert services.sweep() == 2
    assert sorted(sent) == sorted((str(j.id), "batch", bank.schema) for j in (queued, orphan))
    assert sorted(tickets()) == sorted((bank.schema, str(j.id)) for j in (queued, orphan))
    assert services.sweep() == 0


def test_job_that_kills_its_workers_is_given_up(bank, kind):
    job = start(kind(lambda job: {}))
    Job.objects.filter(pk=job.pk).update(
        state="running", attempt=job.max_attempts, lease_until=now() - timedelta(seconds=1)
    )
    assert services.run_job(job_id=str(job.id)) is None
    assert (get_job(str(job.id)).state, get_job(str(job.id)).error_code) == (
        "failed",
        "attempts_exhausted",
    )


def test_job_over_rest(bank_a, kind, api):
    from core.tenancy import bank_scope

    with bank_scope(bank_a):
        job = start(kind(lambda job: {}))
    client = api(bank_a)
    body = client.get(f"/api/v1/jobs/{job.id}").json()
    assert (body["state"], body["total"], body["unit"]) == ("queued", 3, "rows")
    assert client.get("/api/v1/jobs?state=queued").json()["results"][0]["id"] == str(job.id)
    assert client.post(f"/api/v1/jobs/{job.id}:cancel").json()["state"] == "cancelled"
    again = client.post(f"/api/v1/jobs/{job.id}:cancel")
    assert (again.status_code, again.json()["code"]) == (409, "job_finished")
    assert client.get("/api/v1/jobs/018f0000-0000-7000-8000-000000000000").status_code == 404
