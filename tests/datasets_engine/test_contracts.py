"""Contracts are decoded strictly and every contradiction is named by its place."""

import msgspec
import pytest

from datasets.choices import ColumnType, Privacy, Role
from datasets.contracts import BadContract, ColumnContract, contract_from_json, to_json
from datasets.engine import validate_contract
from tests.datasets_engine.samples import contract_of, decimal, integer, text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"name": "x"}',
        b'{"name": "x", "columns": [], "colour": 1}',
        b'{"name": "x", "columns": [{"name": "a", "type": "integer", "kind": "x"}]}',
        b'{"name": "x", "columns": [{"name": "a", "type": "money"}]}',
        b'{"name": 5, "columns": []}',
        b'{"name": "\xff", "columns": []}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_contract_is_refused(body: bytes) -> None:
    with pytest.raises(BadContract):
        contract_from_json(body)


def test_contracts_are_frozen() -> None:
    with pytest.raises(AttributeError):
        contract_of(text("a")).name = "b"  # type: ignore[misc]


def test_json_keeps_every_field() -> None:
    column = ColumnContract(
        name="x",
        type=ColumnType.DECIMAL,
        min=0,
        max=1.5,
        allowed=(1, "2", 0.5),
        special_codes={"-9": "无"},
        text_codes={"NA": -9},
        bad_values=(1,),
        role=Role.TARGET,
        privacy=Privacy.RESTRICTED,
    )
    contract = contract_of(column, keys=("x",), decimal=",", thousands=".")
    body = to_json(contract)
    assert contract_from_json(body) == contract
    assert msgspec.json.decode(body)["columns"][0]["privacy"] == "restricted"


@pytest.mark.parametrize(
    ("contract", "pointer", "code"),
    [
        (contract_of(), "/columns", "no_columns"),
        (contract_of(text("a"), text("a")), "/columns", "repeated_name"),
        (contract_of(text("a"), keys=("b",)), "/keys", "unknown_key"),
        (
            contract_of(text("a", role=Role.TARGET), text("b", role=Role.TARGET)),
            "/columns",
            "repeated_role",
        ),
        (contract_of(text("a"), decimal=";"), "/decimal", "bad_decimal"),
        (contract_of(text("a"), thousands="."), "/thousands", "same_separators"),
        (contract_of(text("a"), delimiter="||"), "/delimiter", "bad_delimiter"),
        (contract_of(text("a"), encoding="rot13"), "/encoding", "unknown_encoding"),
        (contract_of(text("a"), encoding="no-such"), "/encoding", "unknown_encoding"),
        (contract_of(text("a"), header_row=-1), "/header_row", "bad_header_row"),
        (contract_of(text("_row")), "/columns/0/name", "bad_name"),
        (contract_of(text("a__bidx")), "/columns/0/name", "bad_name"),
        (contract_of(text("a", pattern="(")), "/columns/0/pattern", "bad_pattern"),
        (contract_of(text("a", pattern=r"(a)\1")), "/columns/0/pattern", "bad_pattern"),
        (contract_of(text("a", pattern="a" * 501)), "/columns/0/pattern", "long_pattern"),
        (contract_of(decimal("a", min=2, max=1)), "/columns/0/min", "empty_range"),
        (contract_of(decimal("a", min="x")), "/columns/0/min", "bad_limit"),
        (contract_of(integer("a", allowed=("x",))), "/columns/0/allowed", "bad_allowed"),
        (
            contract_of(integer("a", special_codes={"x": ""})),
            "/columns/0/special_codes",
            "bad_code",
        ),
        (contract_of(integer("a", text_codes={"x": -1})), "/columns/0/text_codes", "unknown_code"),
        (contract_of(text("a", text_codes={"x": -1})), "/columns/0/text_codes", "not_numeric"),
        (
            contract_of(integer("a", bad_values=(1,), good_values=("1",))),
            "/columns/0/bad_values",
            "both_ways",
        ),
        (
            contract_of(integer("a", bad_values=("bad",))),
            "/columns/0/bad_values",
            "bad_target_value",
        ),
        (contract_of(text("a", privacy=Privacy.IDENTITY)), "/columns/0/role", "identity_role"),
        (contract_of(text("a", role=Role.TIME)), "/columns/0/type", "time_type"),
        (contract_of(text("a", role=Role.WEIGHT)), "/columns/0/type", "weight_type"),
        (
            contract_of(text("a", role=Role.PROHIBITED), keys=("a",)),
            "/columns/0/role",
            "prohibited_key",
        ),
    ],
)
def test_each_contradiction_has_its_place(contract: object, pointer: str, code: str) -> None:
    with pytest.raises(BadContract) as refused:
        validate_contract(contract)  # type: ignore[arg-type]
    assert (pointer, code) in [(fault.pointer, fault.code) for fault in refused.value.errors]


def test_a_sound_contract_passes() -> None:
    validate_contract(
        contract_of(
            text("id", role=Role.ID, privacy=Privacy.IDENTITY),
            decimal("x", min=0, max=10, special_codes={"-9": "none"}, text_codes={"NONE": -9}),
            integer("bad", role=Role.TARGET, bad_values=(1,), good_values=(0,)),
            keys=("id",),
        )
    )
