"""Single sign-on against an OpenID provider in another process: the honest way, and every lie we know."""

import copy
import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import SignIn, User
from accounts.services import seal_emergency
from audit.models import AuditEntry
from core import key_sets
from core.actors import system_actor
from core.errors import InvalidInput
from core.tenancy import bank_scope
from federation import services
from federation.models import Link, Provider, ScimPerson
from tests.conftest import PASSWORD

PEOPLE = {
    "creates_people": True, "email_domains": ("alpha.test",), "role_claim": "groups",
    "role_map": {"Risk": "risk_analyst", "Admins": "bank_admin"},
}  # fmt: skip
ANN = {
    "email": "ann@alpha.test",
    "email_verified": True,
    "name": "Ann",
    "groups": ["Risk", "Other"],
}


def browser(bank) -> Client:
    return Client(HTTP_HOST=bank.host)


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.fixture
def linked(bank_a, person):
    """linked(role) -> a person whose account at the provider is `sub-1`."""

    def make(provider, *roles) -> User:
        user = person(bank_a, *(roles or ("risk_analyst",)))
        with bank_scope(bank_a):
            Link.objects.create(user=user, issuer=provider.issuer, subject="sub-1", origin="linked")
        return user

    return make


def test_login_creates_a_person_with_the_mapped_roles(bank_a, sso, provider, log_in):
    sso(bank_a, **PEOPLE, trusts_second_factor=True)
    provider.tell(claims={**ANN, "amr": ["pwd", "mfa"]})
    visitor = browser(bank_a)
    assert "Log in with Corporate login" in text_of(visitor.get("/admin/login/"))
    answer = log_in(visitor)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert visitor.get("/admin/").status_code == 200
    with bank_scope(bank_a):
        user = User.objects.get(email="ann@alpha.test")
        assert (user.roles, user.name, user.has_usable_password()) == (
            ["risk_analyst"],
            "Ann",
            False,
        )
        row = SignIn.objects.get(user=user)
        assert (row.first_factor, row.second_factor) == ("sso", "sso")
        assert AuditEntry.objects.filter(action="federation.person.create").count() == 1
    provider.tell(claims={**ANN, "email": "changed@alpha.test", "groups": ["Admins", "Risk"]})
    log_in(browser(bank_a))
    with bank_scope(bank_a):
        assert User.objects.get(pk=user.pk).roles == ["bank_admin", "risk_analyst"]
        assert not User.objects.filter(email="changed@alpha.test").exists()


@pytest.mark.parametrize("shown", [{}, {"amr": ["pwd"]}, {"acr": "0"}])
def test_without_a_second_factor_there_the_one_here_is_asked_for(
    bank_a, sso, provider, log_in, linked, shown
):
    sso(bank_a, trusts_second_factor=True)
    linked(provider)
    provider.tell(claims=shown)
    visitor = browser(bank_a)
    answer = log_in(visitor)
    assert "second-step" in answer["Location"]
    assert visitor.get("/admin/").status_code == 302


def test_a_second_factor_there_counts_only_where_the_bank_says_so(
    bank_a, sso, provider, log_in, linked
):
    sso(bank_a, trusts_second_factor=False)
    linked(provider)
    provider.tell(claims={"amr": ["mfa"]})
    visitor = browser(bank_a)
    assert "second-step" in log_in(visitor)["Location"]
    assert visitor.get("/admin/").status_code == 302


def test_an_account_is_never_taken_over_by_its_e_mail(bank_a, sso, provider, log_in, person):
    """Who can name themselves as they like at the provider becomes nobody else here."""
    victim = person(bank_a, "bank_admin", email="boss@alpha.test")
    sso(bank_a, **PEOPLE, trusts_second_factor=True)
    for email in ("boss@alpha.test", "BOSS@alpha.test"):
        provider.tell(claims={**ANN, "email": email, "amr": ["mfa"], "groups": ["Admins"]})
        visitor = browser(bank_a)
        answer = log_in(visitor)
        assert answer.status_code == 403
        assert "not linked to this account" in text_of(answer)
        assert visitor.get("/admin/").status_code == 302
    with bank_scope(bank_a):
        assert not Link.objects.exists()
        assert not SignIn.objects.filter(user=victim).exists()


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"groups": ["Other"]}, "no role"),
        ({"groups": None}, "no role"),
        ({"email": "ann@evil.test"}, "not of a domain"),
        ({"email": "ann@sub.alpha.test"}, "not of a domain"),
        ({"email": "ann@alpha.test@evil.test"}, "not of a domain"),
        ({"email_verified": False}, "not of a domain"),
        ({"email": None}, "not of a domain"),
    ],
)
def test_who_is_not_created(bank_a, sso, provider, log_in, claims, said):
    sso(bank_a, **PEOPLE)
    provider.tell(claims={**ANN, **claims})
    answer = log_in(browser(bank_a))
    assert answer.status_code == 403
    assert said in text_of(answer)
    with bank_scope(bank_a):
        assert not Link.objects.exists()


def test_nobody_is_created_where_the_bank_does_not_want_it(bank_a, sso, provider, log_in):
    sso(bank_a)
    provider.tell(claims=ANN)
    assert "not known here" in text_of(log_in(browser(bank_a)))


def test_a_disabled_person_stays_out(bank_a, sso, provider, log_in, linked):
    sso(bank_a)
    user = linked(provider)
    with bank_scope(bank_a):
        User.objects.filter(pk=user.pk).update(is_active=False)
    answer = log_in(browser(bank_a))
    assert (answer.status_code, "disabled" in text_of(answer)) == (403, True)


LIES = {
    "wrong nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "issuer of the token": {"claims": {"iss": "https://elsewhere.test"}},
    "issuer of the answer": {"answer": {"iss": "https://elsewhere.test"}},
    "no issuer in the answer": {"answer": {"iss": None}},
    "audience": {"claims": {"aud": "another-client"}},
    "two audiences": {"claims": {"aud": ["panorama", "another-client"]}},
    "authorized party": {"claims": {"azp": "another-client"}},
    "expired": {"claims": {"exp": 1}},
    "from the future": {"claims": {"iat": int(time.time()) + 86_400}},
    "endless": {"claims": {"exp": int(time.time()) + 10**8}},
    "no start": {"claims": {"iat": None}},
    "no subject": {"claims": {"sub": None}},
    "empty subject": {"claims": {"sub": ""}},
    "unsigned": {"sign": "none"},
    "signed with the secret": {"sign": "hmac"},
    "signed with another key": {"sign": "other"},
    "another state": {"answer": {"state": "x" * 43}},
    "no code": {"answer": {"code": None}},
    "another code": {"answer": {"code": "guess"}},
    "refused": {"answer": {"error": "access_denied", "code": None}},
}


@pytest.mark.parametrize("lie", LIES)
def test_lie(bank_a, sso, provider, log_in, linked, lie):
    sso(bank_a, trusts_second_factor=True)
    user = linked(provider)
    orders = LIES[lie]
    provider.tell(**{**orders, "claims": {"amr": ["mfa"], **orders.get("claims", {})}})
    visitor = browser(bank_a)
    answer = log_in(visitor)
    assert answer.status_code == 400, text_of(answer)
    assert visitor.get("/admin/").status_code == 302
    with bank_scope(bank_a):
        assert not SignIn.objects.filter(user=user).exists()
    provider.tell(claims={"amr": ["mfa"]})
    assert log_in(browser(bank_a)).status_code == 302, "the honest one still works"


def test_state_is_this_browsers_and_works_once(bank_a, bank_b, sso, provider, linked):
    sso(bank_a, trusts_second_factor=True)
    sso(bank_b, trusts_second_factor=True)
    linked(provider)
    provider.tell(claims={"amr": ["mfa"]})
    mine, other = browser(bank_a), browser(bank_a)
    back = urlsplit(provider.authorize(mine.get("/admin/sso/login/")["Location"]))
    place = f"{back.path}?{back.query}"
    # A link with somebody's code and state, opened in another browser, logs nobody in.
    other.get("/admin/sso/login/")
    assert other.get(place).status_code == 400
    assert browser(bank_a).get(place).status_code == 400
    elsewhere = Client(HTTP_HOST=bank_b.host)
    elsewhere.cookies = copy.deepcopy(mine.cookies)
    assert elsewhere.get(place).status_code == 400
    assert mine.get(place).status_code == 302
    assert mine.get(place).status_code == 400, "an answer is taken once"
    assert mine.get("/admin/").status_code == 200


def test_the_request_has_pkce_and_only_the_known_redirect(bank_a, sso, provider, log_in, linked):
    sso(bank_a)
    asked = parse_qs(urlsplit(browser(bank_a).get("/admin/sso/login/")["Location"]).query)
    assert asked["redirect_uri"] == [f"http://{bank_a.host}/admin/sso/callback/"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["state"][0]) >= 43
    assert len(asked["nonce"][0]) >= 43


def test_next_leads_nowhere_else(bank_a, sso, provider, log_in, linked):
    sso(bank_a, trusts_second_factor=True)
    linked(provider)
    provider.tell(claims={"amr": ["mfa"]})
    for wanted, led in [
        ("/admin/jobs/job/", "/admin/jobs/job/"),
        ("https://evil.test/", "/admin/"),
    ]:
        assert log_in(browser(bank_a), f"/admin/sso/login/?next={wanted}")["Location"] == led


def test_new_keys_are_taken_up(bank_a, sso, provider, log_in, linked, monkeypatch):
    monkeypatch.setattr(key_sets, "AGAIN_SECONDS", 0.0)
    sso(bank_a, trusts_second_factor=True)
    linked(provider)
    for _ in range(3):
        provider.tell(claims={"amr": ["mfa"]}, rotate=True)
        assert log_in(browser(bank_a)).status_code == 302


@pytest.mark.parametrize(
    "orders",
    [
        {"down": True},
        {"discovered_issuer": "https://elsewhere.test"},
        {"discovery": {"token_endpoint": None}},
        {"discovery": {"authorization_endpoint": "javascript:alert(1)"}},
        {"discovery": {"authorization_endpoint": "http://evil.test/"}},
        {"discovery": {"end_session_endpoint": "https://10.0.0.1/"}},
    ],
)
def test_a_provider_that_is_down_or_odd_is_said_clearly(bank_a, sso, provider, orders):
    sso(bank_a)
    provider.tell(**orders)
    answer = browser(bank_a).get("/admin/sso/login/")
    assert answer.status_code == 503
    assert "identity provider" in text_of(answer)


def test_endpoints_at_a_private_address_are_never_called(bank_a, sso, provider, log_in, linked):
    """The provider's own description cannot lead us inside."""
    sso(bank_a)
    linked(provider)
    provider.tell(discovery={"token_endpoint": "https://169.254.169.254/token"})
    answer = log_in(browser(bank_a))
    assert (answer.status_code, "not a public one" in text_of(answer)) == (503, True)


def test_where_it_is_the_only_way_in_a_password_opens_nothing_but_the_seal_does(
    bank_a, sso, provider, person, linked
):
    user = person(bank_a, "risk_analyst")
    emergency = person(bank_a, "bank_admin")
    with bank_scope(bank_a):
        emergency, sealed = seal_emergency(user_id=str(emergency.pk), actor=system_actor("test"))

    def password(person, password=PASSWORD) -> bool:
        form = {"username": person.email, "password": password}
        answer = browser(bank_a).post("/admin/login/", form)
        return answer.status_code == 302 and "second-step" in answer["Location"]

    sso(bank_a)
    assert password(user)
    sso(bank_a, is_enforced=True)
    assert not password(user)
    provider.tell(down=True)
    assert password(emergency, sealed)
    sso(bank_a, is_active=False)
    assert password(user)


def test_who_is_logged_in_links_their_own_account(bank_a, sso, provider, staff, log_in, person):
    sso(bank_a, trusts_second_factor=True)
    mine = staff(bank_a, "risk_analyst")
    provider.tell(claims={"amr": ["mfa"]})
    asked = mine.post("/admin/sso/link/")
    address = re.search(r'url=([^"]+)"', asked.content.decode())[1].replace("&amp;", "&")
    back = urlsplit(provider.authorize(address))
    assert mine.get(f"{back.path}?{back.query}").status_code == 302
    with bank_scope(bank_a):
        link = Link.objects.get()
        assert (link.user, link.subject, link.origin) == (mine.user, "sub-1", "linked")
    visitor = browser(bank_a)
    assert log_in(visitor)["Location"] == "/admin/"
    second = staff(bank_a, "bank_admin")
    asked = second.post("/admin/sso/link/")
    address = re.search(r'url=([^"]+)"', asked.content.decode())[1].replace("&amp;", "&")
    back = urlsplit(provider.authorize(address))
    refused = second.get(f"{back.path}?{back.query}")
    assert (refused.status_code, "somebody else" in text_of(refused)) == (403, True)
    assert browser(bank_a).post("/admin/sso/link/").status_code == 302


def test_who_the_directory_made_is_linked_by_the_directorys_id(
    bank_a, sso, provider, log_in, person
):
    sso(bank_a, link_claim="oid")
    user = person(bank_a, "risk_analyst")
    with bank_scope(bank_a):
        ScimPerson.objects.create(user=user, external_id="dir-7")
    provider.tell(claims={"oid": "dir-8"})
    assert log_in(browser(bank_a)).status_code == 403
    provider.tell(claims={"oid": "dir-7"})
    assert log_in(browser(bank_a)).status_code == 302
    provider.tell(claims={"oid": "dir-7", "sub": "sub-2"})
    assert log_in(browser(bank_a)).status_code == 403
    with bank_scope(bank_a):
        assert [(row.user, row.subject) for row in Link.objects.all()] == [(user, "sub-1")]


def logout_claims(provider, **changed):
    claims = {
        "iss": provider.issuer, "aud": "panorama", "iat": int(time.time()),
        "exp": int(time.time()) + 120, "jti": f"j-{time.time_ns()}", "sid": "sid-1",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}}, **changed,
    }  # fmt: skip
    return {name: value for name, value in claims.items() if value is not None}


def test_back_channel_logout_ends_the_session(bank_a, bank_b, sso, provider, log_in, linked):
    sso(bank_a, trusts_second_factor=True)
    sso(bank_b)
    linked(provider)
    provider.tell(claims={"amr": ["mfa"]})
    mine = browser(bank_a)
    log_in(mine)
    place = "/admin/sso/backchannel-logout/"

    def send(bank=bank_a, **changed):
        token = provider.sign(logout_claims(provider, **changed))
        return Client(HTTP_HOST=bank.host, enforce_csrf_checks=True).post(
            place, {"logout_token": token}
        )

    for lie in (
        {"aud": "another"}, {"iss": "https://elsewhere.test"}, {"events": {}}, {"nonce": "n"},
        {"jti": None}, {"sid": None}, {"exp": 1},
    ):  # fmt: skip
        assert send(**lie).status_code == 400, lie
    assert send(sid="another").status_code == 200
    assert send(bank=bank_b).status_code == 200
    assert mine.get("/admin/").status_code == 200
    assert send(jti="once-and-no-more").status_code == 200
    assert mine.get("/admin/").status_code == 302
    assert send(jti="once-and-no-more").status_code == 400


def test_logout_leads_to_the_providers_own(bank_a, sso, provider, log_in, linked):
    sso(bank_a, trusts_second_factor=True)
    linked(provider)
    provider.tell(claims={"amr": ["mfa"]})
    mine = browser(bank_a)
    log_in(mine)
    text = mine.post("/admin/sso/logout/").content.decode()
    assert f"{provider.issuer}/end?id_token_hint=" in text
    assert mine.get("/admin/").status_code == 302


@pytest.mark.parametrize("method", ["client_secret_post", "private_key_jwt"])
def test_other_ways_of_showing_who_we_are(bank_a, sso, provider, log_in, linked, method):
    sso(bank_a, method=method)
    linked(provider)
    assert log_in(browser(bank_a)).status_code == 302
    keys = browser(bank_a).get("/admin/sso/keys.json").json()["keys"]
    assert len(keys) == (method == "private_key_jwt")
    assert not [key for key in keys if "d" in key]
    if keys:
        form = provider.tell()["seen"][-1]
        claims = key_sets.verified_claims(form["client_assertion"], keys)
        assert (claims["aud"], claims["sub"]) == (f"{provider.issuer}/token", "panorama")


def test_the_secret_is_kept_encrypted_and_never_shown(bank_a, sso, staff):
    sso(bank_a)
    admin = staff(bank_a, "bank_admin")
    with bank_scope(bank_a):
        row = Provider.objects.get()
        assert b"s3cret" not in bytes(row.sealed_secret)
    page = admin.get(f"/admin/federation/provider/{row.pk}/change/").content.decode()
    assert "s3cret" not in page
    with bank_scope(bank_a):
        assert "s3cret" not in str(AuditEntry.objects.values_list("detail", flat=True))


@pytest.mark.parametrize(
    ("rules", "pointer"),
    [
        ({"issuer": "http://idp.test"}, "/issuer"),
        ({"issuer": "https://10.0.0.1"}, "/issuer"),
        ({"name": " "}, "/name"),
        ({"scopes": ("email",)}, "/scopes"),
        ({"role_claim": "groups"}, "/role_map"),
        ({"role_claim": "groups", "role_map": {"x": "operator"}}, "/role_map"),
        ({"creates_people": True}, "/email_domains"),
        ({"creates_people": True, "email_domains": ("a.test",)}, "/role_claim"),
        ({"method": "none"}, "/method"),
    ],
)
def test_refused_settings_name_their_field(bank_a, sso, rules, pointer):
    with pytest.raises(InvalidInput) as refused:
        sso(bank_a, **rules)
    assert refused.value.errors[0].pointer == pointer
    with bank_scope(bank_a):
        assert services.active_provider() is None


def test_the_page_sets_it_up(bank_a, provider, staff):
    admin = staff(bank_a, "bank_admin")
    form = {
        "name": "Corporate login", "issuer": provider.issuer, "client_id": "panorama",
        "method": "client_secret_basic", "secret": "x", "scopes": "openid email", "role_claim": "groups",
        "role_map": "CN=Risk,DC=x = risk_analyst\n", "email_domains": "alpha.test", "link_claim": "sub",
        "second_factor_values": "mfa", "creates_people": "on", "is_active": "on",
    }  # fmt: skip
    bad = admin.post("/admin/federation/provider/add/", {**form, "role_map": "Risk = king"})
    assert "Unknown roles: king" in text_of(bad)
    done = admin.post("/admin/federation/provider/add/", form)
    assert done.status_code == 302, text_of(done)
    with bank_scope(bank_a):
        row = Provider.objects.get()
    assert row.role_map == {"CN=Risk,DC=x": "risk_analyst"}
    assert (row.creates_people, row.is_enforced) == (True, False)
