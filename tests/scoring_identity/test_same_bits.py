"""2,000 rows online, in a batch, stored and replayed: the same bits, for both kinds of model."""

import io
from typing import Any

import pyarrow.parquet as pq
import pytest

from benchmarks.identity import KINDS, differences, essence, essence_of_row, inputs_of
from core.actors import Actor
from scoring import selectors, services
from scoring.api.v1.shapes import decision_body
from scoring.contracts import DecisionIn
from scoring.models import BatchChunk
from scoring.runtime import bundles
from scoring.services.batch_files import parquet_stream
from tests.scoring import portfolio
from tests.scoring.conftest import OFFICER, approve_all, load_portfolio, run_now, train_version

pytestmark = pytest.mark.django_db
ROWS, CALL_ROWS, REPLAYED = 2000, 500, 200
CLIENT = Actor(kind="client", id="c1", label="origination", scopes=frozenset({"scoring:decide"}))


def decided(rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Answers as the API words them, by row number."""
    answers = {}
    for first in range(0, len(rows), CALL_ROWS):
        given = [
            DecisionIn(application=f"A{first + n}", inputs=inputs_of(row))
            for n, row in enumerate(rows[first : first + CALL_ROWS])
        ]
        call = services.new_call(
            applications=given, client=CLIENT, key=f"k{first}", body=b"x", many=True
        )
        views = services.decide_applications(call=call).decisions
        answers |= {first + n: decision_body(view) for n, view in enumerate(views)}
    return answers


@pytest.mark.parametrize("kind", KINDS)
def test_online_batch_stored_and_replayed_are_the_same_bits(bank, model, kind):
    load = load_portfolio(ROWS)
    approve_all(train_version(model, load, kind))
    online = decided(portfolio.rows(ROWS))
    run = services.start_batch(load_id=str(load.id), model_id=str(model.id), actor=OFFICER)
    run_now(str(run.job_id))
    paths = BatchChunk.objects.filter(run=run).order_by("number").values_list("path", flat=True)
    table = pq.read_table(io.BytesIO(b"".join(parquet_stream(list(paths))))).to_pylist()
    assert len(table) == len(online) == ROWS
    assert len({answer["pd"] for answer in online.values()}) > 20
    assert {answer["outcome"] for answer in online.values()} == {"approve", "refer", "decline"}
    batch = {row["row"] - 1: essence_of_row(row) for row in table}
    assert differences({n: essence(a) for n, a in online.items()}, batch) == 0

    # From here on nothing that was loaded for deciding is used again.
    bundles.forget()
    stored = {str(row.pk): selectors.as_view(row) for row in selectors.decision_rows()}
    found = {n: decision_body(stored[answer["id"]]) for n, answer in online.items()}
    assert differences(online, found) == 0
    for n in range(0, ROWS, ROWS // REPLAYED):
        replay = services.replay_decision(decision_id=online[n]["id"], actor=OFFICER)
        assert replay.identical
        assert replay.engine_same


def test_one_bit_is_a_difference(bank):
    """The counterpart: the comparison above sees the smallest change there is."""
    answer = {
        "score": 500, "pd": 0.1, "grade": "A", "outcome": "refer", "reasons": [], "offer": None,
    }  # fmt: skip
    other = {**answer, "pd": 0.1 + 2**-56}
    assert other["pd"] != answer["pd"]
    assert differences({0: essence(answer)}, {0: essence(other)}) == 1
    assert differences({0: essence(answer)}, {0: essence(dict(answer))}) == 0
    assert differences({0: essence(answer)}, {}) == 1
