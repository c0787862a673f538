"""Sessions: listed, ended, timed out; what changes a person is effective on the next request."""

import re
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core import mail

from accounts import services
from accounts.choices import EndReason
from accounts.models import SignIn
from accounts.origin import Origin
from core.clock import now
from core.errors import Conflict, Forbidden, InvalidInput
from core.tenancy import bank_scope
from tests.conftest import PASSWORD
from tests.sign_in import bank_browser, give_app, next_code

PEOPLE = "/admin/accounts/user"


def alive(browser) -> bool:
    return bool(browser.get("/admin/").status_code == 200)


@pytest.fixture
def later():
    """later(minutes=31) -> that moment is now for sign-ins."""
    patches = []

    def move(**delta) -> None:
        patched = patch("accounts.services.sign_ins.now", return_value=now() + timedelta(**delta))
        patched.start()
        patches.append(patched)

    yield move
    for patched in reversed(patches):
        patched.stop()


def test_a_person_sees_their_sessions_and_ends_one_or_all_others(bank_a, staff):
    first = staff(bank_a, "risk_analyst")
    second, third = (bank_browser(bank_a, first.user) for _ in range(2))
    shown = first.get("/admin/security/").content.decode()
    assert shown.count("Password + One-time code") == 3
    assert "127.0.0.1" in shown
    ends = re.findall(r'action="(/admin/security/sessions/[0-9a-f-]{36}/end/)"', shown)
    assert len(ends) == 2
    assert first.post(ends[0]).status_code == 302
    assert [alive(b) for b in (first, second, third)].count(True) == 2
    assert first.post("/admin/security/sessions/end-others/").status_code == 302
    assert [alive(b) for b in (first, second, third)] == [True, False, False]


def test_nobody_ends_anothers_session_by_guessing_its_id(bank_a, staff):
    mine, other = staff(bank_a, "risk_analyst"), staff(bank_a, "compliance")
    with bank_scope(bank_a):
        row = SignIn.objects.get(user=other.user, ended_at=None)
    mine.post(f"/admin/security/sessions/{row.pk}/end/")
    assert mine.post(f"{PEOPLE}/{other.user.pk}/sessions/{row.pk}/end/").status_code == 403
    assert alive(other)
    with bank_scope(bank_a), pytest.raises(Forbidden):
        services.end_sign_ins(
            user=other.user, actor=mine.user.as_actor(), reason=EndReason.ENDED_BY_ADMIN
        )


def test_an_administrator_sees_and_ends_them(bank_a, staff):
    admin, other = staff(bank_a, "bank_admin"), staff(bank_a, "risk_analyst")
    page = admin.get(f"{PEOPLE}/{other.user.pk}/change/").content.decode()
    place = re.search(rf'action="({PEOPLE}/[^"]+/end/)"', page)
    assert place is not None
    admin.post(place[1])
    assert not alive(other)


def test_idle_and_absolute_times_are_the_banks_own(bank_a, staff, later):
    admin = staff(bank_a, "bank_admin")
    form = {"idle_minutes": 5, "absolute_hours": 2, "fresh_minutes": 10}
    wrong = admin.post("/admin/security-rules/", {**form, "idle_minutes": 0})
    assert "Between 1 and 720." in wrong.content.decode()
    open_before = staff(bank_a, "compliance")
    assert admin.post("/admin/security-rules/", form).status_code == 302
    later(minutes=4)
    assert alive(open_before)
    later(minutes=8)
    assert alive(open_before)
    later(minutes=14)
    assert not alive(open_before)
    with bank_scope(bank_a):
        assert SignIn.objects.get(user=open_before.user).end_reason == EndReason.IDLE


def test_no_session_outlives_its_time_however_busy(bank_a, staff, later):
    browser = staff(bank_a, "compliance")
    for minutes in (*range(29, 480, 29), 481):
        later(minutes=minutes)
        assert alive(browser) == (minutes < 480), minutes


def test_disable_roles_and_password_work_on_the_next_request(bank_a, staff):
    admin, other = staff(bank_a, "bank_admin"), staff(bank_a, "compliance")
    assert other.get(f"{PEOPLE}/").status_code == 200
    actor = {"actor": admin.user.as_actor()}
    with bank_scope(bank_a):
        services.change_person(user_id=str(other.user.pk), roles=["risk_analyst"], **actor)
    assert other.get(f"{PEOPLE}/").status_code == 403
    with bank_scope(bank_a):
        services.change_person(user_id=str(other.user.pk), is_active=False, **actor)
    assert not alive(other)
    with bank_scope(bank_a):
        services.change_person(user_id=str(other.user.pk), is_active=True, **actor)
    assert not alive(other), "an ended session stays ended"


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(bank_a, staff):
    browser = staff(bank_a, "risk_analyst")
    other = bank_browser(bank_a, browser.user)
    new = "a longer battery staple"
    place, form = "/admin/password_change/", {"password": new, "again": new}
    assert "not your password" in browser.post(place, {**form, "old": "no"}).content.decode()
    assert alive(other)
    assert browser.post(place, {**form, "old": PASSWORD}).status_code == 302
    assert [alive(browser), alive(other)] == [True, False]


def test_what_matters_asks_for_the_factor_again(bank_a, staff, later):
    admin, other = staff(bank_a, "bank_admin"), staff(bank_a, "compliance")
    place = f"{PEOPLE}/{other.user.pk}/reset-factors/"
    assert admin.get(place, follow=True).status_code == 200
    later(minutes=16)
    for answer in (admin.get(place), admin.post(place)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/confirm/?next=")
    piece = admin.post(place, headers={"HX-Request": "true"})
    assert (piece.status_code, piece["HX-Redirect"][:20]) == (401, "/admin/confirm/?next")
    assert admin.get(f"{PEOPLE}/").status_code == 200
    assert alive(other)
    with bank_scope(bank_a):
        code = next_code(admin.user.code_devices.get())
    assert admin.post(admin.get(place)["Location"], {"code": code})["Location"] == place
    assert admin.get(place).status_code == 200


def test_a_reset_of_factors_is_anothers_work_and_closes_the_password(
    bank_a, staff, django_capture_on_commit_callbacks
):
    admin, other = staff(bank_a, "bank_admin"), staff(bank_a, "risk_analyst")
    own = admin.post(f"{PEOPLE}/{admin.user.pk}/reset-factors/", follow=True)
    assert "Another administrator has to reset" in own.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(f"{PEOPLE}/{other.user.pk}/reset-factors/")
    assert not alive(other)
    with bank_scope(bank_a):
        other.user.refresh_from_db()
        assert not other.user.has_usable_password()
        assert not services.has_factor(other.user)
    assert [m.to for m in mail.outbox].count([other.user.email]) >= 2


def test_a_mailed_link_needs_the_second_factor_and_tells_nobody_who_exists(
    bank_a, staff, client, django_capture_on_commit_callbacks
):
    browser = staff(bank_a, "risk_analyst")
    client.defaults["HTTP_HOST"] = bank_a.host
    texts = []
    for email in (browser.user.email, "nobody@alpha.test"):
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post("/admin/password-reset/", {"email": email})
        texts.append(re.sub(r'value="[^"]*"', "", answer.content.decode()))
    assert texts[0] == texts[1]
    sent = [m for m in mail.outbox if "password-reset" in m.body]
    assert [m.to for m in sent] == [[browser.user.email]]
    place = re.search(r"https?://[^/]+(/\S+)", sent[0].body)[1]  # type: ignore[index]
    new = {"password": "a longer battery staple", "again": "a longer battery staple"}
    begun = client.post(place, new)
    assert begun["Location"].startswith("/admin/second-step/?next=")
    with bank_scope(bank_a):
        browser.user.refresh_from_db()
        assert browser.user.check_password(PASSWORD)
    assert not alive(client)
    with bank_scope(bank_a):
        code = next_code(browser.user.code_devices.get())
    assert client.post(begun["Location"], {"code": code})["Location"] == place
    assert client.post(place, new).status_code == 302
    assert alive(client)
    assert not alive(browser)
    assert client.get(place).status_code == 404


def test_the_last_factor_stays_and_recovery_codes_open_once(bank, person):
    user = person(bank, "risk_analyst")
    device = give_app(user)
    with pytest.raises(InvalidInput):
        services.remove_code_device(user=user, device_id=str(device.pk), actor=user.as_actor())
    codes = services.new_recovery_codes(user=user, actor=user.as_actor())
    assert services.prove_code(user=user, code=codes[3].lower(), origin=Origin()) == "recovery"
    with pytest.raises(InvalidInput):
        services.prove_code(user=user, code=codes[3], origin=Origin())
    fresh = services.new_recovery_codes(user=user, actor=user.as_actor())
    with pytest.raises(InvalidInput):
        services.prove_code(user=user, code=codes[4], origin=Origin())
    assert services.prove_code(user=user, code=fresh[0], origin=Origin()) == "recovery"


def test_disabling_oneself_is_refused(bank_a, staff):
    admin = staff(bank_a, "bank_admin")
    with bank_scope(bank_a), pytest.raises(Conflict):
        services.change_person(
            user_id=str(admin.user.pk), is_active=False, actor=admin.user.as_actor()
        )
