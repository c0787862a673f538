"""The datasets API: files in by form and by raw body, contracts, quality, quarantine, refusals."""

import csv
import io
from datetime import date
from pathlib import Path

import openpyxl
import orjson
import polars as pl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core.ids import new_id
from core.storage import publishing
from core.tenancy import bank_scope
from datasets.models import DatasetLoad
from tests.datasets.conftest import PEOPLE

URL = "/api/v1/datasets"


def make(client, name="people"):
    answer = client.post(URL, {"name": name, "title": "People"}, content_type="application/json")
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def post_raw(client, dataset_id, data, query="filename=people.csv"):
    return client.post(
        f"{URL}/{dataset_id}/loads?{query}", data, content_type="application/octet-stream"
    )


def rows():
    return [line.split(",") for line in PEOPLE.strip().split("\n") if line.count(",") == 5]


def as_xlsx() -> bytes:
    book = openpyxl.Workbook()
    for row in rows():
        book.active.append([int(v) if v.lstrip("-").isdigit() else v for v in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_parquet() -> bytes:
    head, *body = rows()
    frame = pl.DataFrame(
        {name: [int(r[i]) if name == "bad" else r[i] for r in body] for i, name in enumerate(head)}
    )
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


FILES = {
    "utf8.csv": PEOPLE.encode(),
    "semicolon.csv": PEOPLE.replace(",", ";").encode("utf-8-sig"),
    "gbk.csv": PEOPLE.replace("active", "正常").replace("closed", "结清").encode("gb18030"),
    "tabs.tsv": PEOPLE.replace(",", "\t").encode("utf-16"),
    "book.xlsx": as_xlsx(),
    "frame.parquet": as_parquet(),
}


@pytest.mark.parametrize("name", FILES)
def test_each_format_by_raw_body_is_loaded_by_its_contract(bank_a, api, run_job, name):
    client = api(bank_a)
    dataset = make(client)
    answer = post_raw(client, dataset, FILES[name], f"filename={name}&as_of=2026-03-31")
    assert answer.status_code == 202, answer.content
    body = answer.json()
    assert body["load"]["state"] == "received"
    assert body["load"]["as_of"] == "2026-03-31"
    assert body["job"]["kind"] == "datasets.intake"
    with bank_scope(bank_a):
        load = DatasetLoad.objects.get(pk=body["load"]["id"])
        assert load.as_of == date(2026, 3, 31)
        assert run_job(load) == "succeeded"
    assert client.get(f"{URL}/{dataset}/loads/{load.id}").json()["state"] == "needs_contract"
    confirmed = confirm_as_people(client, dataset)
    assert confirmed.status_code == 200, confirmed.content
    with bank_scope(bank_a):
        assert run_job(load) == "succeeded"
    found = client.get(f"{URL}/{dataset}/loads/{load.id}").json()
    ragged = 1 if name.endswith(("csv", "tsv")) else 0
    assert found["state"] == "ready"
    assert (found["rows_in"], found["rows_good"], found["rows_quarantined"]) == (
        7 + ragged,
        6,
        1 + ragged,
    )
    assert found["quality"]["bad_rate"] == pytest.approx(2 / 6)


def confirm_as_people(client, dataset):
    contract = client.get(f"{URL}/{dataset}/contract").json()
    body = contract["contract"]
    wanted = {
        "customer": {"type": "text", "role": "id", "privacy": "identity"},
        "age": {"type": "integer", "min": 18, "max": 100},
        "income": {"type": "integer", "special_codes": {"-9": "no file"}, "min": 0},
        "grade": {"type": "category"},
        "status": {"type": "category"},
        "bad": {"type": "integer", "role": "target", "bad_values": [1], "good_values": [0]},
    }
    for column in body["columns"]:
        column.update({"special_codes": {}, "text_codes": {}, **wanted[column["name"]]})
    answer = client.put(
        f"{URL}/{dataset}/contract", orjson.dumps(body), content_type="application/json",
        headers={"If-Match": f'"{contract["sha256"]}"'},
    )  # fmt: skip
    assert answer.status_code == 200, answer.content
    sha = answer.json()["sha256"]
    return client.post(
        f"{URL}/{dataset}/contract:confirm", {"sha256": sha}, content_type="application/json"
    )


def test_form_upload_loads_at_once_once_a_contract_is_confirmed(bank_a, api, run_job):
    client = api(bank_a)
    dataset = make(client)
    first = post_raw(client, dataset, PEOPLE.encode())
    with bank_scope(bank_a):
        run_job(DatasetLoad.objects.get(pk=first.json()["load"]["id"]))
    confirm_as_people(client, dataset)
    form = {"file": SimpleUploadedFile("second.csv", PEOPLE.encode()), "as_of": "2026-04-30"}
    answer = client.post(f"{URL}/{dataset}/loads", form)
    assert answer.status_code == 202, answer.content
    with bank_scope(bank_a):
        load = DatasetLoad.objects.get(pk=answer.json()["load"]["id"])
        assert (load.number, load.file_name) == (2, "second.csv")
        run_job(load)
        assert load.state == "ready"
        folder = publishing.storage().path("bank_alpha/uploads")
        assert list_files(folder) == []
    listed = client.get(f"{URL}/{dataset}/loads").json()["results"]
    assert [row["number"] for row in listed] == [2, 1]
    assert client.get(URL, {"name": "eop", "state": "ready"}).json()["results"][0]["loads"] == 2
    assert client.get(URL, {"state": "failed"}).json()["results"] == []


def list_files(folder):
    return [p for p in Path(folder).rglob("*") if p.is_file()]


def test_quality_and_quarantine_come_as_files(bank_a, api, run_job):
    client = api(bank_a)
    dataset = make(client)
    load_id = post_raw(client, dataset, PEOPLE.encode()).json()["load"]["id"]
    one = f"{URL}/{dataset}/loads/{load_id}"
    assert client.get(f"{one}/quality").status_code == 404
    assert client.get(f"{one}/quarantine").status_code == 404
    with bank_scope(bank_a):
        load = DatasetLoad.objects.get(pk=load_id)
        run_job(load)
    confirm_as_people(client, dataset)
    with bank_scope(bank_a):
        run_job(load)
    report = client.get(f"{one}/quality").json()
    assert (report["rows"], report["rows_quarantined"], report["target"]["n_bad"]) == (6, 2, 2)
    answer = client.get(f"{one}/quarantine", {"format": "csv"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text, newline="")))
    assert answer["Content-Disposition"] == 'attachment; filename="people-1-quarantine.csv"'
    assert lines[0] == ["_row", "column", "reason", "message", "value", "record"]
    assert sorted(line[:3] for line in lines[1:]) == [
        ["4", "age", "untypable"],
        ["8", "", "ragged_row"],
    ]
    parquet = client.get(f"{one}/quarantine", {"format": "parquet"})
    frame = pl.read_parquet(b"".join(parquet.streaming_content))
    assert sorted(frame["_row"].to_list()) == [4, 8]
    assert client.get(f"{one}/quarantine", {"format": "exe"}).status_code == 400


def test_refusals_name_field_and_reason(bank_a, api, settings):
    client = api(bank_a)
    bad = client.post(URL, {"name": "Bad Name"}, content_type="application/json")
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (400, "/name")
    dataset = make(client)
    taken = client.post(URL, {"name": "people"}, content_type="application/json")
    assert (taken.status_code, taken.json()["code"]) == (409, "dataset_exists")
    empty = post_raw(client, dataset, b"")
    assert (empty.status_code, empty.json()["errors"][0]["code"]) == (400, "empty_file")
    unnamed = post_raw(client, dataset, b"a,b\n1,2\n", "filename=")
    assert (unnamed.status_code, unnamed.json()["errors"][0]["pointer"]) == (400, "/filename")
    nothing = client.post(f"{URL}/{dataset}/loads", {"as_of": "2026-01-01"})
    assert (nothing.status_code, nothing.json()["errors"][0]["pointer"]) == (400, "/file")
    day = post_raw(client, dataset, b"a\n1\n", "filename=a.csv&as_of=31.3.2026")
    assert (day.status_code, day.json()["errors"][0]["pointer"]) == (400, "/as_of")
    settings.DATASET_MAX_BYTES = 100
    large = post_raw(client, dataset, b"x" * 101)
    assert (large.status_code, large.json()["code"]) == (413, "file_too_large")
    form = client.post(f"{URL}/{dataset}/loads", {"file": SimpleUploadedFile("a.csv", b"x" * 101)})
    assert (form.status_code, form.json()["code"]) == (413, "file_too_large")
    with bank_scope(bank_a):
        assert DatasetLoad.objects.count() == 0
        assert list_files(publishing.storage().path("bank_alpha")) == []


def test_contract_faults_point_at_their_place(bank_a, api, run_job):
    client = api(bank_a)
    dataset = make(client)
    assert client.get(f"{URL}/{dataset}/contract").status_code == 404
    nothing = client.post(f"{URL}/{dataset}/contract:confirm", {}, content_type="application/json")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "no_draft")
    load_id = post_raw(client, dataset, PEOPLE.encode()).json()["load"]["id"]
    with bank_scope(bank_a):
        run_job(DatasetLoad.objects.get(pk=load_id))
    body = client.get(f"{URL}/{dataset}/contract").json()["contract"]
    put = lambda changed: client.put(  # noqa: E731
        f"{URL}/{dataset}/contract", orjson.dumps(changed), content_type="application/json"
    )
    wrong = put({**body, "columns": [{**body["columns"][0], "type": "float"}]})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_contract")
    assert wrong.json()["errors"][0]["pointer"] == "/columns/0/type"
    twisted = [{**c, "min": 9, "max": 1} if c["name"] == "bad" else c for c in body["columns"]]
    assert put({**body, "columns": twisted}).json()["errors"][0]["pointer"] == "/columns/5/min"
    silent = [
        {**c, "role": "target", "bad_values": [], "good_values": []} if c["name"] == "bad" else c
        for c in body["columns"]
    ]
    assert put({**body, "columns": silent}).status_code == 200
    refused = client.post(f"{URL}/{dataset}/contract:confirm", {}, content_type="application/json")
    assert refused.status_code == 400
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
        ("/columns/5/bad_values", "direction_missing")
    ]
    stale = client.post(
        f"{URL}/{dataset}/contract:confirm", {"sha256": "0" * 64}, content_type="application/json"
    )
    assert (stale.status_code, stale.json()["code"]) == (409, "draft_changed")


def test_another_banks_ids_are_unknown(bank_a, bank_b, api, run_job):
    ours, theirs = api(bank_a), api(bank_b)
    dataset = make(theirs)
    load_id = post_raw(theirs, dataset, PEOPLE.encode()).json()["load"]["id"]
    for path in ("", "/contract", "/loads", f"/loads/{load_id}", f"/loads/{load_id}/quality",
                 f"/loads/{load_id}/quarantine"):  # fmt: skip
        answer = ours.get(f"{URL}/{dataset}{path}")
        assert (path, answer.status_code) == (path, 404)
        assert "people" not in answer.content.decode()
    assert post_raw(ours, dataset, b"a\n1\n").status_code == 404
    assert ours.post(f"{URL}/{dataset}/loads/{load_id}:again").status_code == 404
    assert ours.put(
        f"{URL}/{dataset}/contract", b"{}", content_type="application/json"
    ).status_code in (400, 404)
    assert ours.get(f"{URL}/{new_id()}").status_code == 404
    assert ours.get(URL).json()["results"] == []


def test_a_load_of_another_dataset_is_not_found_below_this_one(bank_a, api):
    client = api(bank_a)
    one, two = make(client, "one"), make(client, "two")
    load_id = post_raw(client, one, PEOPLE.encode()).json()["load"]["id"]
    assert client.get(f"{URL}/{one}/loads/{load_id}").status_code == 200
    assert client.get(f"{URL}/{two}/loads/{load_id}").status_code == 404


READ = [("get", ""), ("get", "/{d}"), ("get", "/{d}/loads"), ("get", "/{d}/loads/{l}")]
WRITE = [("post", ""), ("post", "/{d}/loads"), ("put", "/{d}/contract"), ("post", "/{d}/contract:confirm"),
         ("post", "/{d}/loads/{l}:again")]  # fmt: skip
PERSONAL = [("get", "/{d}/loads/{l}/quarantine")]
MATRIX = [
    ("datasets:read", READ, WRITE + PERSONAL),
    ("datasets:write", WRITE, READ + PERSONAL),
    ("datasets:quarantine", PERSONAL, READ + WRITE),
    ("jobs:read", [], READ + WRITE + PERSONAL),
]


@pytest.mark.parametrize(("scope", "allowed", "refused"), MATRIX)
def test_scopes_open_what_they_say_and_nothing_else(bank_a, api, scope, allowed, refused):
    full = api(bank_a)
    dataset = make(full)
    load_id = post_raw(full, dataset, PEOPLE.encode()).json()["load"]["id"]
    client = api(bank_a, scope)

    def status(method, path):
        url = URL + path.format(d=dataset, l=load_id)
        return getattr(client, method)(url, content_type="application/json").status_code

    assert [(c, status(*c) == 403) for c in allowed] == [(c, False) for c in allowed]
    assert [(c, status(*c)) for c in refused] == [(c, 403) for c in refused]


HOSTILE_BODIES = [
    b"", b"[]", b"null", b"{", b'{"name": NaN}', b"[" * 100_000, b'{"columns": ' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"name": "x", "columns": "abc"}', b'{"name":"x","columns":[{"name":"a","type":"text","min":1e999}]}',
    b'{"name":"x","columns":[{"name":"a","type":"text","pattern":"(a+)+$("}]}', b'\xff\xfe',
]  # fmt: skip


def test_hostile_bodies_are_refused_and_never_break(bank_a, api, run_job):
    client = api(bank_a)
    dataset = make(client)
    for body in HOSTILE_BODIES:
        for method, path in (
            ("put", f"/{dataset}/contract"),
            ("post", ""),
            ("post", f"/{dataset}/contract:confirm"),
        ):
            answer = getattr(client, method)(URL + path, body, content_type="application/json")
            assert answer.status_code in (400, 404, 413), (body[:40], path, answer.status_code)
            assert answer["Content-Type"] == "application/problem+json"
    for query in (
        "?cursor=x",
        "?page_size=-1",
        "?state=%00",
        "?name=%00",
        "?state=nothing",
        "?name=" + "x" * 5000,
    ):
        assert client.get(URL + query).status_code == 400
    for version in ("0", "-1", "x", "99999999999", "１"):
        assert client.get(f"{URL}/{dataset}/contract", {"version": version}).status_code == 400
