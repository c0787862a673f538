"""Break-glass administrators, and the seam that single sign-on closes passwords by."""

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from accounts import services, sign_in_rules
from accounts.models import User
from accounts.origin import Origin
from audit.models import AuditEntry
from core.errors import Conflict, InvalidInput
from core.tenancy import bank_scope
from tests.conftest import PASSWORD
from tests.sign_in import give_app, next_code

HERE = Origin(address="198.51.100.7", network="198.51.100.0/24")


@pytest.fixture
def no_passwords():
    sign_in_rules.register_password_rule("test", lambda person: "Log in at your bank.")
    yield
    sign_in_rules.forget_password_rule("test")


def prove(email: str, password: str) -> User:
    return services.prove_password(email=email, password=password, origin=HERE)


def test_a_rule_closes_passwords_and_the_seal_stays_open_once(
    bank, person, no_passwords, django_capture_on_commit_callbacks
):
    sealer, user = person(bank, "bank_admin"), person(bank, "bank_admin")
    with pytest.raises(InvalidInput, match="do not open anything here"):
        prove(sealer.email, PASSWORD)
    assert not sign_in_rules.may_use_password(sealer)
    _, sealed = services.seal_emergency(user_id=str(user.pk), actor=sealer.as_actor())
    with pytest.raises(InvalidInput):
        prove(user.email, PASSWORD)
    with django_capture_on_commit_callbacks(execute=True):
        assert prove(user.email, sealed).pk == user.pk
    told = {m.to[0] for m in mail.outbox if "emergency credential was used" in m.subject}
    assert told == {sealer.email, user.email, "admin@alpha.test"}
    assert AuditEntry.objects.filter(action="accounts.emergency.use").count() == 1
    with pytest.raises(InvalidInput):
        prove(user.email, sealed)
    user.refresh_from_db()
    assert (user.has_usable_password(), user.emergency_sealed_at) == (False, None)
    again = services.seal_emergency(user_id=str(user.pk), actor=sealer.as_actor())[1]
    assert again != sealed
    assert prove(user.email, again).pk == user.pk


def test_the_sealed_password_needs_the_second_factor_and_lasts_an_hour(bank_a, person):
    sealer, user = person(bank_a, "bank_admin"), person(bank_a, "bank_admin")
    with bank_scope(bank_a):
        device = give_app(user)
        sealed = services.seal_emergency(user_id=str(user.pk), actor=sealer.as_actor())[1]
    client = Client(HTTP_HOST=bank_a.host)
    client.post("/admin/login/", {"username": user.email, "password": sealed})
    assert client.get("/admin/").status_code == 302
    with bank_scope(bank_a):
        code = next_code(device)
    assert client.post("/admin/second-step/", {"code": code})["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    with bank_scope(bank_a):
        row = user.sign_ins.get(ended_at=None)
        assert (row.expires_at - row.proved_at).total_seconds() == 3600


def test_two_at_most_and_never_oneself(bank, person):
    sealer, *others = (person(bank, "bank_admin") for _ in range(4))
    actor = sealer.as_actor()
    with pytest.raises(Conflict, match="Another administrator"):
        services.seal_emergency(user_id=str(sealer.pk), actor=actor)
    for user in others[:2]:
        services.seal_emergency(user_id=str(user.pk), actor=actor)
    with pytest.raises(Conflict, match="two emergency"):
        services.seal_emergency(user_id=str(others[2].pk), actor=actor)
    for slot in (1, 3):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=others[2].pk).update(emergency_slot=slot)
    services.withdraw_emergency(user_id=str(others[0].pk), actor=actor)
    services.seal_emergency(user_id=str(others[2].pk), actor=actor)
    with pytest.raises(InvalidInput):
        services.seal_emergency(user_id=str(person(bank, "compliance").pk), actor=actor)


def test_no_link_and_no_page_gives_an_emergency_administrator_a_password(
    bank_a, staff, django_capture_on_commit_callbacks
):
    sealer, user = staff(bank_a, "bank_admin"), staff(bank_a, "bank_admin")
    shown = sealer.post(f"/admin/accounts/user/{user.user.pk}/seal/", follow=True)
    assert "Sealed password of" in shown.content.decode()
    assert user.get("/admin/").status_code == 302
    with django_capture_on_commit_callbacks(execute=True):
        sealer.post("/admin/password-reset/", {"email": user.user.email})
    assert not [m for m in mail.outbox if "password-reset" in m.body]
