"""SCIM 2.0: the forms two large directories send, what it may not do, and that disabling is in force at once."""

import json

import pytest
from django.test import Client

from accounts.models import User
from audit.models import AuditEntry
from core.tenancy import bank_scope
from federation.engine.scim import ERROR, LIST, PATCH, USER, ScimRefused, parse_filter

PLACE = "/scim/v2/Users"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture
def scim(bank_a, api, person):
    """scim(method, path, body) -> (status, body); the bank has an administrator."""
    person(bank_a, "bank_admin")
    client = api(bank_a, "scim")

    def send(method, path="", body=None):
        answer = client.generic(
            method, PLACE + path if not path.startswith("/scim") else path,
            "" if body is None else json.dumps(body), content_type="application/scim+json",
        )  # fmt: skip
        assert answer.status_code == 204 or answer["Content-Type"].startswith(
            "application/scim+json"
        )
        return answer.status_code, json.loads(answer.content) if answer.content else None

    return send


def ann(**changed):
    return {
        "schemas": [USER], "userName": "ann@alpha.test", "externalId": "ext-1", "active": True,
        "name": {"givenName": "Ann", "familyName": "Ames", "formatted": "Ann Ames"},
        "emails": [{"value": "ann@alpha.test", "type": "work", "primary": True}],
        "roles": [{"value": "risk_analyst"}], "title": "Analyst", **changed,
    }  # fmt: skip


def patch(*operations):
    return {"schemas": [PATCH], "Operations": list(operations)}


def test_a_person_from_birth_to_end(bank_a, scim):
    status, made = scim("POST", body=ann())
    assert status == 201
    place = f"/{made['id']}"
    assert made["meta"]["location"] == f"http://{bank_a.host}{PLACE}{place}"
    assert (made["userName"], made["externalId"], made["active"]) == (
        "ann@alpha.test",
        "ext-1",
        True,
    )
    assert made["roles"] == [{"value": "risk_analyst"}]
    assert scim("GET", place)[1] == made
    status, changed = scim("PUT", place, ann(userName="amy@alpha.test", displayName="Amy"))
    assert (status, changed["userName"], changed["displayName"]) == (200, "amy@alpha.test", "Amy")
    assert scim("DELETE", place) == (204, None)
    assert scim("GET", place)[0] == 404
    assert scim("DELETE", place)[0] == 404
    with bank_scope(bank_a):
        row = User.objects.get(pk=made["id"])
        assert (row.is_active, row.has_usable_password()) == (False, False)
        entries = AuditEntry.objects.filter(target_id=made["id"]).values_list("action", flat=True)
        assert {
            "federation.scim.create",
            "federation.scim.replace",
            "federation.scim.delete",
        } <= set(entries)
    status, again = scim("POST", body=ann(userName="amy@alpha.test"))
    assert (status, again["id"], again["active"]) == (201, made["id"], True)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "value": {"active": False}},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "path": "active", "value": [{"value": False}]},
        {"op": "add", "path": f"{USER}:active", "value": "false"},
        {"op": "remove", "path": "active"},
    ],
)
def test_disabling_is_in_force_on_the_next_request(bank_a, scim, staff, operation):
    worker = staff(bank_a, "risk_analyst")
    assert worker.get("/admin/").status_code == 200
    status, body = scim("PATCH", f"/{worker.user.pk}", patch(operation))
    assert (status, body["active"]) == (200, False)
    assert worker.get("/admin/").status_code == 302
    assert (
        scim(
            "PATCH", f"/{worker.user.pk}", patch({"op": "replace", "path": "active", "value": True})
        )[0]
        == 200
    )
    assert worker.get("/admin/").status_code == 302, "the old session stays ended"


def test_patch_changes_what_it_names_and_nothing_else(scim):
    _, made = scim("POST", body=ann())
    _, body = scim(
        "PATCH",
        f"/{made['id']}",
        patch(
            {"op": "replace", "path": "name.familyName", "value": "Archer"},
            {"op": "add", "path": "roles", "value": [{"value": "compliance"}]},
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": "x@alpha.test"},
            {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "R"},
            {"op": "replace", "value": {"displayName": "Ann Archer", "title": "Chief"}},
        ),
    )
    assert body["name"] == {"givenName": "Ann", "familyName": "Archer"}
    assert body["displayName"] == "Ann Archer"
    assert body["roles"] == [{"value": "compliance"}, {"value": "risk_analyst"}]
    assert (body["userName"], body["externalId"]) == ("ann@alpha.test", "ext-1")
    _, body = scim(
        "PATCH", f"/{made['id']}", patch({"op": "remove", "path": 'roles[value eq "compliance"]'})
    )
    assert body["roles"] == [{"value": "risk_analyst"}]


def test_lists_and_filters(bank_a, scim):
    for n in range(3):
        assert scim("POST", body=ann(userName=f"p{n}@alpha.test", externalId=f"e{n}"))[0] == 201
    status, body = scim("GET", '?filter=userName eq "P1@ALPHA.test"')
    assert (status, body["schemas"], body["totalResults"]) == (200, [LIST], 1)
    assert body["Resources"][0]["externalId"] == "e1"
    assert (
        scim("GET", '?filter=externalId eq "e2"')[1]["Resources"][0]["userName"] == "p2@alpha.test"
    )
    assert scim("GET", '?filter=externalId eq "E2"')[1]["totalResults"] == 0
    assert scim("GET", '?filter=id eq "nonsense"')[1]["totalResults"] == 0
    _, page = scim("GET", "?startIndex=2&count=2")
    assert (page["startIndex"], page["itemsPerPage"]) == (2, 2)
    assert page["totalResults"] >= 4
    assert scim("GET", "?count=0")[1]["Resources"] == []
    for bad in (
        "?filter=userName",
        '?filter=userName co "x"',
        "?count=x",
        '?filter=password eq "x"',
    ):
        status, body = scim("GET", bad)
        assert (status, body["schemas"], body["status"]) == (400, [ERROR], "400"), bad


def test_the_last_administrator_stays(bank_a, scim, person):
    with bank_scope(bank_a):
        admins = list(User.objects.filter(roles__contains=["bank_admin"], is_active=True))
    for admin in admins[1:]:
        assert (
            scim("PATCH", f"/{admin.pk}", patch({"op": "replace", "value": {"active": False}}))[0]
            == 200
        )
    last = f"/{admins[0].pk}"
    for method, body in (
        ("PATCH", patch({"op": "replace", "path": "active", "value": False})),
        ("PATCH", patch({"op": "replace", "path": "roles", "value": [{"value": "compliance"}]})),
        ("PUT", ann(userName=admins[0].email, active=False)),
        ("DELETE", None),
    ):
        status, said = scim(method, last, body)
        assert (status, said["scimType"]) == (409, "mutability"), said
        assert "last administrator" in said["detail"]
    with bank_scope(bank_a):
        row = User.objects.get(pk=admins[0].pk)
        assert row.is_active
        assert "bank_admin" in row.roles
    person(bank_a, "bank_admin")
    assert scim("DELETE", last)[0] == 204


def test_emergency_administrators_are_no_affair_of_a_directory(bank_a, scim, person):
    hidden = person(bank_a, "bank_admin")
    with bank_scope(bank_a):
        User.objects.filter(pk=hidden.pk).update(emergency_slot=2)
    assert scim("GET", f'?filter=userName eq "{hidden.email}"')[1]["totalResults"] == 0
    assert scim("DELETE", f"/{hidden.pk}")[0] == 404
    assert scim("POST", body=ann(userName=hidden.email))[0] == 409


@pytest.mark.parametrize(
    ("changed", "status", "kind"),
    [
        ({"userName": "no address"}, 400, "invalidValue"),
        ({"userName": None}, 400, "invalidValue"),
        ({"userName": ["x"]}, 400, "invalidValue"),
        ({"userName": "x" * 300 + "@alpha.test"}, 400, "invalidValue"),
        ({"active": "perhaps"}, 400, "invalidValue"),
        ({"roles": [{"value": "operator"}]}, 400, "invalidValue"),
        ({"roles": [{"value": 7}]}, 400, "invalidValue"),
        ({"name": "Ann"}, 400, "invalidValue"),
        ({"isSuperuser": True}, 400, "invalidPath"),
    ],
)
def test_refused_bodies(bank_a, scim, changed, status, kind):
    found, body = scim("POST", body=ann(**changed))
    assert (found, body["scimType"], body["schemas"]) == (status, kind, [ERROR])
    with bank_scope(bank_a):
        assert not User.objects.filter(email="ann@alpha.test").exists()


def test_names_and_ids_are_one_persons(scim):
    scim("POST", body=ann())
    status, body = scim("POST", body=ann(externalId="other"))
    assert (status, body["scimType"]) == (409, "uniqueness")
    status, body = scim("POST", body=ann(userName="bob@alpha.test"))
    assert (status, body["scimType"]) == (409, "uniqueness")
    assert scim("GET", '?filter=userName eq "bob@alpha.test"')[1]["totalResults"] == 0


@pytest.mark.parametrize(
    "body",
    [
        None, [], {"schemas": [PATCH]}, patch(), {"Operations": [{"op": "replace", "value": {}}]},
        patch({"op": "move", "path": "active"}), patch({"op": "remove"}), patch("x"),
        patch({"op": "replace", "path": "active"}), patch({"op": "replace", "path": 7, "value": 1}),
        patch({"op": "replace", "path": "id[", "value": 1, "x": 1}, {"op": "replace", "value": 1}),
        patch(*[{"op": "replace", "value": {"active": True}}] * 101),
    ],
)  # fmt: skip
def test_broken_patches(scim, body):
    _, made = scim("POST", body=ann())
    status, said = scim("PATCH", f"/{made['id']}", body)
    assert (status, said["schemas"]) == (400, [ERROR])


def test_what_the_service_says_of_itself(scim):
    assert scim("GET", "/scim/v2/ServiceProviderConfig")[1]["patch"] == {"supported": True}
    assert scim("GET", "/scim/v2/ResourceTypes")[1]["Resources"][0]["endpoint"] == "/Users"
    assert scim("GET", "/scim/v2/ResourceTypes/User")[1]["schema"] == USER
    assert scim("GET", "/scim/v2/Schemas")[1]["Resources"][0]["id"] == USER
    assert scim("GET", f"/scim/v2/Schemas/{USER}")[1]["name"] == "User"
    assert scim("GET", "/scim/v2/Schemas/other")[0] == 404


ROUTES = [
    ("GET", "/scim/v2/ServiceProviderConfig"), ("GET", "/scim/v2/ResourceTypes"),
    ("GET", "/scim/v2/ResourceTypes/User"), ("GET", "/scim/v2/Schemas"),
    ("GET", f"/scim/v2/Schemas/{USER}"), ("GET", PLACE), ("POST", PLACE), ("GET", PLACE + "/{}"),
    ("PUT", PLACE + "/{}"), ("PATCH", PLACE + "/{}"), ("DELETE", PLACE + "/{}"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "place"), ROUTES)
def test_only_the_banks_own_token_with_the_scope_opens_anything(
    bank_a, bank_b, api, staff, method, place
):
    mine, theirs = staff(bank_a, "bank_admin"), staff(bank_b, "bank_admin")
    body = json.dumps(
        ann() if method in ("POST", "PUT") else patch({"op": "remove", "path": "active"})
    )

    def status(client, user, host=bank_a.host):
        answer = client.generic(
            method,
            place.format(user.pk),
            body,
            content_type="application/scim+json",
            HTTP_HOST=host,
        )
        assert theirs.user.email not in answer.content.decode()
        return answer.status_code

    full = api(bank_a, "scim")
    assert status(api(bank_b, "scim"), mine.user) == 401, "replayed at another host"
    assert status(Client(), mine.user) == 401
    assert status(mine, mine.user) == 401, "a person's session is no token"
    assert status(api(bank_a, "jobs:read"), mine.user) == 403
    if "{}" in place:
        assert status(full, theirs.user) == 404
    with bank_scope(bank_a):
        assert User.objects.get(pk=mine.user.pk).is_active
    with bank_scope(bank_b):
        assert User.objects.get(pk=theirs.user.pk).is_active


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('userName eq "a@b.c"', ("username", "a@b.c")),
        ('  USERNAME  EQ  "a"  ', ("username", "a")),
        (r'externalId eq "a\"b\\c"', ("externalid", r'a"b\c')),
    ],
)
def test_filter(text, found):
    assert parse_filter(text) == found


@pytest.mark.parametrize(
    "text", ["", "userName", 'userName eq "a" or id eq "b"', "userName eq a", 'x eq "a"']
)
def test_filter_refused(text):
    with pytest.raises(ScimRefused):
        parse_filter(text)
