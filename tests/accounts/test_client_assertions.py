"""`private_key_jwt` (RFC 7523): what is taken, and every forgery we know."""

import json
import time
import uuid

import pytest
from django.test import Client

from accounts.models import UsedAssertion
from accounts.services import ClientRules, create_client
from core import key_sets
from core.actors import system_actor
from core.outgoing import Answer, OutgoingFailed
from core.tenancy import bank_scope
from tests.jwts import Signer, by_hmac, unsigned

TOKEN = "/api/v1/oauth/token"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SYSTEM = system_actor("test")


@pytest.fixture(scope="module")
def signers() -> dict[str, Signer]:
    return {name: Signer(name) for name in ("RS256", "PS256", "ES256", "EdDSA")}


@pytest.fixture
def signer(signers) -> Signer:
    return signers["ES256"]


def new_client(bank, signer, **rules):
    rules = {"jwks": signer.key_set(), **rules}
    with bank_scope(bank):
        client, secret = create_client(
            name="core", scopes=["jobs:read"], actor=SYSTEM,
            rules=ClientRules(method="private_key_jwt", **rules),
        )  # fmt: skip
    assert secret == ""
    return client


def claims(bank, client, **changed):
    moment = int(time.time())
    made = {
        "iss": client.client_id, "sub": client.client_id, "aud": f"http://{bank.host}{TOKEN}",
        "exp": moment + 60, "iat": moment, "jti": str(uuid.uuid4()), **changed,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}


def ask(bank, assertion: str, **more):
    form = {
        "grant_type": "client_credentials", "client_assertion_type": TYPE,
        "client_assertion": assertion, **more,
    }  # fmt: skip
    return Client(HTTP_HOST=bank.host).post(TOKEN, form)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_assertion_opens_the_door_once(bank_a, signers, algorithm):
    signer = signers[algorithm]
    client = new_client(bank_a, signer)
    assertion = signer.sign(claims(bank_a, client))
    first = ask(bank_a, assertion)
    assert first.status_code == 200, first.content
    assert first.json()["scope"] == "jobs:read"
    bearer = {"Authorization": f"Bearer {first.json()['access_token']}"}
    assert Client(HTTP_HOST=bank_a.host).get("/api/v1/jobs", headers=bearer).status_code == 200
    again = ask(bank_a, assertion)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert "used already" in again.json()["error_description"]


def test_the_issuer_of_tokens_is_an_audience_too(bank_a, signer):
    client = new_client(bank_a, signer)
    assert (
        ask(bank_a, signer.sign(claims(bank_a, client, aud=f"http://{bank_a.host}"))).status_code
        == 200
    )
    listed = signer.sign(claims(bank_a, client, aud=[f"http://{bank_a.host}{TOKEN}"]))
    assert ask(bank_a, listed).status_code == 200


HOSTILE = {
    "expired": {"exp": time.time() - 3600},
    "just expired": {"exp": -31},
    "far future": {"exp": 400},
    "no end": {"exp": None},
    "end as text": {"exp": "tomorrow"},
    "end as truth": {"exp": True},
    "endless": {"exp": 1e300},
    "from the future": {"iat": 3600},
    "not yet": {"nbf": 3600},
    "other audience": {"aud": "https://elsewhere.test/token"},
    "no audience": {"aud": None},
    "two audiences": {"aud": ["{here}", "https://elsewhere.test"]},
    "other issuer": {"iss": "somebody"},
    "other subject": {"sub": "somebody"},
    "no subject": {"sub": None},
    "no jti": {"jti": None},
    "short jti": {"jti": "x"},
    "jti no text": {"jti": 12345678},
    "huge jti": {"jti": "x" * 5000},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_claims(bank_a, signer, name):
    client = new_client(bank_a, signer)
    changed = dict(HOSTILE[name])
    for claim in ("exp", "iat", "nbf"):
        given = changed.get(claim)
        if type(given) is int:
            changed[claim] = int(time.time()) + given
    if "aud" in changed and isinstance(changed["aud"], list):
        changed["aud"][0] = f"http://{bank_a.host}{TOKEN}"
    answer = ask(bank_a, signer.sign(claims(bank_a, client, **changed)))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), answer.content
    with bank_scope(bank_a):
        assert UsedAssertion.objects.count() == 0


def test_clock_skew_of_half_a_minute_is_borne(bank_a, signer):
    client = new_client(bank_a, signer)
    moment = int(time.time())
    for changed in ({"exp": moment - 20}, {"iat": moment + 20}, {"exp": moment + 320}):
        assert ask(bank_a, signer.sign(claims(bank_a, client, **changed))).status_code == 200


def forgeries(signer: Signer, made: dict) -> dict[str, str]:
    other = Signer("ES256", kid=signer.kid)
    good = signer.sign(made)
    head, body, signature = good.split(".")
    return {
        "alg none": unsigned(made),
        "alg None": unsigned(made, "NoNe"),
        "alg missing": unsigned(made, ""),
        "HS256 with the public key": by_hmac(made, signer.pem(), kid=signer.kid),
        "HS256 with the JWK": by_hmac(made, json.dumps(signer.public()).encode(), kid=signer.kid),
        "another key of that name": other.sign(made),
        "own key in the header": other.sign(made, jwk=other.public()),
        "own key by address": other.sign(
            made, jku="https://evil.test/keys", x5u="https://evil.test"
        ),
        "kid as a path": other.sign(made, kid="../../../../dev/null"),
        "kid as SQL": other.sign(made, kid="' OR 1=1 --"),
        "kid as a list": signer.sign(made, kid=["k1"]),
        "critical extension": signer.sign(made, crit=["exp"]),
        "detached": signer.sign(made, b64=False, crit=["b64"]),
        "no signature": f"{head}.{body}.",
        "half a signature": good[:-20],
        "another body": f"{head}.{signer.sign({**made, 'jti': 'x' * 10}).split('.')[1]}.{signature}",
        "four parts": good + ".x",
        "huge": signer.sign({**made, "pad": "x" * 20_000}),
        "deep": head + "." + "W1tb" * 3000 + "." + signature,
        "no JSON": "e30.e30.e30",
        "empty": ".",
    }


@pytest.mark.parametrize("name", list(forgeries(Signer("ES256"), {})))
def test_forgery(bank_a, signer, name):
    client = new_client(bank_a, signer)
    made = claims(bank_a, client)
    answer = ask(bank_a, forgeries(signer, made)[name])
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), answer.content
    assert ask(bank_a, signer.sign(made)).status_code == 200, "the honest one still works"


def test_assertion_is_worth_nothing_at_another_bank(bank_a, bank_b, signer):
    client = new_client(bank_a, signer)
    twin = new_client(bank_b, signer)
    for made in (
        claims(bank_a, client),
        claims(bank_a, client, iss=twin.client_id, sub=twin.client_id),
    ):
        answer = ask(bank_b, signer.sign(made))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_each_client_has_its_own_way(bank_a, signer, api):
    api(bank_a, "jobs:read")
    with bank_scope(bank_a):
        other, secret = create_client(name="x", scopes=["jobs:read"], actor=SYSTEM)
    assert ask(bank_a, signer.sign(claims(bank_a, other))).status_code == 401
    client = new_client(bank_a, signer)
    good = signer.sign(claims(bank_a, client))
    assert ask(bank_a, good, client_id=other.client_id).status_code == 401
    assert ask(bank_a, good, client_secret=secret, client_id=other.client_id).status_code == 400
    assert ask(bank_a, good, client_assertion_type="x").status_code == 400
    assert ask(bank_a, good, client_id=client.client_id).status_code == 200


def test_keys_by_address_are_fetched_kept_and_fetched_anew_for_a_new_key(bank_a, monkeypatch):
    old, new = Signer("ES256", kid="old"), Signer("EdDSA", kid="new")
    served, asked = {"keys": [old.public()]}, []

    def fetched(method, uri, **more):
        asked.append(uri)
        return Answer(200, {}, json.dumps(served).encode())

    monkeypatch.setattr(key_sets, "call", fetched)
    monkeypatch.setattr(key_sets, "AGAIN_SECONDS", 0.0)
    key_sets.forget_keys()
    uri = "https://keys.bank.test/jwks"
    client = new_client(bank_a, old, jwks=None, jwks_uri=uri)
    for _ in range(3):
        assert ask(bank_a, old.sign(claims(bank_a, client))).status_code == 200
    assert asked == [uri]
    served["keys"] = [new.public()]
    assert ask(bank_a, new.sign(claims(bank_a, client))).status_code == 200
    assert asked == [uri] * 2
    assert ask(bank_a, old.sign(claims(bank_a, client))).status_code == 401
    key_sets.forget_keys()

    def down(method, uri, **more):
        raise OutgoingFailed()

    monkeypatch.setattr(key_sets, "call", down)
    answer = ask(bank_a, new.sign(claims(bank_a, client)))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert "could not be fetched" in answer.json()["error_description"]
