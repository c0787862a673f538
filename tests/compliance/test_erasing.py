"""One person's erasure from the request to the certificate, and everything that must stay."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.core.files.storage import storages
from django.db import connection

from audit.models import AuditEntry
from compliance import selectors, services
from compliance.models import Erasure
from core import storage
from core.erasure import Person
from core.errors import Conflict, Forbidden, FourEyes, Gone, InvalidInput
from core.vault import vault
from datasets import selectors as datasets
from datasets import services as dataset_services
from datasets.services.erasing import find_in_loads
from scoring import selectors as scoring
from scoring import services as scoring_services
from scoring.models import Application
from tests.compliance.conftest import FIRST, SECOND, SYSTEM
from tests.scoring import portfolio
from tests.scoring.conftest import ANALYST, run_now

pytestmark = pytest.mark.django_db


def ask(customer: str = "CUST-00007", **more) -> Erasure:
    return services.request_erasure(
        customer=customer, confirm=more.pop("confirm", customer), reason="Article 17 request.",
        actor=more.pop("actor", FIRST), **more,
    )  # fmt: skip


def erase(customer: str = "CUST-00007", **more) -> Erasure:
    row = services.approve_erasure(erasure_id=str(ask(customer, **more).pk), actor=SECOND)
    run_now(str(row.job_id))
    row.refresh_from_db()
    return row


def copy_of(bank, path: str, folder: Path) -> Path:
    target = folder / path.replace("/", "_")
    shutil.copy(storages["default"].path(f"{bank.schema}/{path}"), target)
    return target


def put_back(bank, copy: Path, path: str) -> None:
    place = Path(storages["default"].path(f"{bank.schema}/{path}"))
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(copy, place)


def test_a_decision_answers_410_and_is_found_by_no_reference(live, decide):
    found = decide(portfolio.POOR, application="A-7", customer="CUST-00007")
    other = decide(portfolio.POOR, key="k2", application="A-8", customer="CUST-00008")
    assert [d.id for d in scoring.list_decisions(reference="A-7")] == [found.id]
    row = erase()
    assert row.state == "done"
    with pytest.raises(Gone, match="matches its hash"):
        scoring_services.replay_decision(decision_id=found.id, actor=ANALYST)
    assert scoring_services.reveal_inputs(decision_id=found.id, actor=ANALYST).erased
    assert scoring.list_decisions(reference="A-7") == []
    kept = Application.objects.get(decisions=found.id)
    for column in (kept.reference, kept.customer):
        assert b"CUST-00007" not in bytes(column)
    assert scoring_services.replay_decision(decision_id=other.id, actor=ANALYST).identical
    assert [d.id for d in scoring.list_decisions(reference="A-8")] == [other.id]
    with pytest.raises(Gone):
        decide(portfolio.GOOD, key="k3", application="A-9", customer="CUST-00007")


def test_an_application_names_its_person_with_all_other_applications(live, decide):
    first = decide(portfolio.POOR, application="A-1", customer="CUST-00007")
    second = decide(portfolio.GOOD, key="k2", application="A-2", customer="CUST-00007")
    row = services.request_erasure(
        application="A-1", confirm="A-1", reason="Asked for.", actor=SYSTEM
    )
    row = services.approve_erasure(erasure_id=str(row.pk), actor=SECOND)
    run_now(str(row.job_id))
    for view in (first, second):
        with pytest.raises(Gone):
            scoring_services.replay_decision(decision_id=view.id, actor=ANALYST)


def test_shared_files_lose_the_person_and_nobody_else(load_people, bank, tmp_path):
    load = load_people()
    person = Person(customers=frozenset({"CUST-00007"}))
    assert [f.count for f in find_in_loads(person)] == [1]
    old = {path: copy_of(bank, path, tmp_path) for path in (load.raw_path, load.data_path)}
    before = datasets.open_columns(str(load.id), ["income", "tenure"])
    row = erase()
    assert row.certificate["removed"]["datasets"] == {
        "rows": 1, "quarantined": 0, "raw_files": 1, "files_not_searched": 0,
    }  # fmt: skip
    assert find_in_loads(person) == []
    load.refresh_from_db()
    assert load.raw_path == ""
    after = datasets.open_columns(str(load.id), ["income", "tenure"])
    changed = [
        n for n, (a, b) in enumerate(zip(before["tenure"], after["tenure"], strict=True)) if a != b
    ]
    assert changed == [7]
    with storage.open_reader(load.data_path) as reader:
        table = pq.read_table(reader)
    assert [v for n, v in table.slice(7, 1).to_pylist()[0].items() if n != "_row"] == [None] * 12
    sealed = table.column("customer").to_pylist()
    opened = vault().decrypt("datasets.identity", "customer", f"{load.id}:8", sealed[8])
    assert opened == b"CUST-00008", "another row's values open at the place they were made for"
    for path, copy in old.items():
        put_back(bank, copy, path)
        with pytest.raises(storage.FileShredded):
            storage.open_reader(path)
    with pytest.raises(Conflict, match="shredded"):
        dataset_services.load_again(load_id=str(load.id), actor=ANALYST)


def test_further_identities_are_looked_for_in_their_columns(load_people):
    load_people()
    row = erase("UNKNOWN-1", identities=[{"column": "card", "value": "CARD-00009"}])
    assert row.certificate["removed"]["datasets"]["rows"] == 1
    assert find_in_loads(Person(customers=frozenset({"CUST-00009"}))) == []
    assert find_in_loads(Person(customers=frozenset({"CUST-00010"}))) != []


def test_a_refused_row_is_found_by_its_clear_words_and_in_the_raw_file(load_people):
    """Identities are masked in quarantine; the loan's number is not, and the raw file has everything."""
    first, second = load_people(), load_people()
    row = erase("L999999")
    counts = row.certificate["removed"]["datasets"]
    assert counts == {"rows": 0, "quarantined": 2, "raw_files": 2, "files_not_searched": 0}
    for load in (first, second):
        load.refresh_from_db()
        assert load.raw_path == ""
        with storage.open_reader(load.quarantine_path) as reader:
            assert pq.read_table(reader).num_rows == 0


def test_who_asks_does_not_approve_and_no_system_does(bank):
    row = ask()
    with pytest.raises(FourEyes):
        services.approve_erasure(erasure_id=str(row.pk), actor=FIRST)
    for actor in (SYSTEM, ANALYST):
        with pytest.raises(Forbidden):
            services.approve_erasure(erasure_id=str(row.pk), actor=actor)
    with pytest.raises(Forbidden):
        ask("OTHER", actor=ANALYST)
    with pytest.raises(InvalidInput) as refused:
        ask("OTHER", confirm="OTHER ")
    assert refused.value.errors[0].pointer == "/confirm"
    with pytest.raises(Conflict, match="open already"):
        ask()
    assert not vault().is_erased("CUST-00007")


def test_a_hold_keeps_the_person_until_two_lifted_it(live, decide):
    found = decide(portfolio.POOR, application="A-7", customer="CUST-00007")
    hold = services.propose_hold(
        scope="person", application="A-7", reason="Court order 4/26.", actor=FIRST
    )
    with pytest.raises(Conflict) as held:
        ask()
    assert (held.value.status, held.value.code) == (409, "legal_hold")
    with pytest.raises(FourEyes):
        services.approve_hold(hold_id=str(hold.pk), actor=FIRST)
    services.approve_hold(hold_id=str(hold.pk), actor=SECOND)
    services.ask_lifting(hold_id=str(hold.pk), reason="Settled.", actor=SECOND)
    with pytest.raises(Conflict):
        ask()
    with pytest.raises(FourEyes):
        services.lift_hold(hold_id=str(hold.pk), actor=SECOND)
    services.lift_hold(hold_id=str(hold.pk), actor=FIRST)
    assert scoring_services.replay_decision(decision_id=found.id, actor=ANALYST).identical
    assert erase().state == "done"


def test_a_hold_set_after_the_approval_stops_the_job(live, decide, load_people):
    load = load_people()
    found = decide(portfolio.POOR, application="A-7", customer="CUST-00007")
    row = services.approve_erasure(erasure_id=str(ask().pk), actor=SECOND)
    hold = services.propose_hold(
        scope="dataset", target=str(load.dataset_id), reason="Audit.", actor=FIRST
    )
    run_now(str(row.job_id))
    row.refresh_from_db()
    assert (row.state, row.note) == ("blocked", str(hold.pk))
    assert scoring_services.replay_decision(decision_id=found.id, actor=ANALYST).identical
    services.ask_lifting(hold_id=str(hold.pk), reason="Over.", actor=FIRST)
    services.lift_hold(hold_id=str(hold.pk), actor=SECOND)
    row = services.approve_erasure(erasure_id=str(row.pk), actor=SECOND)
    run_now(str(row.job_id))
    row.refresh_from_db()
    assert row.state == "done"


def test_afterwards_nothing_tells_who_it_was(live, decide, load_people, bank):
    load_people()
    decide(portfolio.POOR, application="A-7-SECRET", customer="CUST-00007")
    row = erase()
    assert row.certificate["found"] == {"datasets.load": 1, "scoring.decision": 1}
    assert len(row.certificate_sha256) == 64
    view = selectors.get_erasure(str(row.pk))
    assert "CUST" not in json.dumps(view.certificate)
    with pytest.raises(Gone):
        vault().decrypt_for_subject(
            f"erasure:{row.pk}", "compliance.erasure", str(row.pk), bytes(row.references)
        )
    said = " ".join(
        f"{e.action} {e.target_id} {json.dumps(e.detail)}" for e in AuditEntry.objects.all()
    )
    assert "CUST-00007" not in said
    assert "A-7-SECRET" not in said
    assert "compliance.erasure.done" in said


def test_a_refused_request_forgets_whom_it_was_about(bank):
    row = services.refuse_erasure(erasure_id=str(ask().pk), reason="Not the person.", actor=SECOND)
    assert row.state == "refused"
    assert vault().is_erased(f"erasure:{row.pk}")
    assert not vault().is_erased("CUST-00007")
    ask()


def test_the_database_itself_wants_two(bank):
    row = ask()
    with pytest.raises(Exception, match="compliance_erasure_four_eyes"), connection.cursor() as c:
        c.execute(
            "UPDATE compliance_erasure SET approved_by = requested_by WHERE id = %s", [row.pk]
        )
