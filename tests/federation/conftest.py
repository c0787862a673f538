"""An OpenID provider in another process, and a bank that uses it."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from core import key_sets
from core.actors import system_actor
from core.tenancy import BankContext, bank_scope
from federation import services
from federation.services import ProviderRules
from tests.federation.openid_provider import CLIENT, SECRET


@dataclass
class OpenIdProvider:
    """The running provider. `tell` sets what it does from now on."""

    port: int

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def tell(self, **orders: Any) -> dict[str, Any]:
        return self._post("/control", orders)

    def sign(self, claims: dict[str, Any]) -> str:
        return str(self._post("/sign", claims)["token"])

    def _post(self, path: str, body: Any) -> dict[str, Any]:
        with urllib.request.urlopen(self.issuer + path, json.dumps(body).encode()) as answer:
            return json.loads(answer.read())

    def authorize(self, address: str) -> str:
        """What the browser does there: where it is sent back to."""

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *args: Any) -> None:
                return None

        try:
            urllib.request.build_opener(Stay).open(address)
        except urllib.error.HTTPError as answer:
            return str(answer.headers["Location"])
        raise AssertionError("no redirect")


@pytest.fixture(scope="package")
def running_provider() -> Iterator[OpenIdProvider]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.federation.openid_provider"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield OpenIdProvider(int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def provider(running_provider, settings) -> OpenIdProvider:
    settings.OUTGOING_LOCAL_HOSTS = [f"127.0.0.1:{running_provider.port}"]
    running_provider.tell(rotate=True)
    services.forget_endpoints()
    key_sets.forget_keys()
    return running_provider


@pytest.fixture
def sso(provider) -> Callable[..., None]:
    """sso(bank, creates_people=True, ...) sets single sign-on up."""

    def make(bank: BankContext, **rules: Any) -> None:
        given = {
            "name": "Corporate login", "issuer": provider.issuer, "client_id": CLIENT,
            "secret": SECRET, **rules,
        }  # fmt: skip
        with bank_scope(bank):
            services.save_provider(rules=ProviderRules(**given), actor=system_actor("test"))

    return make


@pytest.fixture
def log_in(provider) -> Callable[..., Any]:
    """log_in(browser): out to the provider and back; the answer of the callback."""

    def go(browser: Client, place: str = "/admin/sso/login/") -> Any:
        out = browser.get(place)
        assert out.status_code == 302, out.content[:2000]
        back = urlsplit(provider.authorize(out["Location"]))
        return browser.get(f"{back.path}?{back.query}")

    return go
