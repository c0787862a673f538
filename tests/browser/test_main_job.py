"""The main job in a real browser on real data: from a file to approved decisions, by four people."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.public_data import PublicDataError, fetch
from config.story.http import Api, new_key
from config.story.portfolios import applicants
from tests.browser.watched import Watched
from tests.stack import Stack, StackBank

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
CACHE = Path(__file__).resolve().parents[2] / ".run" / "data"
ROWS, ASKED = 1_000, 30
FIGURE = re.compile(r"0\.\d{3}")


def german_credit() -> Path:
    try:
        return fetch("german", CACHE, say=print)
    except PublicDataError as error:
        pytest.skip(f"the German credit data cannot be fetched: {error}")


def bring_data(window: Watched, file: Path) -> None:
    """Upload, look at what was inferred, say what the columns mean, confirm."""
    page = window.page
    window.see("First steps")
    window.shoot("01-first-steps")
    window.click("Open datasets")
    page.fill("input[name=name]", "german-credit")
    page.fill("input[name=title]", "German credit, 1994")
    page.click("button[name=_save], input[name=_save]")
    window.settle()
    page.set_input_files("input[type=file]", str(file))
    window.click("Bring the file", role="button")
    window.click("Open the contract")
    page.select_option('select[aria-label="Role: creditability"]', "target")
    page.fill('input[aria-label="bad_values: creditability"]', "bad")
    page.select_option('select[aria-label="Role: personal_status_and_sex"]', "protected")
    page.select_option('select[aria-label="Role: foreign_worker"]', "protected")
    window.shoot("02-contract")
    window.click("Store and confirm…", role="button")
    window.click("Yes, do it", role="button")


def look_at_quality(window: Watched) -> None:
    """The load's page once it is ready."""
    window.open("/admin/datasets/datasetload/")
    window.page.locator("table tbody th a, table tbody td a").first.click()
    window.settle()
    window.page.locator(".pan-tag.pan-ready").first.wait_for()
    window.settle()
    shown = window.text("body")
    assert "1,000" in shown
    assert "30.0" in shown
    assert window.page.locator("svg").count() > 0
    window.shoot("03-quality")


def train(window: Watched) -> None:
    """Start a scorecard with a forced trend and watch it until its version is there."""
    page = window.page
    window.open("/admin/scoring/modelrun/add/")
    page.select_option("#id_model", "new")
    page.fill("#id_new_name", "Consumer loan application score")
    page.fill("#id_new_code", "consumer-loan")
    page.select_option('select[name="trend:duration_in_month"]', "ascending")
    page.uncheck('input[value="telephone"]')
    window.shoot("04-start-run")
    window.click("Start training", role="button")
    window.see("What was asked for")
    window.shoot("05-run")
    window.click("Open the report")


def read_report(window: Watched) -> str:
    """What the report says; returns its path."""
    page = window.page
    shown = window.text("#head")
    assert "Scorecard" in shown
    assert "1,000, 300" in shown
    auc = float(FIGURE.search(window.text(".pan-tile-main dd")).group())  # type: ignore[union-attr]
    assert 0.65 < auc < 0.90
    assert page.locator("figure.ch-figure").count() >= 8
    assert "Out of sample" in window.text(".pan-tile-main dt")
    assert "Protected characteristic" in window.text("#left-out")
    closed = page.locator(".pan-features > details:not([open])").first.get_attribute("id")
    page.locator(f"#{closed} summary").first.click()
    page.locator(f"#{closed} .ch-wide svg").wait_for()
    window.shoot("06-report")
    window.phone("06-report-phone")
    window.theme("dark")
    page.reload()
    window.settle()
    window.shoot("06-report-dark")
    window.theme("light")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download CSV").nth(1).click()
    table = list(csv.reader(saved.value.path().open(encoding="utf-8-sig")))
    assert len(table) > 100
    page.reload()
    window.click("Submit for review")
    window.click("Yes, do it", role="button")
    window.see("waits for a review")
    return page.url.removeprefix(window.base)


def approve(window: Watched) -> None:
    """The validator finds it on the overview and approves with a note."""
    window.open("/admin/")
    window.see("1 waits for you")
    window.page.locator("#reviews a").first.click()
    window.settle()
    window.click("Approve")
    window.click("Yes, do it", role="button")
    assert "This field is required" in window.text("form.pan-ask")
    window.page.fill("textarea[name=note]", "Separation, calibration and stability are sound.")
    window.shoot("07-approve")
    window.click("Yes, do it", role="button")
    window.see("is approved")


def author_the_policy(window: Watched) -> str:
    """The analyst raises the cut-off in the draft and submits it; returns its path."""
    page = window.page
    window.open("/admin/scoring/policyversion/")
    page.locator("table tbody th a").first.click()
    window.settle()
    before = int(window.text(".pan-big.pan-approve"))
    window.click("Edit this draft")
    page.fill("input[name=approve_at]", str(before + 1))
    window.shoot("08-policy-form")
    window.click("Save the draft", role="button")
    window.see("is saved")
    assert window.text(".pan-big.pan-approve") == str(before + 1)
    assert "no hole" in window.text("body")
    window.click("Submit for review")
    window.click("Yes, do it", role="button")
    window.see("waits for a review")
    return page.url.removeprefix(window.base)


def put_to_work(window: Watched, policy: str, version: str) -> None:
    """The credit officer approves the policy and deploys both."""
    window.open(policy)
    window.click("Approve")
    window.page.fill("textarea[name=note]", "Within the appetite of this year.")
    window.click("Yes, do it", role="button")
    window.click("Put in force")
    window.click("Yes, do it", role="button")
    window.see("is in force from now on")
    window.shoot("09-policy")
    window.open(version)
    window.click("Deploy")
    window.click("Yes, do it", role="button")
    window.see("is live as champion")


def ask_for_decisions(api: Api, file: Path) -> list[dict[str, Any]]:
    """Thirty applications of the file, through REST."""
    dataset = api.call("GET", "/api/v1/datasets")["results"][0]
    contract = api.call("GET", f"/api/v1/datasets/{dataset['id']}/contract")["contract"]
    version = api.call("GET", "/api/v1/scoring/model-versions")["results"][0]
    report = api.call("GET", f"/api/v1/scoring/model-versions/{version['id']}/report")
    wanted = {entry["name"] for entry in report["inputs"]}
    answers = []
    for place, inputs in enumerate(applicants(file, contract, wanted, ASKED)):
        body = {"application": f"LOAN-{place:03d}", "customer": f"C-{place:03d}", "inputs": inputs}
        key = {"Idempotency-Key": new_key()}
        answers.append(api.call("POST", "/api/v1/scoring/decisions", body, headers=key, expect=201))
    return answers


def explain(window: Watched, answer: dict[str, Any]) -> None:
    """The page of a decision says what the caller was told; opening and replaying it are one click each."""
    window.open(f"/admin/scoring/decision/{answer['id']}/change/")
    shown = window.text("body")
    assert answer["outcome"] in shown.lower()
    assert str(answer["score"]) in shown
    for reason in answer["reasons"]:
        assert reason["en"] in shown
        assert reason["zh"] in shown
    assert "credit_amount" not in window.text("#inputs")
    window.shoot("10-decision")
    window.phone("10-decision-phone")
    window.click("Show what was sent", role="button")
    assert "credit_amount" in window.text("#inputs")
    window.click("Replay this decision", role="button")
    window.see("Identical, bit for bit")
    window.shoot("11-replay")


def score_the_file(window: Watched) -> None:
    """The whole file as a batch, and its results as CSV."""
    window.open("/admin/scoring/batchrun/add/")
    window.click("Start the batch", role="button")
    window.see("1,000 rows decided")
    window.settle()
    window.shoot("12-batch")
    with window.page.expect_download() as saved:
        window.page.get_by_role("link", name="Results as CSV").click()
    lines = list(csv.DictReader(saved.value.path().open(encoding="utf-8")))
    assert len(lines) == ROWS
    assert {line["outcome"] for line in lines} == {"approve", "refer", "decline"}


def test_a_bank_goes_from_a_file_to_approved_decisions(
    stack: Stack, browser: Any, visitor: Any
) -> None:
    file = german_credit()
    bank: StackBank = stack.bank("meadow")
    analyst: Watched = visitor(bank, "analyst")
    bring_data(analyst, file)
    look_at_quality(analyst)
    train(analyst)
    version = read_report(analyst)
    validator: Watched = visitor(bank, "validator")
    approve(validator)
    policy = author_the_policy(analyst)
    officer: Watched = visitor(bank, "officer")
    put_to_work(officer, policy, version)
    answers = ask_for_decisions(bank.api(), file)
    assert {answer["outcome"] for answer in answers} >= {"approve", "decline"}
    explain(officer, next(a for a in answers if a["outcome"] == "decline"))
    score_the_file(analyst)
    officer.open("/admin/")
    assert officer.text(".pan-tile-main dd") == str(ASKED)
    officer.shoot("13-overview")
    officer.speak("zh-hans")
    officer.open("/admin/")
    assert "决策" in officer.text("body")
    officer.shoot("14-overview-zh")
    officer.open(version)
    officer.shoot("15-report-zh")
    compliance: Watched = visitor(bank, "compliance")
    compliance.open("/admin/audit/auditentry/")
    assert "scoring.policy_version.deploy" in compliance.text("body")
    compliance.shoot("16-audit")
    faults = [f for w in (analyst, validator, officer, compliance) for f in w.faults]
    assert faults == [], json.dumps(faults, indent=1)
