"""The quality report: each trap of real files is named with its numbers, and clean data stays quiet."""

import datetime as dt
import io
from functools import cache

import msgspec.structs
import numpy as np
import pytest

from datasets.choices import ColumnType, Role, Severity
from datasets.contracts import (
    ColumnContract,
    DataContract,
    Finding,
    QualityReport,
    contract_from_json,
    report_from_json,
    to_json,
)
from datasets.engine import convert, inspect, quality_report
from tests.datasets_engine.samples import contract_of, decimal, integer, run, text, written

AS_OF = dt.date(2024, 1, 15)
ROWS = 4_000


def target(**more: object) -> ColumnContract:
    return integer("bad", role=Role.TARGET, **{"bad_values": (1,), **more})


def report_of(
    table: dict[str, np.ndarray], *columns: ColumnContract, **more: object
) -> QualityReport:
    rows = [list(table)] + [
        ["" if value != value or value is None else str(value) for value in row]
        for row in zip(*table.values(), strict=True)
    ]
    done = run(written(rows), contract_of(*columns))
    return quality_report(done.stored, contract_of(*columns), done.summary, as_of=AS_OF, **more)  # type: ignore[arg-type]


def of(report: QualityReport, code: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.code == code]


@cache
def outcome() -> np.ndarray:
    return (np.random.default_rng(3).random(ROWS) < 0.2).astype(int)


def numbers(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2, 1_000, ROWS).round(6)


def test_clean_data_raises_no_warning() -> None:
    report = report_of({"x": numbers(), "bad": outcome()}, decimal("x"), target())
    assert [f.code for f in report.findings if f.severity is not Severity.INFO] == []
    assert report.completeness == report.validity == report.uniqueness == 1.0
    bad_rate = of(report, "bad_rate")[0].facts["bad_rate"]
    assert bad_rate == pytest.approx(outcome().mean())
    assert report.target is not None
    assert report.target.n_bad == outcome().sum()


def test_one_may_mean_good() -> None:
    good = 1 - outcome()
    report = report_of({"x": numbers(), "bad": good}, decimal("x"), target())
    found = of(report, "direction_suspect")[0]
    assert found.facts["other_rate"] == pytest.approx(outcome().mean())
    turned = report_of(
        {"x": numbers(), "bad": good}, decimal("x"), target(bad_values=(), good_values=(1,))
    )
    assert turned.target is not None
    assert turned.target.bad_rate == pytest.approx(outcome().mean())
    assert of(turned, "direction_suspect") == []


def test_an_undeclared_direction_is_an_error_that_shows_the_rates() -> None:
    report = report_of({"x": numbers(), "bad": outcome()}, decimal("x"), target(bad_values=()))
    found = of(report, "direction_undeclared")[0]
    assert found.severity is Severity.ERROR
    assert f"1 → {outcome().mean():.2%}" in found.message


def test_leaks_are_named_with_their_auc() -> None:
    leak = outcome() * 3 + np.random.default_rng(0).normal(0, 1, ROWS)
    report = report_of(
        {"leak": leak, "x": numbers(), "bad": outcome()}, decimal("leak"), decimal("x"), target()
    )
    found = of(report, "leak_suspected")
    assert [f.column for f in found] == ["leak"]
    assert found[0].facts["auc"] == pytest.approx(0.983, abs=0.01)
    profile = next(p for p in report.profiles if p.name == "leak")
    assert profile.auc == found[0].facts["auc"]


def test_a_field_known_after_the_decision_is_flagged_whatever_its_auc() -> None:
    report = report_of(
        {"x": numbers(), "bad": outcome()}, decimal("x", role=Role.KNOWN_AFTER_DECISION), target()
    )
    assert [f.column for f in of(report, "known_after_decision")] == ["x"]


def test_informative_missing_and_what_complete_cases_would_remove() -> None:
    rng = np.random.default_rng(2)
    bad = outcome()
    gone = rng.random(ROWS) < np.where(bad == 1, 0.6, 0.1)
    values = np.where(gone, np.nan, numbers())
    report = report_of({"x": values, "bad": bad}, decimal("x"), target())
    missing = of(report, "informative_missing")[0].facts
    assert missing["missing_rate"] == pytest.approx(bad[gone].mean())
    assert missing["present_rate"] == pytest.approx(bad[~gone].mean())
    facts = of(report, "complete_case_filter")[0].facts
    assert facts["rows"] == gone.sum()
    assert facts["bads"] == bad[gone].sum()
    assert facts["complete_rate"] == pytest.approx(bad[~gone].mean())


def test_missing_by_chance_is_not_informative() -> None:
    gone = np.random.default_rng(9).random(ROWS) < 0.3
    report = report_of(
        {"x": np.where(gone, np.nan, numbers()), "bad": outcome()}, decimal("x"), target()
    )
    assert of(report, "informative_missing") == []


def test_words_in_a_numeric_column_kept_as_text_are_named() -> None:
    words = np.array([str(i % 90) if i % 20 else "REFUSED" for i in range(ROWS)], dtype=object)
    report = report_of({"w": words, "bad": outcome()}, text("w"), target())
    found = of(report, "words_in_numbers")[0]
    assert found.message.startswith("w: 95.0% numeric, 200 text values (REFUSED)")
    coded = integer("w", special_codes={"-1": "refused"}, text_codes={"REFUSED": -1})
    again = report_of({"w": words, "bad": outcome()}, coded, target())
    assert of(again, "words_in_numbers")[0].facts["n"] == 200
    assert again.profiles[0].special == {"-1": 200}
    assert again.profiles[0].minimum == 0


def test_undeclared_codes_are_proposed_and_declared_ones_left_out_of_statistics() -> None:
    values = np.where(np.arange(ROWS) % 10 == 0, -9, np.arange(ROWS) % 37)
    report = report_of({"n": values}, integer("n"))
    assert of(report, "special_codes")[0].proposal == {"special_codes": {"-9": ""}}
    declared = report_of({"n": values}, integer("n", special_codes={"-9": "none"}))
    assert of(declared, "special_codes") == []
    assert (declared.profiles[0].minimum, declared.profiles[0].special) == (0.0, {"-9": 400})


def test_rows_without_any_bureau_file_are_a_policy_group() -> None:
    group = np.arange(ROWS) % 20 == 0
    rng = np.random.default_rng(4)
    table = {f"b{i}": np.where(group, -9, rng.integers(0, 30, ROWS)) for i in range(4)}
    columns = [integer(name, special_codes={"-9": "no file"}) for name in table]
    report = report_of({**table, "bad": outcome()}, *columns, target())
    facts = of(report, "policy_group")[0].facts
    assert (facts["n"], facts["columns"]) == (200, 4)
    assert facts["bad_rate"] == pytest.approx(outcome()[group].mean())


def test_ages_of_zero_ratios_in_two_units_and_extremes() -> None:
    rng = np.random.default_rng(6)
    age = rng.integers(21, 70, ROWS)
    age[:7] = 0
    ratio = rng.random(ROWS).round(4)
    ratio[:400] *= 100
    money = numbers()
    money[0] = 9e12
    report = report_of(
        {"age": age, "ratio": ratio, "money": money},
        integer("age"),
        decimal("ratio"),
        decimal("money"),
    )
    assert of(report, "implausible_zero")[0].facts == {"n": 7, "next": 21.0}
    assert [f.column for f in of(report, "mixed_units")] == ["ratio"]
    assert [f.column for f in of(report, "extreme_values")] == ["money"]


def test_duplicates_are_counted_without_regard_to_the_id() -> None:
    table = {"id": np.arange(ROWS), "x": numbers(), "y": numbers(8)}
    for name in ("x", "y"):
        table[name][-3:] = table[name][:3]
    columns = (integer("id", role=Role.ID), decimal("x"), decimal("y"))
    report = report_of(table, *columns)
    assert report.duplicate_rows == 3
    assert report.duplicate_examples == (ROWS - 1, ROWS, ROWS + 1)
    assert report.uniqueness == pytest.approx(1 - 3 / ROWS)


def test_near_unique_text_is_refused_as_a_category() -> None:
    names = np.array([f"name {i}" for i in range(ROWS)], dtype=object)
    report = report_of({"n": names, "x": numbers()}, text("n"), decimal("x"))
    found = of(report, "near_unique_text")[0]
    assert (found.column, found.facts["distinct"], found.proposal) == ("n", ROWS, {"role": "id"})


def months(n: int, count: int) -> np.ndarray:
    first = np.datetime64("2022-01")
    return np.array([str(first + i * count // n) + "-15" for i in range(n)], dtype=object)


def opened(**more: object) -> ColumnContract:
    return ColumnContract(name="opened", type=ColumnType.DATE, role=Role.TIME, **more)  # type: ignore[arg-type]


def test_late_vintages_that_look_too_good_are_named() -> None:
    dates = months(ROWS, 24)
    late = np.arange(ROWS) >= ROWS * 3 // 4
    bad = np.where(late & (np.random.default_rng(1).random(ROWS) < 0.7), 0, outcome())
    report = report_of(
        {"opened": dates, "x": numbers(), "bad": bad}, opened(), decimal("x"), target()
    )
    facts = of(report, "right_censoring")[0].facts
    assert facts["late_rate"] == pytest.approx(bad[late].mean())
    assert facts["early_rate"] == pytest.approx(bad[~late].mean())
    assert len(report.vintages) == 24
    assert sum(v.bads for v in report.vintages) == bad.sum()
    even = report_of(
        {"opened": dates, "x": numbers(), "bad": outcome()}, opened(), decimal("x"), target()
    )
    assert of(even, "right_censoring") == []


def test_time_is_judged_against_the_day_given() -> None:
    dates = months(ROWS, 24)
    dates[0] = "2024-03-01"
    report = report_of({"opened": dates, "x": numbers()}, opened(), decimal("x"))
    assert report.newest == "2023-12-15"
    assert report.timeliness == pytest.approx(1.0)
    assert of(report, "future_dates")[0].facts["n"] == 1
    gap = np.array([d for d in dates if not d.startswith("2022-07")], dtype=object)
    holes = report_of({"opened": gap, "x": numbers()[: len(gap)]}, opened(), decimal("x"))
    assert "2022-07" in of(holes, "missing_months")[0].message


def test_drift_against_the_last_load() -> None:
    columns = (decimal("x"), text("c"), integer("k", special_codes={"-9": ""}))
    letters = np.array(list("aabc") * (ROWS // 4), dtype=object)
    codes = np.arange(ROWS) % 30
    first = report_of({"x": numbers(), "c": letters, "k": codes}, *columns)
    same = report_of({"x": numbers(7), "c": letters, "k": codes}, *columns, previous=first)
    assert same.stability == 1.0
    assert {entry.column: entry.psi < 0.02 for entry in same.drift} == {
        "x": True,
        "c": True,
        "k": True,
    }
    moved = report_of(
        {
            "x": numbers() * 1.6,
            "c": np.array(list("abbc") * (ROWS // 4), dtype=object),
            "k": np.where(codes < 10, -9, codes),
        },
        *columns,
        previous=first,
    )
    assert {f.column for f in of(moved, "drift")} == {"x", "c", "k"}
    by_name = {entry.column: entry.psi for entry in moved.drift}
    assert by_name["c"] == pytest.approx(2 * 0.25 * np.log(2), rel=1e-6)


def test_schema_changes_are_named() -> None:
    first = report_of({"x": numbers(), "old": numbers()}, decimal("x"), decimal("old"))
    now = report_of({"x": numbers(), "new": numbers()}, text("x"), decimal("new"), previous=first)
    assert {(e.column, e.change) for e in now.drift if e.change} == {
        ("x", "type changed from decimal to text"),
        ("new", "new column"),
        ("old", "column no longer present"),
    }


def test_huge_values_do_not_overflow() -> None:
    values = np.full(ROWS, 1.0)
    values[:4] = [1.7e308, -1.7e308, 1.6e308, 5e-324]
    profile = report_of({"x": values}, decimal("x")).profiles[0]
    assert (profile.maximum, profile.minimum) == (1.7e308, -1.7e308)
    assert profile.mean == pytest.approx(1.6e308 / ROWS)
    assert sum(profile.counts) == ROWS


def test_histograms_hold_every_plain_value_once() -> None:
    report = report_of({"x": numbers(), "k": np.arange(ROWS) % 5}, decimal("x"), integer("k"))
    for profile in report.profiles:
        assert sum(profile.counts) == ROWS
        assert len(profile.edges) == len(profile.counts) + 1
    assert report.profiles[1].counts == (800,) * 5
    assert report.profiles[0].quantiles["p50"] == np.quantile(numbers(), 0.5, method="inverted_cdf")


def test_quarantine_shows_in_validity_and_findings() -> None:
    done = run(b"a,b\n1,1\nx,2\n3,3\n4,4\n", contract_of(integer("a"), integer("b")))
    report = quality_report(
        done.stored, contract_of(integer("a"), integer("b")), done.summary, as_of=AS_OF
    )
    assert (report.validity, report.rows_quarantined) == (0.75, 1)
    assert of(report, "quarantined_rows")[0].facts["reason"] == "untypable"
    assert of(report, "values_refused")[0].column == "a"


def test_an_empty_load_has_a_report() -> None:
    contract = contract_of(decimal("x"), text("c"), opened(), target())
    done = run(b"x,c,opened,bad\n", contract)
    report = quality_report(done.stored, contract, done.summary, as_of=AS_OF)
    assert report.rows == 0
    assert report_from_json(to_json(report)) == report


def test_report_and_contract_survive_json() -> None:
    first = report_of({"x": numbers(), "bad": outcome()}, decimal("x"), target())
    second = report_of({"x": numbers(2), "bad": outcome()}, decimal("x"), target(), previous=first)
    assert report_from_json(to_json(second)) == second
    contract = contract_of(decimal("x", min=0, special_codes={"-9": "无"}), target())
    assert contract_from_json(to_json(contract)) == contract


def test_from_file_to_report_without_touching_the_proposal() -> None:
    rng = np.random.default_rng(11)
    rows = [["id", "age", "sex", "applied", "score", "default"]]
    for i in range(600):
        word = "NO_HIT" if i % 25 == 0 else str(int(rng.integers(300, 850)))
        day = str(np.datetime64("2023-01-01") + i)
        rows.append(
            [
                str(i),
                str(rng.integers(18, 80)),
                "MF"[i % 2],
                day,
                word,
                str(int(rng.random() < 0.2)),
            ]
        )
    data = written(rows)
    found = inspect(io.BytesIO(data), name="loans")
    roles = {column.name: column.role for column in found.contract.columns}
    assert roles["default"] is Role.TARGET
    assert roles["applied"] is Role.TIME
    assert roles["id"] is Role.ID
    assert {f.code for f in found.findings} >= {
        "words_in_numbers",
        "target_proposed",
        "protected_suspected",
    }
    chosen = DataContract(
        **{
            **{name: getattr(found.contract, name) for name in found.contract.__struct_fields__},
            "columns": tuple(
                msgspec.structs.replace(c, bad_values=(1,)) if c.role is Role.TARGET else c
                for c in found.contract.columns
            ),
        }
    )
    stored = io.BytesIO()
    summary = convert(io.BytesIO(data), chosen, stored, io.BytesIO(), source_format=found.format)
    assert (summary.rows_good, summary.rows_quarantined) == (600, 0)
    report = quality_report(stored, chosen, summary, as_of=dt.date(2024, 9, 1))
    assert report.target is not None
    assert report.target.direction_declared
