"""From a received file to rows that can be trained on."""

import msgspec
import numpy as np
import pytest

from datasets import selectors, services


def test_first_file_waits_for_its_contract(dataset, send, run_job):
    load = send()
    assert (load.state, load.number, load.size_bytes) == ("received", 1, 215)
    assert run_job(load) == "succeeded"
    assert load.state == "needs_contract"
    contract = selectors.get_contract(str(dataset.id))
    assert (contract.version, contract.state) == (1, "draft")
    assert [c.name for c in contract.contract.columns] == [
        "customer", "age", "income", "grade", "status", "bad",
    ]  # fmt: skip


def confirm(dataset, actor):
    draft = selectors.get_contract(str(dataset.id))
    return services.confirm_contract(
        dataset_id=str(dataset.id), actor=actor, expected_sha256=draft.sha256
    )


def edited(dataset, **columns):
    """The draft's JSON with fields of columns replaced."""
    body = msgspec.to_builtins(selectors.get_contract(str(dataset.id)).contract)
    for column in body["columns"]:
        column.update(columns.get(column["name"], {}))
    return body


def test_confirmed_contract_lets_the_waiting_load_through(dataset, send, run_job, analyst):
    load = send()
    run_job(load)
    body = edited(
        dataset,
        customer={"type": "text", "role": "id", "privacy": "identity", "text_codes": {}},
        age={"type": "integer", "min": 18, "max": 100, "text_codes": {}, "special_codes": {}},
        income={"type": "integer", "special_codes": {"-9": "no bureau file"}, "text_codes": {}, "min": 0},
        grade={"type": "category", "allowed": ["A", "B", "C"]},
        bad={"type": "integer", "role": "target", "bad_values": [1], "good_values": [0]},
    )  # fmt: skip
    services.update_contract(dataset_id=str(dataset.id), body=body, actor=analyst)
    confirm(dataset, analyst)
    load.refresh_from_db()
    assert (load.state, load.contract.version) == ("received", 1)
    assert run_job(load) == "succeeded"
    assert (load.state, load.rows_in, load.rows_good, load.rows_quarantined) == ("ready", 8, 6, 2)
    page = services.read_quarantine(load_id=str(load.id), actor=analyst)
    assert sorted((i.row, i.column, i.reason) for i in page.issues) == [
        (4, "age", "untypable"),
        (8, "", "ragged_row"),
    ]
    columns = selectors.open_columns(str(load.id), ["age", "income", "grade"])
    np.testing.assert_array_equal(columns["age"], [31, 45, 28, 52, 39, 33])
    np.testing.assert_array_equal(columns["income"], [5200, -9, 4700, 8800, -9, 7100])
    assert list(columns["grade"]) == ["A", "B", "C", "B", "A", "C"]
    np.testing.assert_array_equal(selectors.open_target(str(load.id)), [0, 1, 0, 1, 0, 0])
    assert selectors.row_count(str(load.id)) == 6
    view = selectors.get_load(str(load.id))
    assert view.quality is not None
    assert view.quality.bad_rate == pytest.approx(2 / 6)
