"""A synthetic portfolio of thirty numeric fields: enough for a scorecard and for 300 trees of 31 leaves."""

from __future__ import annotations

import csv
import io

import numpy as np
from numpy.typing import NDArray

from datasets.choices import ColumnType, Role
from datasets.contracts import ColumnContract, DataContract

FIELDS = tuple(f"field_{n:02d}" for n in range(30))


def matrix(count: int, seed: int) -> NDArray[np.float64]:
    """Standard normal values, shape (count, 30), rounded as a caller would send them."""
    return np.round(np.random.default_rng(seed).normal(size=(count, len(FIELDS))), 4)


def outcomes(values: NDArray[np.float64], seed: int) -> NDArray[np.int64]:
    """1 for bad, shape (count,): every field counts, some of them bent or together with another."""
    weights = np.linspace(0.6, 0.15, values.shape[1])
    pairs = values[:, 0:10] * values[:, 10:20] @ np.full(10, 0.25)
    bent = np.abs(values[:, 20:25]) @ np.full(5, 0.3)
    odds = -2.0 + values @ weights * 0.6 + pairs + bent
    return (np.random.default_rng(seed + 1).random(len(values)) < 1 / (1 + np.exp(-odds))).astype(
        np.int64
    )


def as_csv(count: int, seed: int) -> bytes:
    """The portfolio as a bank's file."""
    values = matrix(count, seed)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["loan", *FIELDS, "bad"])
    for number, (row, bad) in enumerate(zip(values.tolist(), outcomes(values, seed), strict=True)):
        writer.writerow([f"L{number:07d}", *row, int(bad)])
    return out.getvalue().encode()


def contract() -> DataContract:
    """What the bank says of the file."""
    columns = [
        ColumnContract(name="loan", type=ColumnType.TEXT, role=Role.ID, required=True),
        *(
            ColumnContract(
                name=name, type=ColumnType.DECIMAL, label=f"Field {n}", label_zh=f"字段{n}"
            )
            for n, name in enumerate(FIELDS)
        ),
        ColumnContract(
            name="bad",
            type=ColumnType.INTEGER,
            role=Role.TARGET,
            bad_values=(1,),
            good_values=(0,),
            required=True,
        ),
    ]
    return DataContract(name="thirty", keys=("loan",), columns=tuple(columns))
