"""The form of a benchmark's result: figures beside their baselines, as one JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value; ``ratio`` is value / baseline, ``goal`` what the value has to reach."""

    name: str
    value: float
    unit: str
    baseline: float | None
    goal: float | None
    higher_is_better: bool

    @property
    def ratio(self) -> float | None:
        """Value over baseline, or None without one."""
        return self.value / self.baseline if self.baseline else None

    @property
    def reached(self) -> bool:
        """Whether the goal is met; true without a goal."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.higher_is_better else self.value <= self.goal

    def line(self) -> str:
        """One printed row."""
        against = "" if self.baseline is None else f"  baseline {self.baseline:g}"
        goal = "" if self.goal is None else f"  goal {self.goal:g}"
        mark = "ok  " if self.reached else "MISS"
        return f"{mark} {self.name:<48} {self.value:>14,.4f} {self.unit}{against}{goal}"


def write(name: str, figures: list[Figure]) -> Path:
    """Writes ``results/<name>.json`` and prints every figure."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    rows = [{**asdict(figure), "ratio": figure.ratio} for figure in figures]
    path.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")
    for figure in figures:
        print(figure.line())
    return path
