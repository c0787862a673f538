"""One effect for one key, whatever the callers do at the same time; and the seal over what was written."""

import threading
from collections import Counter

import pytest
from django.db import connections

from audit.services import seal_pending, verify
from core.errors import Conflict, IdempotencyMismatch
from core.tenancy import bank_scope
from scoring import services
from scoring.contracts import DecisionIn
from scoring.models import Application, Decision
from tests.scoring import portfolio
from tests.scoring.conftest import ANALYST, CLIENT, approve_all, load_portfolio, train_version

pytestmark = pytest.mark.commits
THREADS = 20


@pytest.fixture
def deciding_bank(scratch_database, bank_a):
    with bank_scope(bank_a):
        model = services.create_model(code="a-card", name="Application score", actor=ANALYST)
        approve_all(train_version(model, load_portfolio()))
    return bank_a


def together(bank, work) -> list[object]:
    """Run `work(number)` in `THREADS` threads at once, each in the bank's scope; results or errors."""
    gate, out = threading.Barrier(THREADS), [None] * THREADS

    def run(number: int) -> None:
        try:
            with bank_scope(bank):
                gate.wait(timeout=30)
                out[number] = work(number)
        except Exception as error:
            out[number] = error
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return out


def call(key: str, application: str = "A-1", customer: str = "C-1", body: bytes = b"body"):
    given = DecisionIn(application=application, customer=customer, inputs=portfolio.POOR)
    return services.new_call(applications=[given], client=CLIENT, key=key, body=body, many=False)


def test_one_key_in_many_threads_is_one_decision(deciding_bank):
    for trial in range(5):
        found = together(
            deciding_bank, lambda _, t=trial: services.decide_applications(call=call(f"k{t}"))
        )
        answers = [f.decisions[0].id for f in found if not isinstance(f, Exception)]
        refused = [f for f in found if isinstance(f, Exception)]
        assert len(set(answers)) == 1
        assert {type(f) for f in refused} <= {Conflict}
        assert {f.code for f in refused} <= {"idempotency_in_progress"}
        with bank_scope(deciding_bank):
            assert Decision.objects.filter(idempotency_key=f"k{trial}").count() == 1
            again = services.decide_applications(call=call(f"k{trial}"))
            assert again.replayed
            assert again.decisions[0].id == answers[0]
            with pytest.raises(IdempotencyMismatch):
                services.decide_applications(call=call(f"k{trial}", body=b"other"))


def test_one_application_in_many_threads_is_one_application(deciding_bank):
    found = together(
        deciding_bank, lambda n: services.decide_applications(call=call(f"other-{n}", "A-9", "C-9"))
    )
    assert Counter(type(f).__name__ for f in found) == {"Decided": THREADS}
    with bank_scope(deciding_bank):
        assert Application.objects.count() == 1
        assert Decision.objects.count() == THREADS
        assert len({d.output_hash for d in Decision.objects.all()}) == 1


def test_decisions_are_sealed_and_an_altered_one_is_found(deciding_bank, superuser_connection):
    with bank_scope(deciding_bank):
        ids = [
            services.decide_applications(call=call(f"s{n}", f"A-{n}", f"C-{n}")).decisions[0].id
            for n in range(3)
        ]
        seal_pending()
        assert not [f for f in verify(deciding_bank.schema).findings if f.stream == "decision"]
    with superuser_connection() as connection:
        connection.execute("SET search_path = bank_alpha, public")
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE scoring_decision SET score = score + 1 WHERE id = %s", [ids[1]])
    with bank_scope(deciding_bank):
        found = [f for f in verify(deciding_bank.schema).findings if f.stream == "decision"]
        assert {str(f.row_id) for f in found} == {ids[1]}
