"""The main job from data to decision and batch, through the services."""

import io

import pyarrow.parquet as pq
import pytest

from scoring import services
from scoring.models import BatchChunk, Decision
from scoring.services.batch_files import csv_stream, parquet_stream
from tests.scoring import portfolio
from tests.scoring.conftest import (
    OFFICER,
    approve_all,
    run_now,
    train_version,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["scorecard", "boosting"])
def test_train_approve_deploy_decide_batch(model, load, decide, kind):
    version = train_version(model, load, kind)
    assert version.stage == "develop"
    assert 0.65 < version.auc_low < version.auc < version.auc_high < 0.95
    approve_all(version)

    good = decide(portfolio.GOOD)
    assert good.outcome == "approve"
    assert good.reasons == ()
    assert good.offer["currency"] == "CNY"
    assert good.offer["amount_minor"] == good.offer["limit_minor"]
    poor = decide(portfolio.POOR, key="k2", application="A2")
    assert poor.outcome == "decline"
    assert poor.pd > good.pd
    assert 1 <= len(poor.reasons) <= 4
    assert {"code", "en", "zh", "feature"} == set(poor.reasons[0])
    assert poor.offer is None
    assert Decision.objects.count() == 2

    batch = services.start_batch(
        load_id=str(load.id), model_id=str(model.id), actor=OFFICER, chunk_rows=400
    )
    result = run_now(batch.job_id)
    assert result["rows"] == 1500
    batch.refresh_from_db()
    assert [c["rows"] for c in batch.manifest["chunks"]] == [400, 400, 400, 300]
    paths = list(
        BatchChunk.objects.filter(run=batch).order_by("number").values_list("path", flat=True)
    )
    table = pq.read_table(io.BytesIO(b"".join(parquet_stream(paths))))
    assert table.column("row").to_pylist() == list(range(1, 1501))
    assert table.column("key_loan")[0].as_py() == "L000000"
    lines = b"".join(csv_stream(paths)).decode().splitlines()
    assert len(lines) == 1501


def test_online_equals_batch_equals_replay(live, load, model, decide):
    rows = portfolio.rows()[:120]
    batch = services.start_batch(
        load_id=str(load.id), model_id=str(model.id), actor=OFFICER, chunk_rows=700
    )
    run_now(batch.job_id)
    paths = list(
        BatchChunk.objects.filter(run=batch).order_by("number").values_list("path", flat=True)
    )
    table = (
        pq.read_table(io.BytesIO(b"".join(parquet_stream(paths)))).slice(0, len(rows)).to_pylist()
    )
    for place, (row, scored) in enumerate(zip(rows, table, strict=True)):
        inputs = {k: None if row[k] == "" else row[k] for k in portfolio.GOOD}
        online = decide(inputs, key=f"k{place}", application=f"A{place}")
        assert (online.score, online.pd.hex()) == (scored["score"], scored["pd"].hex())
        assert (online.outcome, online.grade) == (scored["outcome"], scored["grade"])
        assert [r["code"] for r in online.reasons] == [
            scored[f"reason_{n}"] for n in range(1, 5) if scored[f"reason_{n}"]
        ]
        if online.offer:
            assert online.offer["limit_minor"] == scored["limit_minor"]
            assert online.offer["apr"] == scored["apr"]
        replay = services.replay_decision(decision_id=online.id, actor=OFFICER)
        assert replay.identical
