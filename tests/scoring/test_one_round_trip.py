"""A decision is one statement; what the process believed wrongly is found by PostgreSQL and costs one more."""

import pytest
from django.db import connection
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from core.errors import Conflict, InvalidInput
from core.tenancy import bank_scope, run_role
from core.vault import SubjectErased, vault
from scoring import services
from scoring.contracts import DecisionIn
from scoring.models import Application, Decision
from scoring.services import decision_write, in_force
from tests.scoring import portfolio
from tests.scoring.conftest import ANALYST, CLIENT, approve_all, load_portfolio, train_version


def call(key: str, *, application: str = "", customer: str = "", **more):
    inputs = more.pop("inputs", portfolio.POOR)
    given = DecisionIn(application=application or f"A-{key}", customer=customer, inputs=inputs)
    body = repr(given).encode()
    return services.new_call(applications=[given], client=CLIENT, key=key, body=body, many=False)


def decided(key: str, **more):
    return services.decide_applications(call=call(key, **more)).decisions[0]


def subject_keys() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM public.vault_subject_key")
        return int(cursor.fetchone()[0])


@pytest.fixture
def rounds(monkeypatch):
    """What each call of the function said."""
    said = []

    def spy(statement, values):
        row = real(statement, values)
        said.append(row[0])
        return row

    real = decision_write.call_function
    monkeypatch.setattr(decision_write, "call_function", spy)
    return said


@pytest.mark.django_db
def test_a_decision_of_somebody_new_is_one_statement(live, rounds):
    decided("k1")
    rounds.clear()
    with CaptureQueriesContext(connection) as seen:
        decided("k2")
    # Beside it only the savepoint that stands for the test's own transaction.
    assert [q["sql"] for q in seen.captured_queries if "SAVEPOINT" not in q["sql"]] == []
    assert rounds == ["written"]


@pytest.mark.django_db
def test_who_is_known_costs_one_more(live, rounds):
    first = decided("k1", application="A-1", customer="C-1")
    rounds.clear()
    second = decided("k2", application="A-1", customer="C-1")
    decided("k3", application="A-2", customer="C-1")
    assert rounds == ["known", "written", "known", "written"]
    rows = {str(r.id): r for r in Decision.objects.select_related("application")}
    assert rows[first.id].application_id == rows[second.id].application_id
    assert Application.objects.count() == 2
    assert services.replay_decision(decision_id=second.id, actor=CLIENT).identical


@pytest.mark.django_db
def test_a_refused_call_leaves_nothing(live):
    decided("k1", application="A-1", customer="C-1")
    before = Application.objects.count(), Decision.objects.count()
    keys = subject_keys()
    with pytest.raises(Conflict) as refused:
        decided("k2", application="A-1", customer="C-new")
    assert refused.value.code == "application_of_another"
    assert subject_keys() == keys
    vault().erase_subject("C-1")
    with pytest.raises(SubjectErased):
        decided("k3", application="A-3", customer="C-1")
    assert (Application.objects.count(), Decision.objects.count()) == before


@pytest.mark.django_db
def test_a_new_champion_decides_the_very_next_call(model, load, rounds):
    first = train_version(model, load)
    approve_all(first)
    before = decided("k1")
    rounds.clear()
    approve_all(train_version(model, load, seed=2))
    after = decided("k2")
    assert (before.model_version, after.model_version) == (1, 2)
    assert rounds[0] == "changed"


@pytest.mark.django_db
def test_a_refusal_is_said_of_what_is_in_force(live):
    decided("k1")
    place = ("bank_alpha", None)
    true = in_force.believed(*place)
    assert true is not None
    # Believed wrongly: nobody decides. The call succeeds all the same.
    in_force.believe(*place, in_force.in_force_from(";"))
    decided("k2")
    # Refused rightly: after one look.
    with pytest.raises(InvalidInput):
        decided("k3", inputs={"income": 1})
    # What was answered is answered again, also where it would be refused today.
    again = call("k1")
    assert services.decide_applications(call=again).replayed


@pytest.mark.django_db
def test_the_function_believes_no_caller(live, monkeypatch):
    decided("k1")

    def forged(statement, values):
        values = list(values)
        values[place] = Decision.objects.get().id
        return real(statement, values)

    real = decision_write.call_function
    names = list(decision_write.decision_function.ARGUMENTS)
    place = names.index("d_model_version_id")
    monkeypatch.setattr(decision_write, "call_function", forged)
    with pytest.raises(DatabaseError, match="not in force"):
        decided("k2")
    monkeypatch.undo()
    assert Decision.objects.count() == 1


@pytest.fixture
def deciding_bank(scratch_database, bank_a):
    with bank_scope(bank_a):
        model = services.create_model(code="a-card", name="Application score", actor=ANALYST)
        approve_all(train_version(model, load_portfolio()))
    return bank_a


@pytest.mark.commits
def test_a_session_moved_behind_our_back_is_put_right(deciding_bank, bank_b):
    with bank_scope(deciding_bank):
        decided("k1")
        raw = connection.connection
        raw.execute("RESET ROLE")
        raw.execute(f"SET search_path = {bank_b.schema}, public")
        raw.execute(f"SET ROLE {run_role(bank_b.schema)}")
        decided("k2")
        assert Decision.objects.count() == 2
    with bank_scope(bank_b):
        assert Decision.objects.count() == 0


@pytest.mark.commits
def test_a_connection_that_died_is_replaced(deciding_bank, superuser_connection):
    with bank_scope(deciding_bank):
        decided("k1")
        pid = connection.connection.info.backend_pid
        with superuser_connection() as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        second = decided("k2")
        assert connection.connection.info.backend_pid != pid
        assert Decision.objects.filter(pk=second.id).exists()
