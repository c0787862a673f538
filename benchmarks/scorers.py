"""How fast one row and a batch are scored, beside LightGBM's own functions on the same model.

    python -m benchmarks.scorers --cache .run/data [--rows 1000000]

Times are of the calling process in-process: median over single calls, processor time for batches.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import lightgbm
import numpy as np

from benchmarks import public_data
from benchmarks.reference_auc import specification
from benchmarks.results_file import Figure, write
from scoring.engine.frame import TrainingFrame
from scoring.engine.loading import Scorer, load_scorer
from scoring.engine.spec import BOOSTING, SCORECARD
from scoring.engine.training import train

CALLS = 3000
GOALS_MICROSECONDS = {SCORECARD: 50.0, BOOSTING: 500.0}
SCORECARD_ROWS_A_SECOND = 1_000_000.0
EQUAL_ROWS = 100_000


def single_calls(call: Callable[[int], object], calls: int) -> float:
    """Median time of a call in microseconds, after a tenth of them to warm up."""
    for place in range(calls // 10):
        call(place)
    taken = []
    for place in range(calls):
        begin = time.perf_counter()
        call(place)
        taken.append(time.perf_counter() - begin)
    return float(np.median(taken) * 1e6)


def rows_a_second(call: Callable[[], object], rows: int) -> float:
    """Rows for a second of processor time, best of three."""
    best = 0.0
    for _ in range(3):
        begin = time.process_time()
        call()
        best = max(best, rows / (time.process_time() - begin))
    return best


def differences(scorer: Scorer, columns: public_data.Columns) -> int:
    """Rows whose single answer is not the batch's, in score or in the bits of the PD."""
    batch = scorer.score_batch(columns)
    wrong = 0
    for place, values in enumerate(as_rows(columns)):
        one = scorer.score_one(values)
        wrong += one.score != batch.score[place] or one.pd != batch.pd[place]
    return wrong


def as_rows(columns: public_data.Columns) -> list[dict[str, object]]:
    """Each row as a mapping."""
    names = list(columns)
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(names, values, strict=True)) for values in rows]


def repeated(columns: public_data.Columns, rows: int) -> public_data.Columns:
    """The columns again and again up to so many rows."""
    return {name: np.resize(column, rows) for name, column in columns.items()}


def figure(name: str, value: float, unit: str, *, higher: bool, **more: float) -> Figure:
    """A figure, with ``baseline`` and ``goal`` where there are any."""
    return Figure(
        name=name,
        value=round(float(value), 3),
        unit=unit,
        baseline=more.get("baseline"),
        goal=more.get("goal"),
        higher_is_better=higher,
    )


def scorecard_figures(scorer: Scorer, columns: public_data.Columns, rows: int) -> list[Figure]:
    """Single rows and batches of a scorecard."""
    values = as_rows({name: column[:CALLS] for name, column in columns.items()})
    many = repeated(columns, rows)
    goal = GOALS_MICROSECONDS[SCORECARD]
    alone = single_calls(lambda at: scorer.score_one(values[at]), CALLS)
    explained = single_calls(lambda at: scorer.score_one(values[at], reasons=4), CALLS)
    batch = rows_a_second(lambda: scorer.score_batch(many), rows)
    both = rows_a_second(lambda: scorer.score_batch(many, reasons=4), rows)
    wanted = SCORECARD_ROWS_A_SECOND
    return [
        figure("scorecard, one row", alone, "us", higher=False, goal=goal),
        figure("scorecard, one row, four reasons", explained, "us", higher=False, goal=goal),
        figure("scorecard, batch", batch, "rows/s", higher=True, goal=wanted),
        figure("scorecard, batch, four reasons", both, "rows/s", higher=True, goal=wanted),
        figure(
            "scorecard, rows where online is not batch",
            differences(scorer, repeated(columns, EQUAL_ROWS)),
            "rows",
            higher=False,
            goal=0.0,
        ),
    ]


def boosting_figures(
    scorer: Scorer, columns: public_data.Columns, rows: int, theirs: lightgbm.Booster
) -> list[Figure]:
    """Single rows and batches of a boosted model, beside LightGBM's on the same trees."""
    values = as_rows({name: column[:CALLS] for name, column in columns.items()})
    matrix = np.column_stack(list(columns.values())).astype(np.float64)
    many, fewer = repeated(columns, rows // 4), repeated(columns, rows // 200)
    goal = GOALS_MICROSECONDS[BOOSTING]
    alone = single_calls(lambda at: scorer.score_one(values[at]), CALLS)
    explained = single_calls(lambda at: scorer.score_one(values[at], reasons=4), CALLS)
    their_score = single_calls(lambda at: theirs.predict(matrix[at : at + 1], num_threads=1), 1000)
    their_reasons = single_calls(
        lambda at: theirs.predict(matrix[at : at + 1], pred_contrib=True, num_threads=1), 300
    )
    batch = rows_a_second(lambda: scorer.score_batch(many), rows // 4)
    both = rows_a_second(lambda: scorer.score_batch(fewer, reasons=4), rows // 200)
    several = np.resize(matrix, (rows // 4, matrix.shape[1]))
    their_batch = rows_a_second(lambda: theirs.predict(several, num_threads=1), rows // 4)
    few = several[: rows // 1000]
    their_both = rows_a_second(
        lambda: theirs.predict(few, pred_contrib=True, num_threads=1), len(few)
    )
    return [
        figure("boosting, one row", alone, "us", higher=False, baseline=their_score),
        figure(
            "boosting, one row, four reasons",
            explained,
            "us",
            higher=False,
            goal=goal,
            baseline=their_score + their_reasons,
        ),
        figure("boosting, batch", batch, "rows/s", higher=True, baseline=their_batch),
        figure("boosting, batch, four reasons", both, "rows/s", higher=True, baseline=their_both),
        figure(
            "boosting, rows where online is not batch",
            differences(scorer, repeated(columns, EQUAL_ROWS)),
            "rows",
            higher=False,
            goal=0.0,
        ),
    ]


def main() -> int:
    """Measures both kinds on the Taiwan data; exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cache", type=Path, default=Path(".run/data"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    columns, y = public_data.load("taiwan", arguments.cache)
    frame = TrainingFrame(columns=columns, y=y)
    card, boosted = (
        train(frame, specification("taiwan", columns, kind)).artifact
        for kind in (SCORECARD, BOOSTING)
    )
    theirs = lightgbm.Booster(model_str=json.loads(boosted)["trees"])
    figures = scorecard_figures(load_scorer(card), columns, arguments.rows)
    figures += boosting_figures(load_scorer(boosted), columns, arguments.rows, theirs)
    write("scorers", figures)
    return 0 if all(entry.reached for entry in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
