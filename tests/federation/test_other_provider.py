"""The same against a provider that others wrote (oidc-provider-mock, on Authlib), in a process of its own."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client

from accounts.models import User
from core.actors import system_actor
from core.tenancy import bank_scope
from federation import services
from federation.models import Link
from federation.services import ProviderRules
from tests.federation.conftest import OpenIdProvider
from tests.stack import free_port

SUBJECT = "subject-42"


@pytest.fixture(scope="module")
def other() -> Iterator[OpenIdProvider]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    provider = OpenIdProvider(port)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(
                    provider.issuer + "/.well-known/openid-configuration"
                ).close()
                break
            except OSError:
                time.sleep(0.1)
        yield provider
    finally:
        process.terminate()
        process.wait(10)


def agree(address: str) -> str:
    """The person names themselves at the provider; where the browser is sent back to."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args):
            return None

    try:
        urllib.request.build_opener(Stay).open(address, urlencode({"sub": SUBJECT}).encode())
    except urllib.error.HTTPError as answer:
        return str(answer.headers["Location"])
    raise AssertionError("no redirect")


def test_login(bank_a, other, settings):
    settings.OUTGOING_LOCAL_HOSTS = [f"127.0.0.1:{other.port}"]
    services.forget_endpoints()
    with urllib.request.urlopen(other.issuer + "/.well-known/openid-configuration") as answer:
        issuer = json.loads(answer.read())["issuer"]
    claims = {"email": "zoe@alpha.test", "email_verified": True, "name": "Zoe", "groups": ["Risk"]}
    told = urllib.request.Request(
        f"{other.issuer}/users/{SUBJECT}", json.dumps(claims).encode(), method="PUT",
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    urllib.request.urlopen(told).close()
    rules = ProviderRules(
        name="Other", issuer=issuer, client_id="panorama", secret="x", creates_people=True,
        email_domains=("alpha.test",), role_claim="groups", role_map={"Risk": "risk_analyst"},
    )  # fmt: skip
    with bank_scope(bank_a):
        services.save_provider(rules=rules, actor=system_actor("test"))
    browser = Client(HTTP_HOST=bank_a.host)
    back = urlsplit(agree(browser.get("/admin/sso/login/")["Location"]))
    answer = browser.get(f"{back.path}?{back.query}")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/second-step/"), answer.content
    with bank_scope(bank_a):
        user = User.objects.get(email="zoe@alpha.test")
        assert (user.roles, user.name) == (["risk_analyst"], "Zoe")
        assert Link.objects.get(user=user).subject == SUBJECT
