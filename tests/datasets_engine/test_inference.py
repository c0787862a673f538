"""The proposed contract: types as a person would give them, and what they should be told."""

import io
from datetime import date

import numpy as np
import pytest

from datasets.choices import ColumnType, Privacy, Role
from datasets.contracts import ColumnContract, Inspection
from datasets.engine import Limits, infer_contract, inspect
from tests.datasets_engine.samples import run, written


def looked_at(
    name: str, values: list[str], delimiter: str = ";"
) -> tuple[ColumnContract, Inspection]:
    rows = [[name, "other"], *([value, "x"] for value in values)]
    found = inspect(io.BytesIO(written(rows, delimiter=delimiter)))
    return found.contract.columns[0], found


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2", "-3"], ColumnType.INTEGER),
        (["1", "2.0", "NA"], ColumnType.INTEGER),
        (["1.5", "2", ""], ColumnType.DECIMAL),
        (["1e5", "2.5e-3", "7"], ColumnType.DECIMAL),
        (["yes", "no", "Yes"], ColumnType.BOOLEAN),
        (["是", "否", "是"], ColumnType.BOOLEAN),
        (["2024-01-31", "2024-02-29", "NULL"], ColumnType.DATE),
        (["31/01/2024", "28/02/2024", "01/02/2024"], ColumnType.DATE),
        (["2024年01月31日", "2024年02月01日"], ColumnType.DATE),
        (["20240131", "20231231"], ColumnType.DATE),
        (["Dec-2015", "Jan-2016"], ColumnType.DATE),
        (["2024-01", "2023-12"], ColumnType.DATE),
        (["2024-01-31 10:00:00", "2024-01-31 11:30:00"], ColumnType.DATETIME),
        (["2024-01-31T10:00:00Z", "2024-01-31T10:00:00+08:00"], ColumnType.DATETIME),
        (["red", "green", "red"], ColumnType.CATEGORY),
        (["0012", "0199", "0500"], ColumnType.CATEGORY),
        (["none", "guarantor", "none"], ColumnType.CATEGORY),
        (["", "", ""], ColumnType.TEXT),
    ],
)
def test_types(values: list[str], kind: ColumnType) -> None:
    column, _ = looked_at("v", values * 3)
    assert column.type is kind


def test_the_word_none_in_a_category_is_a_value() -> None:
    data = b"v,n\nnone,1\nguarantor,NA\nnone,3\n"
    done = run(data, infer_contract(io.BytesIO(data)))
    assert done.good["v"].to_list() == ["none", "guarantor", "none"]
    assert done.good["n"].to_list() == [1, None, 3]


def test_day_and_month_that_cannot_be_told_apart_are_named() -> None:
    column, found = looked_at("d", ["01/02/2024", "03/04/2024"])
    assert column.formats == ("%d/%m/%Y",)
    assert next(f.code for f in found.findings if f.column == "d") == "mixed_date_order"
    sure, found = looked_at("d", ["01/31/2024", "03/04/2024"])
    assert sure.formats == ("%m/%d/%Y",)
    assert "mixed_date_order" not in [f.code for f in found.findings]


@pytest.mark.parametrize(
    ("values", "decimal", "thousands", "expected"),
    [
        (["1,234.50", "12.00", "3,000,000.25"], ".", ",", [1234.5, 12.0, 3000000.25]),
        (["1.234,50", "12,00", "3.000.000,25"], ",", ".", [1234.5, 12.0, 3000000.25]),
        (["1 234,50", "12,00", "0,25"], ",", " ", [1234.5, 12.0, 0.25]),
        (["0,5", "12,25", "7,75"], ",", "", [0.5, 12.25, 7.75]),
        (["1,000", "25,000", "3,500"], ".", ",", [1000, 25000, 3500]),
        (["(1,000.5)", "2,000.5", "3,500.0"], ".", ",", [-1000.5, 2000.5, 3500.0]),
    ],
)
def test_notations(values: list[str], decimal: str, thousands: str, expected: list[float]) -> None:
    _, found = looked_at("v", values)
    assert (found.contract.decimal, found.contract.thousands) == (decimal, thousands)
    rows = [["v", "other"], *([value, "x"] for value in values)]
    done = run(written(rows, delimiter=";"), found.contract)
    assert done.good["v"].to_list() == expected


def test_one_currency_sign_is_a_unit_and_two_are_no_number() -> None:
    values = ["$1,234.50", "-$2.25", "$3.00"]
    column, found = looked_at("v", values)
    assert (column.type, column.unit) == (ColumnType.DECIMAL, "$")
    done = run(
        written([["v", "other"], *([v, "x"] for v in [*values, "€5.00"])], ";"), found.contract
    )
    assert done.good["v"].to_list() == [1234.5, -2.25, 3.0]
    assert done.reason_of(5) == "untypable"
    mixed, _ = looked_at("v", ["$1.50", "€2.50", "$3.50"])
    assert mixed.type is ColumnType.CATEGORY


def test_months_stand_for_their_first_day() -> None:
    values = ["Dec-2015", "Jan-2016"]
    _, found = looked_at("issued", values)
    done = run(written([["issued", "other"], *([v, "x"] for v in values)], ";"), found.contract)
    assert done.good["issued"].to_list() == [date(2015, 12, 1), date(2016, 1, 1)]


def test_a_target_is_known_by_its_words_whatever_its_name() -> None:
    column, _ = looked_at("RiskPerformance", ["Bad", "Good", "Good"])
    assert column.role is Role.TARGET


def test_percentages_become_fractions() -> None:
    values = ["12.5%", "3%", "0%"]
    column, found = looked_at("rate", values)
    assert column.percent
    done = run(written([["rate", "other"], *([v, "x"] for v in values)], ";"), found.contract)
    assert done.good["rate"].to_list() == pytest.approx([0.125, 0.03, 0.0])


def test_words_that_repeat_become_codes_and_rare_ones_fail() -> None:
    values = [str(i) for i in range(95)] + ["REFUSED"] * 4 + ["oops"]
    column, found = looked_at("n", values)
    assert column.text_codes == {"REFUSED": -99001}
    assert column.special_codes == {"-99001": "REFUSED"}
    assert found.findings[0].message.startswith("n: 95.0% numeric, 5 text values (REFUSED, oops)")
    assert "95.0%" in found.findings[0].message_zh
    done = run(written([["n", "other"], *([v, "x"] for v in values)], ";"), found.contract)
    assert done.bad["_row"].to_list() == [101]
    assert done.good["n"].to_list()[-4:] == [-99001] * 4


def test_identity_is_proposed_by_name_and_by_value() -> None:
    phones = [f"138{i:08d}" for i in range(60)]
    for name in ("手机号", "col7"):
        column, found = looked_at(name, phones)
        assert (column.privacy, column.type, column.role) == (
            Privacy.IDENTITY,
            ColumnType.TEXT,
            Role.ID,
        )
        assert "identity_proposed" in [f.code for f in found.findings]
    assert looked_at("amount", [str(i * 7) for i in range(60)])[0].privacy is Privacy.ATTRIBUTE


@pytest.mark.parametrize(
    "name",
    [
        "bad",
        "TARGET_LABEL_BAD=1",
        "SeriousDlqin2yrs",
        "default-payment-next-month",
        "y",
        "是否违约",
    ],
)
def test_targets_are_proposed_without_a_direction(name: str) -> None:
    column, found = looked_at(name, ["0", "1", "0", "0"])
    assert (column.role, column.bad_values) == (Role.TARGET, ())
    finding = next(f for f in found.findings if f.code == "target_proposed")
    assert (finding.facts["bad_rate"], finding.facts["other_rate"]) == (0.25, 0.75)


def test_what_shows_only_late_in_a_long_file_is_seen() -> None:
    body = "".join(f"{i},{i % 97}\n" for i in range(200_000))
    tail = "".join(f"{i},{'REFUSED' if i % 9 == 0 else i % 97}\n" for i in range(200_000, 300_000))
    found = inspect(
        io.BytesIO(("id,n\n" + body + tail).encode()), limits=Limits(sample_rows=10_000)
    )
    column = found.contract.column("n")
    assert "REFUSED" in column.text_codes


def test_a_sample_never_counts_a_row_twice() -> None:
    data = ("id,n\n" + "".join(f"{i},{i % 97}\n" for i in range(150_000))).encode()
    found = inspect(io.BytesIO(data), limits=Limits(sample_rows=60_000))
    assert found.contract.column("id").role is Role.ID
    assert 60_000 <= found.sample_rows <= 150_000


def test_birthdays_are_not_the_time_of_the_decision() -> None:
    days = [str(np.datetime64(date(1990, 1, 1)) + i) for i in range(60)]
    assert looked_at("birth_date", days)[0].role is Role.FEATURE
    assert looked_at("applied_on", days)[0].role is Role.TIME
