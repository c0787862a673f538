"""Which real data each demo bank takes in, and what a person would say of its columns."""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from benchmarks.public_data import describe, fetch

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A public data set as a bank's dataset. `special` gives columns whose values are codes, not numbers."""

    bank: str
    source: str
    dataset: str
    title: str
    product: str
    special: dict[str, dict[str, str]] = field(default_factory=dict)
    minimum: dict[str, int] = field(default_factory=dict)
    million: bool = False


_PAST_DUE = {"96": "not stated", "98": "refused"}
PORTFOLIOS = (
    Portfolio("aurora", "german", "german-credit", "German credit, 1994", "instalment loan"),
    Portfolio("aurora", "taiwan", "card-clients", "Credit-card clients, Taiwan 2005", "credit card"),
    Portfolio(
        "borealis", "gmsc", "give-me-some-credit", "Give Me Some Credit, 2011", "personal loan",
        special={
            "NumberOfTime30-59DaysPastDueNotWorse": _PAST_DUE,
            "NumberOfTimes90DaysLate": _PAST_DUE,
            "NumberOfTime60-89DaysPastDueNotWorse": _PAST_DUE,
        },
        minimum={"age": 18},
        million=True,
    ),
)  # fmt: skip


def source_file(portfolio: Portfolio, cache: Path, say: Any) -> Path:
    """The data set's own file, fetched and verified once."""
    return fetch(portfolio.source, cache, say=say)


def agreed_contract(portfolio: Portfolio, inferred: dict[str, Any]) -> dict[str, Any]:
    """The inferred contract as a person leaves it: target, key, protected columns, codes, limits."""
    about = describe(portfolio.source)
    columns = []
    for column in inferred["columns"]:
        name = column["name"]
        column = {**column}
        if name == about.target:
            bad = about.bad_value
            wanted = int(bad) if column["type"] == "integer" else bad
            column |= {
                "role": "target",
                "bad_values": [wanted],
                "good_values": [],
                "required": True,
            }
        elif name == about.id_column:
            column |= {"role": "id"}
        elif name in about.protected:
            column |= {"role": "protected"}
        elif column["role"] in ("target", "id"):
            column |= {"role": "feature", "bad_values": [], "good_values": []}
        if name in portfolio.special:
            column |= {"special_codes": portfolio.special[name]}
        if name in portfolio.minimum:
            column |= {"min": portfolio.minimum[name]}
        columns.append(column)
    keys = [about.id_column] if about.id_column else []
    return {**inferred, "columns": columns, "keys": keys}


def applicants(
    file: Path, contract: dict[str, Any], wanted: set[str], count: int
) -> list[dict[str, Any]]:
    """The `wanted` inputs of the first `count` rows, as an origination system would send them."""
    features = {c["name"]: c["type"] for c in contract["columns"] if c["name"] in wanted}
    found = []
    with file.open(encoding=contract["encoding"], newline="") as handle:
        for row in csv.DictReader(handle, delimiter=contract["delimiter"] or ","):
            found.append({name: _typed(row[name], kind) for name, kind in features.items()})
            if len(found) == count:
                break
    return found


def _typed(text: str, kind: str) -> Any:
    if text in ("", "NA"):
        return None
    if kind in ("integer", "decimal"):
        number = float(text)
        return int(number) if number.is_integer() else number
    return text


def million_rows(file: Path, target: Path, id_column: str) -> Path:
    """A million rows drawn with replacement from the real file (seed 42): synthetic in number, not in values."""
    if target.exists():
        return target
    table = pa.csv.read_csv(file, convert_options=pa.csv.ConvertOptions(null_values=["", "NA"]))
    drawn = table.take(pa.array(np.random.default_rng(42).integers(0, table.num_rows, MILLION)))
    drawn = drawn.set_column(
        drawn.column_names.index(id_column), id_column, pa.array(np.arange(1, MILLION + 1))
    )
    draft = target.with_suffix(".draft")
    pa.parquet.write_table(drawn, draft)
    draft.rename(target)
    return target
