"""The registry and batches over REST; every id of another bank is unknown."""

import io

import pyarrow.parquet as pq
import pytest

from core.tenancy import bank_scope
from scoring.models import ModelVersion
from tests.scoring import portfolio
from tests.scoring.conftest import run_now

pytestmark = pytest.mark.django_db
BASE = "/api/v1/scoring"


def start_run(client, model_id, load_id, **more):
    body = {"model": str(model_id), "load": str(load_id), "kind": "scorecard", **more}
    return client.post(f"{BASE}/model-runs", body, content_type="application/json")


def test_from_model_to_version(bank, bank_a, api, load):
    client = api(bank_a)
    made = client.post(
        f"{BASE}/models", {"code": "by-api", "name": "By API"}, content_type="application/json"
    )
    assert made.status_code == 201, made.content
    again = client.post(
        f"{BASE}/models", {"code": "by-api", "name": "By API"}, content_type="application/json"
    )
    assert again.json()["errors"] == [
        {"pointer": "/code", "code": "code_taken", "detail": "There is a model of this code."}
    ]
    answer = start_run(client, made.json()["id"], load.id)
    assert answer.status_code == 202, answer.content
    run = answer.json()
    assert answer["Location"] == f"/api/v1/jobs/{run['job']['id']}"
    assert run["job"]["state"] == "queued"
    assert client.get(answer["Location"]).json()["state"] == "queued"
    run_now(run["job"]["id"])
    shown = client.get(f"{BASE}/model-runs/{run['id']}").json()
    assert (shown["job"]["state"], shown["version_number"]) == ("succeeded", 1)
    version = client.get(f"{BASE}/model-versions/{shown['version_id']}").json()
    assert version["stage"] == "develop"
    assert version["auc"]["low"] < version["auc"]["value"] < version["auc"]["high"]
    report = client.get(f"{BASE}/model-versions/{shown['version_id']}/report").json()
    assert [p["name"] for p in report["report"]["parts"]] == [
        "train",
        "validation",
        "out_of_sample",
    ]
    submitted = client.post(f"{BASE}/model-versions/{shown['version_id']}:submit")
    assert submitted.json()["stage"] == "review"
    approve = client.post(f"{BASE}/model-versions/{shown['version_id']}:approve")
    assert approve.status_code == 404
    assert ModelVersion.objects.get().stage == "review"


def test_faults_of_a_run_have_pointers(bank, bank_a, api, load, model):
    client = api(bank_a)
    late = start_run(client, model.id, load.id, spec={"features": ["late"]})
    assert late.status_code == 400
    assert late.json()["errors"][0]["pointer"] == "/spec/features/0"
    extra = start_run(client, model.id, load.id, surprise=1)
    assert extra.json()["errors"][0] == {
        "pointer": "/surprise",
        "code": "unknown_field",
        "detail": "This field is not known.",
    }
    assert start_run(client, model.id, load.id, seed="x").status_code == 400


def test_batch_over_rest(live, load, bank_a, api):
    client = api(bank_a)
    answer = client.post(
        f"{BASE}/batches",
        {"load": str(load.id)},
        content_type="application/json",
    )
    assert answer.status_code == 202, answer.content
    batch = answer.json()
    early = client.get(f"{BASE}/batches/{batch['id']}/results.csv")
    assert (early.status_code, early.json()["code"]) == (409, "batch_not_finished")
    run_now(batch["job"]["id"])
    done = client.get(f"{BASE}/batches/{batch['id']}").json()
    assert (done["rows_done"], done["finished"]) == (1500, True)
    assert sum(done["counts"].values()) == 1500
    parquet = client.get(f"{BASE}/batches/{batch['id']}/results.parquet")
    table = pq.read_table(io.BytesIO(b"".join(parquet.streaming_content)))
    assert table.num_rows == 1500
    text = client.get(f"{BASE}/batches/{batch['id']}/results.csv", HTTP_ACCEPT="text/csv")
    assert text["Content-Type"].startswith("text/csv")
    lines = b"".join(text.streaming_content).decode().splitlines()
    assert lines[0].startswith('"row","key_loan","score","pd"')
    assert len(lines) == 1501
    assert client.get(f"{BASE}/batches").json()["results"][0]["id"] == batch["id"]


def test_live_at_a_moment(live, bank_a, api):
    client = api(bank_a)
    assert [v["number"] for v in client.get(f"{BASE}/live").json()] == [1]
    assert client.get(f"{BASE}/live", {"at": "2020-01-01T00:00:00Z"}).json() == []
    assert client.get(f"{BASE}/live", {"at": "yesterday"}).status_code == 400
    assert client.get(f"{BASE}/live", {"at": "2020-13-41T00:00:00Z"}).status_code == 400


def test_ids_of_another_bank_are_unknown(live, load, model, decide, bank_a, bank_b, api):
    found = decide(portfolio.POOR)
    run = live.run
    policy = live.policies.get()
    own, stranger = api(bank_a), api(bank_b)
    paths = [
        f"decisions/{found.id}",
        f"decisions/{found.id}/replay",
        f"models/{model.id}",
        f"model-runs/{run.id}",
        f"model-versions/{live.id}",
        f"model-versions/{live.id}/report",
        f"policies/{policy.id}",
    ]
    for path in paths:
        assert own.get(f"{BASE}/{path}").status_code == 200, path
        assert stranger.get(f"{BASE}/{path}").status_code == 404, path
    lists = ["decisions", "models", "model-runs", "model-versions", "policies", "batches"]
    for path in lists:
        assert stranger.get(f"{BASE}/{path}").json()["results"] == [], path
    assert stranger.get(f"{BASE}/live").json() == []
    assert stranger.post(f"{BASE}/model-versions/{live.id}:submit").status_code == 404
    foreign = {"load": str(load.id), "model": str(model.id), "kind": "scorecard"}
    for path in ("batches", "model-runs"):
        body = foreign if path == "model-runs" else {k: foreign[k] for k in ("load", "model")}
        answer = stranger.post(f"{BASE}/{path}", body, content_type="application/json")
        assert answer.status_code == 404, path
    with bank_scope(bank_b):
        assert ModelVersion.objects.count() == 0


def test_scopes(live, load, model, bank_a, api):
    reader = api(bank_a, "scoring:read")
    assert reader.get(f"{BASE}/models").status_code == 200
    for path in ("models", "model-runs", "batches", "policies:validate", "decisions:batch"):
        answer = reader.post(
            f"{BASE}/{path}", {}, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k"
        )
        assert answer.status_code == 403, path
    nobody = api(bank_a, "jobs:read")
    for path in ("models", "model-versions", "live", "policies", "batches", "decisions"):
        assert nobody.get(f"{BASE}/{path}").status_code == 403, path
