"""Logging people in with both factors through the services that the pages call, without drawing the pages."""

import base64
from importlib import import_module

from django.conf import settings
from django.http import HttpRequest
from django.test import Client

from accounts import services
from accounts.browser import bind, origin_of
from accounts.choices import Proof
from accounts.engine import one_time_code
from accounts.models import CodeDevice, User
from accounts.services.codes import secret_of
from core.clock import now
from core.tenancy import BankContext, bank_scope, public_scope

ADDRESS = "127.0.0.1"


def give_app(user: User) -> CodeDevice:
    """Enrol an authenticator app as the page does: draft, code, device. In the person's scope."""
    draft = services.draft_code_device(user=user, issuer="test")
    secret = secret_shown(draft.shown_secret)
    code = one_time_code.code_of_step(secret, one_time_code.step_at(now().timestamp()))
    return services.enrol_code_device(
        user=user, token=draft.token, code=code, name="app", actor=user.as_actor()
    )


def secret_shown(text: str) -> bytes:
    """The secret behind what the page shows for typing."""
    plain = text.replace(" ", "")
    return base64.b32decode(plain + "=" * (-len(plain) % 8))


def next_code(device: CodeDevice) -> str:
    """A code the device has not shown yet. In the person's scope; a test waits for no clock."""
    device.refresh_from_db()
    step = one_time_code.step_at(now().timestamp())
    if device.last_step >= step:
        CodeDevice.objects.filter(pk=device.pk).update(last_step=step - 1)
    return one_time_code.code_of_step(secret_of(device), step)


def sign_in(client: Client, user: User, *, first_factor: str = Proof.PASSWORD) -> None:
    """Both factors, and the session bound to the browser; in the person's scope."""
    half_sign_in(client, user, first_factor=first_factor)
    device = user.code_devices.first() or give_app(user)
    request = _request(client)
    found = services.find_sign_in(request.session["sign_in"])
    assert found is not None
    proof = services.prove_code(user=user, code=next_code(device), origin=origin_of(request))
    bind(request, services.complete_sign_in(sign_in=found, second_factor=proof))
    _keep(client, request)


def half_sign_in(client: Client, user: User, *, first_factor: str = Proof.PASSWORD) -> None:
    """The first factor alone: a session that opens nothing."""
    request = _request(client)
    row = services.begin_sign_in(user=user, first_factor=first_factor, origin=origin_of(request))
    bind(request, row)
    _keep(client, request)


def _request(client: Client) -> HttpRequest:
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": ADDRESS, "HTTP_USER_AGENT": "test browser"}
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    engine = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    return request


def _keep(client: Client, request: HttpRequest) -> None:
    request.session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key


def bank_browser(bank: BankContext, user: User) -> Client:
    """A browser at a bank's host in which the person is signed in."""
    client = Client(HTTP_HOST=bank.host, raise_request_exception=True)
    with bank_scope(bank):
        sign_in(client, user)
    return client


def ops_browser(user: User, host: str = "ops.localhost") -> Client:
    """The same at the ops host."""
    client = Client(HTTP_HOST=host)
    with public_scope():
        sign_in(client, user)
    return client
