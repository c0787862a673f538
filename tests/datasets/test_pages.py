"""The pages a bank's staff walk: upload, contract, quality, quarantine."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.storage import publishing
from core.tenancy import bank_scope
from datasets import selectors
from datasets.models import Dataset, DatasetLoad
from tests.datasets.conftest import PEOPLE

LIST = "/admin/datasets/dataset/"


def add_dataset(client, name="people"):
    return client.post(
        f"{LIST}add/", {"name": name, "title": "People", "description": "Who applied"}
    )


def upload(client, dataset, name="people.csv"):
    return client.post(
        f"{LIST}{dataset.id}/upload/",
        {"file": SimpleUploadedFile(name, PEOPLE.encode()), "as_of": "2026-03-31"},
    )


@pytest.fixture
def loaded(bank_a, staff, run_job):
    """A dataset of Alpha Bank whose first file has been looked at, and the analyst's browser."""
    browser = staff(bank_a, "risk_analyst")
    assert add_dataset(browser).status_code == 302
    with bank_scope(bank_a):
        dataset = Dataset.objects.get()
    assert upload(browser, dataset).status_code == 302
    with bank_scope(bank_a):
        load = DatasetLoad.objects.get()
        run_job(load)
    return browser, dataset, load


def form_of(page):
    """The fields of the contract page as a browser would post them."""
    html = page.content.decode()
    fields = dict(re.findall(r'<input type="text"[^>]* name="([^"]+)" value="([^"]*)"', html))
    fields |= dict(re.findall(r'<input type="hidden" name="(sha256)" value="([^"]*)"', html))
    fields |= dict.fromkeys(
        re.findall(r'<input type="checkbox" name="([^"]+)"[^>]* checked', html), "on"
    )
    for name, body in re.findall(
        r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL
    ):
        fields[name] = re.search(r'value="([^"]+)" selected', body).group(1)
    return {name: unescape(value) for name, value in fields.items()}


WANTED = {
    "c-0-role": "id", "c-0-privacy": "identity", "c-0-type": "text", "c-0-text_codes": "",
    "c-1-type": "integer", "c-1-min": "18", "c-1-max": "100", "c-1-text_codes": "", "c-1-special_codes": "",
    "c-2-type": "integer", "c-2-special_codes": "-9=no bureau file", "c-2-min": "0", "c-2-text_codes": "",
    "c-3-type": "category", "c-3-allowed": "A; B; C",
    "c-5-type": "integer", "c-5-role": "target", "c-5-bad_values": "1", "c-5-good_values": "0",
    "c-5-special_codes": "", "c-5-allowed": "", "c-4-type": "category",
}  # fmt: skip


def test_walk_from_upload_to_quality(bank_a, loaded, run_job):
    browser, dataset, load = loaded
    page = browser.get(f"/admin/datasets/datasetload/{load.id}/change/")
    assert "Waits for its contract" in page.content.decode()
    editor = browser.get(f"{LIST}{dataset.id}/contract/")
    assert editor.status_code == 200
    assert editor.content.decode().count('class="ds-name"') == 6
    posted = browser.post(
        f"{LIST}{dataset.id}/contract/", {**form_of(editor), **WANTED, "then": "confirm"}
    )
    assert posted.status_code == 302, re.findall(r"ds-fault[^>]*>([^<]+)", posted.content.decode())
    assert posted.url.startswith(f"{LIST}{dataset.id}/contract/confirm/?sha256=")
    question = browser.get(posted.url)
    assert "Confirm this contract?" in question.content.decode()
    with bank_scope(bank_a):
        assert selectors.get_contract(str(dataset.id)).state == "draft"
    done = browser.post(posted.url, follow=True)
    assert "Contract v1 is confirmed; 1 waiting load goes on." in done.content.decode()
    with bank_scope(bank_a):
        contract = selectors.get_contract(str(dataset.id)).contract
        assert contract.column("income").special_codes == {"-9": "no bureau file"}
        assert contract.column("grade").allowed == ("A", "B", "C")
        assert contract.column("bad").bad_values == (1,)
        run_job(load)
    html = browser.get(f"/admin/datasets/datasetload/{load.id}/change/").content.decode()
    assert "33.33%" in html
    assert "bad means 1" in html
    assert "2026-03-31" in html
    assert html.count("<svg") > 8
    assert "See 2 quarantined rows" in html


def test_faults_stand_beside_their_field_and_nothing_is_stored(bank_a, loaded):
    browser, dataset, _load = loaded
    editor = browser.get(f"{LIST}{dataset.id}/contract/")
    with bank_scope(bank_a):
        before = selectors.get_contract(str(dataset.id)).sha256
    wrong = {
        **form_of(editor),
        **WANTED,
        "c-1-min": "200",
        "c-2-text_codes": "none",
        "then": "stay",
    }
    refused = browser.post(f"{LIST}{dataset.id}/contract/", wrong)
    assert refused.status_code == 200
    html = refused.content.decode()
    assert "Write word=code with semicolons between" in html
    wrong["c-2-text_codes"] = ""
    html = browser.post(f"{LIST}{dataset.id}/contract/", wrong).content.decode()
    row = html[html.index('name="c-1-min"') :][:300]
    assert 'value="200"' in row
    assert "the minimum is above the maximum" in row
    with bank_scope(bank_a):
        assert selectors.get_contract(str(dataset.id)).sha256 == before


def test_open_points_are_shown_before_confirming(loaded, bank_a, analyst):
    browser, dataset, _load = loaded
    fields = {**form_of(browser.get(f"{LIST}{dataset.id}/contract/")), **WANTED}
    fields |= {"c-5-bad_values": "", "c-5-good_values": "", "then": "stay"}
    stored = browser.post(f"{LIST}{dataset.id}/contract/", fields, follow=True)
    assert "Draft v1 is stored." in stored.content.decode()
    assert "Say which values of the target mean bad" in stored.content.decode()
    fields = {**form_of(stored), "then": "confirm"}
    answer = browser.post(f"{LIST}{dataset.id}/contract/", fields)
    refused = browser.post(answer.url, follow=True).content.decode()
    assert "The contract cannot be confirmed yet." in refused


def test_a_page_seen_earlier_does_not_overwrite(loaded, bank_a):
    browser, dataset, _load = loaded
    first = {**form_of(browser.get(f"{LIST}{dataset.id}/contract/")), **WANTED, "then": "stay"}
    assert browser.post(f"{LIST}{dataset.id}/contract/", first).status_code == 302
    again = browser.post(f"{LIST}{dataset.id}/contract/", {**first, "c-1-max": "99"})
    assert "The contract was changed in the meantime." in again.content.decode()


@pytest.fixture
def ready(bank_a, loaded, run_job):
    browser, dataset, load = loaded
    fields = {**form_of(browser.get(f"{LIST}{dataset.id}/contract/")), **WANTED, "then": "confirm"}
    browser.post(browser.post(f"{LIST}{dataset.id}/contract/", fields).url)
    with bank_scope(bank_a):
        run_job(load)
    return browser, dataset, load


def test_quarantine_page_and_downloads(ready):
    browser, _dataset, load = ready
    html = browser.get(f"/admin/datasets/datasetload/{load.id}/quarantine/").content.decode()
    assert "Wrong number of fields" in html
    assert "1–2 / 2" in html
    csv = browser.get(f"/admin/datasets/datasetload/{load.id}/quarantine/csv/")
    assert b"".join(csv.streaming_content).startswith("\ufeff".encode())
    assert browser.get(f"/admin/datasets/datasetload/{load.id}/quarantine/exe/").status_code == 404


def test_pictures_come_as_csv(ready):
    browser, _dataset, load = ready
    one = f"/admin/datasets/datasetload/{load.id}/picture"
    rows = browser.get(f"{one}/rows.csv").content.decode("utf-8-sig").splitlines()
    assert rows == ["Load,Rows in,Loaded,Quarantined,Unaccounted", "#1,8,6,2,0"]
    assert browser.get(f"{one}/column-1.csv").status_code == 200
    assert browser.get(f"{one}/column-99.csv").status_code == 404
    assert browser.get(f"{one}/nothing.csv").status_code == 404


def test_load_again_asks_first_and_makes_a_new_load(ready, bank_a, run_job):
    browser, dataset, load = ready
    url = f"/admin/datasets/datasetload/{load.id}/again/"
    assert "Load this file again" in browser.get(url).content.decode()
    answer = browser.post(url)
    with bank_scope(bank_a):
        second = DatasetLoad.objects.get(number=2)
        assert answer.url == f"/admin/datasets/datasetload/{second.id}/change/"
        assert second.raw_path == load.raw_path
        run_job(second)
        assert (second.rows_good, second.data_sha256 != "") == (6, True)
    assert "#2" in browser.get(f"{LIST}{dataset.id}/change/").content.decode()


def test_lists_filter_search_sort_and_export(ready, bank_a):
    browser, _dataset, _load = ready
    assert (
        "People"
        in browser.get(LIST, {"q": "peop", "last_state": "ready", "o": "4"}).content.decode()
    )
    assert (
        "People"
        not in browser.get(LIST, {"last_state": "failed"}).content.decode().split("result_list")[-1]
    )
    csv = browser.get(LIST, {"export": "csv", "last_state": "ready"})
    lines = csv.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "name,title,loads,state,rows,quarantined,contract,created"
    assert lines[1].startswith("people,People,1,ready,6,2,1,")
    loads = browser.get("/admin/datasets/datasetload/", {"export": "csv", "q": "people"})
    assert (
        loads.content.decode("utf-8-sig")
        .splitlines()[1]
        .startswith("people,1,people.csv,ready,8,6,2,0.33")
    )


def test_state_fragment_refreshes_the_page_when_the_work_is_over(ready):
    browser, _dataset, load = ready
    answer = browser.get(f"/admin/datasets/datasetload/{load.id}/state/")
    assert (answer.status_code, answer["HX-Refresh"]) == (200, "true")


def test_uploads_leave_no_clear_copy(bank_a, loaded):
    """Neither in the storage nor in a temporary folder."""
    _browser, _dataset, load = loaded
    root = Path(publishing.storage().location)
    stored = [p for p in root.rglob("*") if p.is_file()]
    assert stored
    assert not any(b"C001" in p.read_bytes() for p in stored)
    assert not list((root / "bank_alpha").glob("uploads/*"))
    assert load.sha256


def test_too_large_and_empty_files_are_refused_with_a_message(bank_a, staff, settings):
    browser = staff(bank_a, "risk_analyst")
    add_dataset(browser)
    with bank_scope(bank_a):
        dataset = Dataset.objects.get()
    settings.DATASET_MAX_BYTES = 50
    answer = browser.post(
        f"{LIST}{dataset.id}/upload/", {"file": SimpleUploadedFile("a.csv", b"x" * 51)}, follow=True
    )
    assert "larger than 50 bytes" in answer.content.decode()
    empty = browser.post(
        f"{LIST}{dataset.id}/upload/", {"file": SimpleUploadedFile("a.csv", b"")}, follow=True
    )
    assert "The file is empty." in empty.content.decode()
    with bank_scope(bank_a):
        assert DatasetLoad.objects.count() == 0


ROLES = ["bank_admin", "risk_analyst", "model_validator", "credit_officer", "acquisition_manager",
         "marketing_manager", "compliance"]  # fmt: skip
BRINGERS = {"risk_analyst", "acquisition_manager", "marketing_manager"}
READERS = {"risk_analyst", "compliance"}


def test_each_role_may_do_what_its_permissions_say(ready, bank_a, staff):
    _browser, dataset, load = ready
    for role in ROLES:
        walk_as(role, staff(bank_a, role), dataset, load)


def walk_as(role, browser, dataset, load):
    assert browser.get(LIST).status_code == 200
    assert browser.get(f"{LIST}{dataset.id}/change/").status_code == 200
    assert browser.get(f"{LIST}{dataset.id}/contract/").status_code == 200
    assert browser.get(f"/admin/datasets/datasetload/{load.id}/change/").status_code == 200
    brings = 200 if role in BRINGERS else 403
    assert browser.get(f"{LIST}add/").status_code == brings
    assert browser.get(f"{LIST}{dataset.id}/upload/").status_code == brings
    assert browser.get(f"{LIST}{dataset.id}/contract/confirm/").status_code == brings
    assert browser.get(f"/admin/datasets/datasetload/{load.id}/again/").status_code == brings
    refused = upload(browser, dataset)
    assert refused.status_code == (302 if role in BRINGERS else 403)
    saved = browser.post(f"{LIST}{dataset.id}/contract/", {"then": "stay"})
    assert saved.status_code == (403 if role not in BRINGERS else saved.status_code)
    reads = 200 if role in READERS else 403
    one = f"/admin/datasets/datasetload/{load.id}/quarantine/"
    assert browser.get(one).status_code == reads
    assert browser.get(f"{one}csv/").status_code == reads


def test_pages_of_another_bank_are_not_found(ready, bank_b, staff):
    _browser, dataset, load = ready
    stranger = staff(bank_b, "risk_analyst")
    for url in (f"{LIST}{dataset.id}/contract/", f"{LIST}{dataset.id}/upload/",
                f"/admin/datasets/datasetload/{load.id}/quarantine/", f"/admin/datasets/datasetload/{load.id}/state/",
                f"/admin/datasets/datasetload/{load.id}/picture/rows.csv"):  # fmt: skip
        assert (url, stranger.get(url).status_code) == (url, 404)
    for url in (f"{LIST}{dataset.id}/change/", f"/admin/datasets/datasetload/{load.id}/change/"):
        assert (url, stranger.get(url).status_code) == (url, 404)


def test_form_without_its_token_is_refused_before_the_file_is_kept(bank_a, loaded):
    browser, dataset, _load = loaded
    browser.handler.enforce_csrf_checks = True
    answer = upload(browser, dataset)
    assert answer.status_code == 403
    with bank_scope(bank_a):
        assert DatasetLoad.objects.count() == 1
    assert not list(Path(publishing.storage().location).glob("bank_alpha/uploads/*"))


def test_the_form_for_a_new_dataset_has_its_fields_and_says_what_is_wrong(bank_a, staff):
    browser = staff(bank_a, "marketing_manager")
    assert 'id="id_name"' in browser.get(f"{LIST}add/").content.decode()
    refused = browser.post(f"{LIST}add/", {"name": "Two Words", "title": "", "description": ""})
    assert refused.status_code == 200
    assert "2 to 60 small letters" in refused.content.decode()
    with bank_scope(bank_a):
        assert not Dataset.objects.exists()


def test_overview_names_what_waits(loaded):
    browser, dataset, load = loaded
    html = browser.get("/admin/").content.decode()
    assert f"{LIST}{dataset.id}/contract/" in html
    assert f"/admin/datasets/datasetload/{load.id}/change/" in html


def test_lists_ask_the_database_as_often_for_many_rows_as_for_one(loaded, bank_a):
    browser, dataset, _load = loaded

    def counts():
        found = []
        for url in (LIST, "/admin/datasets/datasetload/", f"{LIST}{dataset.id}/change/"):
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(url).status_code == 200
            found.append(len(queries))
        return found

    before = counts()
    for index in range(3):
        add_dataset(browser, f"more-{index}")
        upload(browser, dataset)
    assert counts() == before
    assert max(before) < 30
