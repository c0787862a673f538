"""The operators' picture of the queues, and a bank's own place over REST."""

from core.actors import system_actor
from core.tenancy import bank_scope
from jobs import registry, services
from jobs.choices import Queue
from jobs.queues import queue_page
from tests.sign_in import ops_browser


def test_operator_sees_lanes_and_a_bank_its_place(bank_a, api, monkeypatch, settings):
    settings.JOB_AHEAD, settings.JOB_SHARES = 9, {"batch": 1}
    kind = registry.JobKind("tests.seen", Queue.BATCH, lambda job: {})
    monkeypatch.setitem(registry._kinds, kind.kind, kind)
    monkeypatch.setattr("jobs.services.dispatching.send_now", lambda *a, **k: True)
    with bank_scope(bank_a):
        jobs = [
            str(services.start_job(kind=kind.kind, params={}, actor=system_actor("t")).id)
            for _ in range(3)
        ]
    services.dispatch("batch")
    found = queue_page(queue="batch")
    assert (found.waiting, found.in_flight, found.banks, found.more) == (2, 1, 1, False)
    (lane,) = found.lanes
    assert (lane.schema, lane.waiting, lane.share, lane.held) == (bank_a.schema, 2, 1, False)
    assert lane.oldest is not None
    assert queue_page(queue="ops").lanes == ()
    assert queue_page(sort="1; DROP TABLE x").lanes == (lane,)
    client = api(bank_a)
    seen = [client.get(f"/api/v1/jobs/{job}").json() for job in jobs]
    assert [(s["waiting_reason"], s["before"]) for s in seen] == [
        ("worker", 0), ("share", 0), ("share", 1),
    ]  # fmt: skip


def test_page_filters_sorts_pages_and_exports(db, person, monkeypatch):
    browser = _operator()
    page = browser.get("/admin/jobs/queues/?queue=batch&sort=oldest&page=1")
    assert page.status_code == 200
    assert "Nothing waits" in page.content.decode()
    assert browser.get("/admin/jobs/queues/?queue=nonsense&sort=x&page=-1").status_code == 200
    file = browser.get("/admin/jobs/queues/?export=csv")
    assert file["Content-Type"].startswith("text/csv")
    assert file.content.decode().lstrip("\ufeff").startswith("queue,bank,waiting")


def _operator():
    from accounts.models import User
    from core.tenancy import public_scope

    with public_scope():
        user = User.objects.create(email="o@panorama.test", name="o", roles=["operator"])
    return ops_browser(user, "ops.localhost")
