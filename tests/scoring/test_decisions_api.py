"""`POST /api/v1/scoring/decisions` over HTTP: the answer, once-only, hostile bodies, who may."""

import json
from dataclasses import replace
from typing import Any

import pytest

from core.tenancy import bank_scope
from scoring.api.v1.tokens import forget_tokens
from scoring.models import Decision
from scoring.runtime.bundles import bundle_for
from scoring.services import deciding_one
from tests.scoring import portfolio
from tests.scoring.conftest import VALIDATOR

pytestmark = pytest.mark.django_db
URL = "/api/v1/scoring/decisions"


@pytest.fixture
def client(bank_a, api):
    forget_tokens()
    return api(bank_a)


def ask(client, body: Any, key: str | None = "key-1", **headers: str):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    if key is not None:
        headers["HTTP_IDEMPOTENCY_KEY"] = key
    return client.post(URL, data, content_type="application/json", **headers)


def application(reference: str = "A-1", **inputs: Any) -> dict[str, Any]:
    return {
        "application": reference,
        "customer": f"C-{reference}",
        "inputs": {**portfolio.POOR, **inputs},
    }


def test_answer_is_stored_before_it_leaves_and_can_be_read_back(live, client, bank_a):
    answer = ask(client, application())
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert body["outcome"] == "decline"
    assert 1 <= len(body["reasons"]) <= 4
    assert set(body["reasons"][0]) == {"code", "en", "zh"}
    assert body["model"] == {
        "code": "a-card",
        "version": 1,
        "version_id": str(live.id),
        "sha256": live.artifact_sha256,
        "slot": "champion",
    }
    row = Decision.objects.get(pk=body["id"])
    assert row.pd == body["pd"]
    assert row.output_hash == body["hashes"]["output"]
    again = client.get(f"{URL}/{body['id']}").json()
    assert {k: again[k] for k in body} == body
    assert "subject" not in again
    shown = client.get(f"{URL}/{body['id']}?include=inputs").json()["subject"]
    assert shown["inputs"] == application()["inputs"]
    assert shown["application"] == "A-1"
    listed = client.get(URL, {"application": "A-1"}).json()["results"]
    assert listed == [body]
    assert client.get(URL, {"application": "A-2"}).json()["results"] == []
    replay = client.get(f"{URL}/{body['id']}/replay").json()
    assert replay["identical"] is True


def test_same_key_same_body_is_the_same_answer(live, client):
    first = ask(client, application())
    second = ask(client, application())
    assert (first.status_code, second.status_code) == (201, 201)
    assert second["Idempotency-Replayed"] == "true"
    assert second.content == first.content
    assert Decision.objects.count() == 1
    other = ask(client, application("A-9"))
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_mismatch"
    assert Decision.objects.count() == 1


def test_what_a_later_champion_no_longer_reads_may_still_be_sent(live, client, monkeypatch):
    seen = []

    def later(now):
        seen.append(bundle_for(now))
        return replace(seen[-1], candidates=seen[-1].candidates | {"hobby"})

    monkeypatch.setattr(deciding_one, "bundle_for", later)
    answer = ask(client, application(hobby="chess"))
    assert answer.status_code == 201, answer.content
    shown = client.get(f"{URL}/{answer.json()['id']}?include=inputs").json()["subject"]
    assert shown["inputs"] == application()["inputs"]
    # Offered in training, so accepted; what is protected or known afterwards never is.
    assert seen[0].candidates == {"income", "tenure", "debt_ratio", "region"}


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (application(gender="f"), "/inputs/gender", "unknown_field"),
        ({**application(), "extra": 1}, "/extra", "unknown_field"),
        (application(surprise=1), "/inputs/surprise", "unknown_field"),
        (application(income="much"), "/inputs/income", "wrong_type"),
        (application(region=3), "/inputs/region", "wrong_type"),
        (application(income=10**16), "/inputs/income", "invalid_value"),
        (application(region="x" * 501), "/inputs/region", "invalid_value"),
        ({"application": "A", "inputs": {}}, "/inputs/income", "required"),
        ({"inputs": portfolio.POOR}, "", "invalid"),
        ({**application(), "kind": "guess"}, "/kind", "unknown"),
        ({**application(), "model": "none"}, "/model", "unknown_model"),
        ({**application(), "application": "A\x00"}, "/application", "invalid_reference"),
        (
            {**application(), "request": {"amount_minor": 0}},
            "/request/amount_minor",
            "out_of_range",
        ),
        ({**application(), "inputs": {"income": [1]}}, "/inputs", "invalid"),
    ],
)
def test_faults_are_named(live, client, body, pointer, code):
    answer = ask(client, body)
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert (pointer, code) in [(e["pointer"], e["code"]) for e in answer.json()["errors"]]
    assert Decision.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"\xff\xfe", 400),
        (b'{"application": "A", "inputs": {"income": NaN}}', 400),
        (b'{"application": "A", "inputs": {"income": Infinity}}', 400),
        (b'{"application": "A", "inputs": {"income": 1e999}}', 400),
        (b'{"application": "A", "application": "B", "inputs": {}}', 400),
        (b'{"application": "A", "inputs": {"income": 1, "income": 2}}', 400),
        (b'{"application": "A", "inputs": ' + b"[" * 1000 + b"]" * 1000 + b"}", 400),
        (b'{"x": ' * 5000 + b"1" + b"}" * 5000, 400),
        (b'{"application": "\\ud800", "inputs": {}}', 400),
        (b'{"application": "' + b"A" * 70_000 + b'", "inputs": {}}', 413),
    ],
)
def test_hostile_bodies_are_refused(live, client, body, status):
    answer = ask(client, body)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"


def test_key_token_scope_and_method(live, client, bank_a, bank_b, api):
    assert ask(client, application(), key=None).json()["code"] == "idempotency_key_required"
    assert ask(client, application(), key="a" * 129).status_code == 400
    nobody = ask(client, application(), HTTP_AUTHORIZATION="Bearer nothing")
    assert nobody.status_code == 401
    assert nobody["WWW-Authenticate"].startswith("Bearer")
    reader = api(bank_a, "scoring:read")
    assert ask(reader, application()).status_code == 403
    assert client.put(URL, b"{}", content_type="application/json").status_code == 405
    assert client.get(f"{URL}:batch").status_code == 405
    stranger = api(bank_b)
    assert ask(stranger, application()).json()["code"] == "no_champion"
    token = client.defaults["HTTP_AUTHORIZATION"]
    assert ask(stranger, application(), HTTP_AUTHORIZATION=token).status_code == 401
    first = ask(client, application()).json()
    assert stranger.get(f"{URL}/{first['id']}").status_code == 404
    assert stranger.get(f"{URL}/{first['id']}/replay").status_code == 404


def test_many_in_one_call_all_or_none(live, client):
    body = {"applications": [application(f"B-{n}") for n in range(40)]}
    data = json.dumps(body).encode()
    send = {"content_type": "application/json", "HTTP_IDEMPOTENCY_KEY": "many-1"}
    answer = client.post(f"{URL}:batch", data, **send)
    assert answer.status_code == 201, answer.content
    found = answer.json()["decisions"]
    assert len(found) == 40
    assert len({d["id"] for d in found}) == 40
    repeated = client.post(f"{URL}:batch", data, **send)
    assert repeated.content == answer.content
    assert repeated["Idempotency-Replayed"] == "true"
    body["applications"][7]["inputs"]["income"] = "x"
    bad = client.post(
        f"{URL}:batch",
        json.dumps(body).encode(),
        content_type="application/json",
        HTTP_IDEMPOTENCY_KEY="many-2",
    )
    assert bad.json()["errors"][0]["pointer"] == "/applications/7/inputs/income"
    assert Decision.objects.count() == 40


def test_reference_of_another_customer_is_a_conflict(live, client):
    assert ask(client, application()).status_code == 201
    other = ask(client, {**application(), "customer": "C-other"}, key="key-2")
    assert other.status_code == 409
    assert other.json()["code"] == "application_of_another"


def test_erased_person_is_gone_but_the_hashes_stay(live, client, bank_a):
    from core.vault import vault

    first = ask(client, application()).json()
    with bank_scope(bank_a):
        vault().erase_subject("C-A-1")
    gone = client.get(f"{URL}/{first['id']}/replay")
    assert gone.status_code == 410
    assert "matches its hash" in gone.json()["detail"]
    shown = client.get(f"{URL}/{first['id']}?include=inputs").json()
    assert shown["subject"] == {
        "erased": True,
        "application": "",
        "customer": "",
        "inputs": {},
        "request": {},
    }
    assert shown["outcome"] == first["outcome"]
    assert ask(client, application(), key="key-2").status_code == 410


def test_reading_inputs_is_audited(live, client):
    from audit.models import AuditEntry

    first = ask(client, application()).json()
    before = AuditEntry.objects.filter(personal=True).count()
    client.get(f"{URL}/{first['id']}")
    assert AuditEntry.objects.filter(personal=True).count() == before
    client.get(f"{URL}/{first['id']}?include=inputs")
    client.get(f"{URL}/{first['id']}/replay")
    found = AuditEntry.objects.filter(personal=True).order_by("-id")[:2]
    assert {e.target_id for e in found} == {first["id"]}
    assert AuditEntry.objects.filter(personal=True).count() == before + 2


def test_amount_and_term_of_the_request(live, client):
    wish = {"amount_minor": 2_000_000, "term_months": 6}
    body = {"application": "A-7", "inputs": portfolio.GOOD, "request": wish}
    offer = ask(client, body).json()["offer"]
    assert (offer["amount_minor"], offer["term_months"]) == (2_000_000, 6)
    assert (
        offer["total_paid_minor"] == 5 * offer["instalment_minor"] + offer["last_instalment_minor"]
    )
    body["request"] = {"amount_minor": 10**12}
    above = ask(client, body, key="key-2").json()
    assert (above["outcome"], above["offer"]) == ("refer", None)
    assert "AMOUNT_ABOVE_LIMIT" in above["codes"]


def test_validator_may_not_see_what_a_person_sent(live, decide):
    from core.errors import Forbidden
    from scoring import services

    first = decide(portfolio.POOR)
    with pytest.raises(Forbidden):
        services.reveal_inputs(decision_id=first.id, actor=VALIDATOR)


def test_a_revoked_client_is_refused_once_the_cache_is_over(live, client, bank_a, monkeypatch):
    from accounts.models import ApiClient
    from accounts.services import revoke_client
    from core.actors import system_actor
    from scoring.api.v1 import tokens

    assert ask(client, application()).status_code == 201
    with bank_scope(bank_a):
        row = ApiClient.objects.order_by("-id").first()
        revoke_client(client_id=row.client_id, actor=system_actor("test"))
    assert tokens.SECONDS <= 5.0
    late = tokens.time.monotonic() + tokens.SECONDS + 0.1
    monkeypatch.setattr(tokens.time, "monotonic", lambda: late)
    assert ask(client, application("A-2"), key="key-2").status_code == 401
