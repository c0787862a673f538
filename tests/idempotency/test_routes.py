"""A key on a management route: one effect, the same answer byte for byte, 422 for another body, 409 while it runs."""

import json
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import get_resolver

from audit.models import AuditEntry
from core.actors import Actor
from core.api.views import MUTATING, ApiView
from core.clock import now
from core.errors import Conflict, Gone, IdempotencyMismatch, InvalidInput
from core.idempotency import once
from core.idempotency.calls import Answer, checked_key, digest_of, new_call
from core.idempotency.models import StoredAnswer
from core.idempotency.upkeep import purge, purge_everywhere
from core.tenancy import bank_scope, public_scope
from core.vault import vault
from datasets.models import Dataset, DatasetLoad
from jobs.models import Job

URL = "/api/v1/datasets"
ONE = {"name": "loans", "title": "Loans 😀"}
CLIENT = Actor(kind="client", id="c1", label="system")
TEXT = "Ms Zhang, 13800138000"


@pytest.fixture
def client(bank, api) -> Client:
    return api(bank)


def send(client: Client, body, key: str = "key-1", path: str = URL, method: str = "POST"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.generic(
        method, path, data, content_type="application/json", headers={"Idempotency-Key": key}
    )


def test_the_same_call_again_is_the_same_answer(client):
    first = send(client, ONE)
    again = send(client, ONE)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"] == "application/json"
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Dataset.objects.count() == 1
    assert AuditEntry.objects.filter(action="datasets.dataset.create").count() == 1
    assert again["X-Request-ID"] != first["X-Request-ID"]


def test_the_answer_stays_what_it_was_when_the_object_has_changed(client):
    first = send(client, ONE)
    Dataset.objects.update(title="Another title")
    assert send(client, ONE).content == first.content


@pytest.mark.parametrize(
    "other",
    [
        {"body": {**ONE, "title": "Other"}},
        {"body": json.dumps(ONE).encode() + b" "},
        {"path": f"{URL}?note=1"},
        {"path": "/api/v1/scoring/models"},
    ],
    ids=["another body", "a space more", "another query", "another path"],
)
def test_the_key_of_another_call_is_refused(client, other):
    send(client, ONE)
    refused = send(client, **{"body": ONE, **other})
    assert refused.status_code in (400, 422)
    if "note" not in other.get("path", ""):
        assert refused.status_code == 422
        assert refused.json()["code"] == "idempotency_mismatch"
    assert Dataset.objects.count() == 1


def test_a_refused_call_leaves_its_key_free(client):
    refused = send(client, {"name": "", "title": "x"})
    assert refused.status_code == 400
    assert StoredAnswer.objects.count() == 0
    assert send(client, ONE).status_code == 201


def test_without_a_key_nothing_is_kept(client):
    for name in ("loans-a", "loans-b"):
        body = json.dumps({**ONE, "name": name})
        assert client.post(URL, body, content_type="application/json").status_code == 201
    assert StoredAnswer.objects.count() == 0


@pytest.mark.parametrize("key", ["", "x" * 129, "with space", "ünïcode", "tab\there"])
def test_a_bad_key_is_refused(client, key):
    with pytest.raises(InvalidInput):
        checked_key(key)
    answer = send(client, ONE, key=key)
    assert answer.status_code == 400
    assert answer.json()["code"] == "idempotency_key_invalid"
    assert Dataset.objects.count() == 0


def test_each_client_has_keys_of_its_own(bank, api):
    first, second = api(bank), api(bank, "datasets:write", "datasets:read")
    assert send(first, ONE).status_code == 201
    other = send(second, {**ONE, "name": "mine"})
    assert other.status_code == 201
    assert "Idempotency-Replayed" not in other
    assert StoredAnswer.objects.count() == 2


def test_each_bank_has_keys_of_its_own(bank_a, bank_b, api):
    for bank in (bank_a, bank_b):
        answer = send(api(bank), ONE)
        assert answer.status_code == 201
        assert "Idempotency-Replayed" not in answer
        with bank_scope(bank):
            assert StoredAnswer.objects.count() == 1


def test_a_revoked_right_ends_the_repetition_too(bank, api):
    """The kept answer is no way around a scope: rights are asked first."""
    reader = api(bank, "datasets:read")
    assert send(reader, ONE).status_code == 403


def test_an_uploaded_file_is_one_load(bank, client):
    dataset = send(client, ONE).json()["id"]

    def upload(data: bytes, name: str = "a.csv", as_of: str = "2026-03-31"):
        path = f"{URL}/{dataset}/loads?filename={name}&as_of={as_of}"
        return client.generic(
            "POST", path, data, content_type="application/octet-stream",
            headers={"Idempotency-Key": "load-1"},
        )  # fmt: skip

    first, again = upload(b"loan\n1\n"), upload(b"loan\n1\n")
    assert (first.status_code, again.status_code) == (202, 202), first.content
    assert again.content == first.content
    assert again["Idempotency-Replayed"] == "true"
    assert DatasetLoad.objects.count() == Job.objects.count() == 1
    for other in (upload(b"loan\n2\n"), upload(b"loan\n1\n", name="b.csv")):
        assert other.status_code == 422
    assert DatasetLoad.objects.count() == 1


def test_one_that_runs_elsewhere_is_409(bank, monkeypatch):
    """The lock is held by another connection: nothing runs, nothing waits."""
    call = new_call(actor=CLIENT, key="k", method="POST", target="/x", body=b"")
    monkeypatch.setattr(once, "_LOCK", "SELECT pg_try_advisory_xact_lock(%s) AND false")
    with pytest.raises(Conflict) as refused:
        once.answer_once(call=call, run=lambda: pytest.fail("ran"))
    assert refused.value.code == "idempotency_in_progress"
    assert refused.value.retry_after == once.RETRY_SECONDS


def answer(body: bytes = b"{}") -> Answer:
    return Answer(201, (("Location", "/x"),), body)


def test_answers_are_stored_encrypted(bank):
    call = new_call(actor=CLIENT, key="k", method="POST", target="/x", body=b"")
    once.answer_once(call=call, run=lambda: answer(TEXT.encode()))
    row = StoredAnswer.objects.get()
    assert TEXT.encode() not in bytes(row.answer)
    found = once.answer_once(call=call, run=lambda: pytest.fail("ran"))
    assert (found.status, found.body, found.replayed) == (201, TEXT.encode(), True)
    assert found.headers == (("Location", "/x"),)


@pytest.mark.django_db
def test_on_the_ops_host_too():
    with public_scope(), transaction.atomic():
        call = new_call(actor=CLIENT, key="k", method="POST", target="/x", body=b"")
        once.answer_once(call=call, run=lambda: answer(TEXT.encode()))
        assert TEXT.encode() not in bytes(StoredAnswer.objects.get().answer)
        found = once.answer_once(call=call, run=lambda: pytest.fail("ran"))
        assert found.body == TEXT.encode()
        transaction.set_rollback(True)


def test_an_erased_person_is_gone_from_stored_answers(bank):
    call = new_call(actor=CLIENT, key="k", method="POST", target="/x", body=b"")
    once.answer_once(call=call, run=lambda: answer(TEXT.encode()), subject="C-1")
    assert once.answer_once(call=call, run=answer, subject="C-1").body == TEXT.encode()
    vault().erase_subject("C-1")
    with pytest.raises(Gone):
        once.answer_once(call=call, run=lambda: pytest.fail("ran"), subject="C-1")


def test_an_answer_moved_to_another_row_does_not_open(bank):
    for key in ("a", "b"):
        call = new_call(actor=CLIENT, key=key, method="POST", target="/x", body=b"")
        once.answer_once(call=call, run=answer)
    a, b = StoredAnswer.objects.order_by("key")
    StoredAnswer.objects.filter(pk=a.pk).update(answer=bytes(b.answer))
    call = new_call(actor=CLIENT, key="a", method="POST", target="/x", body=b"")
    with pytest.raises(Exception, match="altered or belongs"):
        once.answer_once(call=call, run=answer)


def test_what_ran_and_failed_is_undone(bank):
    call = new_call(actor=CLIENT, key="k", method="POST", target="/x", body=b"")

    def effect() -> Answer:
        Dataset.objects.create(name="x", title="x", created_by="test")
        return Answer(409, (), b"")

    assert once.answer_once(call=call, run=effect).status == 409
    assert Dataset.objects.count() == StoredAnswer.objects.count() == 0


def test_a_key_is_free_again_after_its_time_and_is_purged(bank):
    call = new_call(actor=CLIENT, key="k", method="POST", target="/x", body=b"")
    once.answer_once(call=call, run=answer)
    StoredAnswer.objects.update(expires_at=now() - timedelta(seconds=1))
    other = new_call(actor=CLIENT, key="k", method="POST", target="/y", body=b"")
    assert not once.answer_once(call=other, run=answer).replayed
    assert purge() == 0
    StoredAnswer.objects.update(expires_at=now())
    with public_scope():
        assert purge_everywhere() == 1
    assert StoredAnswer.objects.count() == 0


def test_a_mismatch_names_itself(bank):
    call = new_call(actor=CLIENT, key="k", method="POST", target="/x", body=b"1")
    once.answer_once(call=call, run=answer)
    other = new_call(actor=CLIENT, key="k", method="POST", target="/x", body=b"2")
    with pytest.raises(IdempotencyMismatch):
        once.answer_once(call=other, run=answer)


def test_parts_never_run_together():
    assert digest_of("ab", "c") != digest_of("a", "bc")
    assert digest_of("a") != digest_of("a", "")


def test_the_lock_is_bound_to_the_transaction_and_a_hung_one_is_thrown_out(
    scratch_database, bank_a
):
    with bank_scope(bank_a):
        call = new_call(actor=CLIENT, key="k", method="POST", target="/x", body=b"")
        seen = []

        def look() -> Answer:
            with connection.cursor() as cursor:
                cursor.execute("SHOW idle_in_transaction_session_timeout")
                seen.append(cursor.fetchone()[0])
                cursor.execute(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
                )
                seen.append(cursor.fetchone()[0])
            return answer()

        once.answer_once(call=call, run=look)
        assert seen == ["30s", 1]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            )
            assert cursor.fetchone()[0] == 0
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            assert cursor.fetchone()[0] != "30s"


@pytest.mark.parametrize("side", ["bank", "ops"])
def test_every_mutating_route_honours_a_key(side):
    """No route of the API is built beside the base that does it; the token endpoint has its own standard."""
    outside = []
    for pattern in get_resolver(f"config.urls_{side}").url_patterns:
        for name, view in _views([pattern]):
            cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
            if not name.startswith("api/v1/") or name.startswith("api/v1/oauth/"):
                continue
            mutates = any(hasattr(cls, method.lower()) for method in MUTATING)
            if mutates and not (isinstance(cls, type) and issubclass(cls, ApiView)):
                outside.append(name)
    assert outside == []


def _views(patterns, prefix: str = ""):
    for each in patterns:
        here = prefix + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from _views(each.url_patterns, here)
        else:
            yield here, each.callback
