"""A small synthetic portfolio whose truth is known, as a file and as the contract a bank would confirm."""

import csv
import io

import numpy as np

from datasets.choices import ColumnType, Role
from datasets.contracts import ColumnContract, DataContract

REGIONS = ("north", "south", "west")


def rows(count: int = 1500, seed: int = 7) -> list[dict[str, object]]:
    """Risk falls with income and tenure, rises with debt; debt -9 means no bureau file; `late` is known afterwards."""
    draw = np.random.default_rng(seed)
    income = np.round(draw.lognormal(8.5, 0.5, count), 2)
    tenure = draw.integers(0, 120, count)
    debt = np.round(draw.gamma(2.0, 0.2, count), 4)
    region = draw.choice(REGIONS, count)
    odds = -1.2 - 0.9 * (np.log(income) - 8.5) + 2.2 * (debt - 0.4) - 0.012 * (tenure - 60)
    odds += np.where(region == "south", 0.5, 0.0)
    bad = draw.random(count) < 1 / (1 + np.exp(-odds))
    thin = draw.random(count) < 0.08
    return [
        {
            "loan": f"L{n:06d}",
            "income": "" if n % 41 == 0 else float(income[n]),
            "tenure": int(tenure[n]),
            "debt_ratio": -9 if thin[n] else float(debt[n]),
            "region": str(region[n]),
            "gender": "f" if n % 2 else "m",
            "late": int(bad[n]),
            "bad": int(bad[n]),
        }
        for n in range(count)
    ]


def as_csv(count: int = 1500, seed: int = 7) -> bytes:
    out = io.StringIO()
    data = rows(count, seed)
    writer = csv.DictWriter(out, fieldnames=list(data[0]))
    writer.writeheader()
    writer.writerows(data)
    return out.getvalue().encode()


def contract() -> DataContract:
    return DataContract(
        name="loans",
        keys=("loan",),
        columns=(
            ColumnContract(name="loan", type=ColumnType.TEXT, role=Role.ID, required=True),
            ColumnContract(
                name="income", type=ColumnType.DECIMAL, label="Monthly income", label_zh="月收入"
            ),
            ColumnContract(
                name="tenure",
                type=ColumnType.INTEGER,
                label="Months with employer",
                label_zh="在职月数",
            ),
            ColumnContract(
                name="debt_ratio",
                type=ColumnType.DECIMAL,
                label="Debt to income",
                label_zh="负债收入比",
                special_codes={"-9": "no bureau file"},
            ),
            ColumnContract(
                name="region", type=ColumnType.CATEGORY, label="Region", label_zh="地区"
            ),
            ColumnContract(name="gender", type=ColumnType.CATEGORY, role=Role.PROTECTED),
            ColumnContract(name="late", type=ColumnType.INTEGER, role=Role.KNOWN_AFTER_DECISION),
            ColumnContract(
                name="bad",
                type=ColumnType.INTEGER,
                role=Role.TARGET,
                bad_values=(1,),
                good_values=(0,),
                required=True,
            ),
        ),
    )


GOOD = {"income": 9500.0, "tenure": 100, "debt_ratio": 0.1, "region": "north"}
POOR = {"income": 2100.5, "tenure": 3, "debt_ratio": 1.4, "region": "south"}
