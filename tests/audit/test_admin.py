"""The trail's pages: who may open them, what they show, and that they change nothing."""

import pytest

from audit.models import AuditEntry
from audit.services import record, seal_pending, trail_status, write_checkpoint
from core.actors import Actor
from core.tenancy import bank_scope

PAGE = "/admin/audit/auditentry/"


@pytest.fixture
def entry(bank_a, actor: Actor) -> AuditEntry:
    with bank_scope(bank_a):
        detail = {"note": "<script>alert(1)</script>", "银行": 1}
        return record(
            actor=actor, action="limit.change", target="customer", target_id="c-77", detail=detail
        )


@pytest.mark.parametrize(
    ("role", "status"),
    [("compliance", 200), ("bank_admin", 200), ("risk_analyst", 403), ("marketing_manager", 403)],
)
def test_only_who_may_sees_the_trail(
    bank_a, staff, entry: AuditEntry, role: str, status: int
) -> None:
    browser = staff(bank_a, role)
    assert browser.get(PAGE).status_code == status
    assert browser.get(f"{PAGE}{entry.pk}/change/").status_code == status


def test_an_entry_is_shown_with_its_seal_and_its_text_harmless(
    bank_a, staff, entry: AuditEntry
) -> None:
    browser = staff(bank_a, "compliance")
    page = browser.get(f"{PAGE}{entry.pk}/change/").content.decode()
    assert "limit.change" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "银行" in page
    assert "waiting" in page
    with bank_scope(bank_a):
        seal_pending()
    assert "number " in browser.get(f"{PAGE}{entry.pk}/change/").content.decode()


def test_the_list_finds_by_exact_id_and_counts_no_table(
    bank_a, staff, entry: AuditEntry, actor: Actor, django_assert_max_num_queries
) -> None:
    browser = staff(bank_a, "compliance")
    with bank_scope(bank_a):
        for number in range(30):
            record(actor=actor, action="other", target="t", target_id=str(number))
    found = browser.get(PAGE, {"q": "c-77"}).content.decode()
    assert "customer c-77" in found
    assert "t 29" not in found
    with django_assert_max_num_queries(12) as queries:
        assert browser.get(PAGE).status_code == 200
    assert not [q["sql"] for q in queries.captured_queries if "COUNT(" in q["sql"].upper()]


def test_nothing_is_added_changed_or_deleted_here(bank_a, staff, entry: AuditEntry) -> None:
    browser = staff(bank_a, "compliance")
    assert browser.get(f"{PAGE}add/").status_code == 403
    assert browser.post(f"{PAGE}add/", {"action": "x"}).status_code == 403
    assert browser.post(f"{PAGE}{entry.pk}/change/", {"action": "x"}).status_code == 403
    assert browser.post(f"{PAGE}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    with bank_scope(bank_a):
        assert AuditEntry.objects.get(pk=entry.pk).action == "limit.change"


def test_another_banks_entry_is_not_there(bank_a, bank_b, staff, entry: AuditEntry) -> None:
    browser = staff(bank_b, "compliance")
    answer = browser.get(f"{PAGE}{entry.pk}/change/")
    assert answer.status_code in {302, 404}
    assert b"c-77" not in answer.content
    assert "c-77" not in browser.get(PAGE).content.decode()


def test_the_state_of_the_chain_is_told(bank_a, staff, entry: AuditEntry) -> None:
    with bank_scope(bank_a):
        before = trail_status()
        assert before.waiting >= 1
        assert before.signed_at is None
        seal_pending()
        assert trail_status().unsigned == trail_status().seals
        checkpoint = write_checkpoint()
        assert checkpoint is not None
        after = trail_status()
        assert (after.waiting, after.unsigned, after.signed_seq) == (0, 0, checkpoint.seq)
    assert "Last signed checkpoint" in staff(bank_a, "compliance").get(PAGE).content.decode()
