"""A large file in little memory, measured in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl

ROWS = 1_000_000
LIMIT_MIB = 500
PROBE = """
import json, sys
from datasets.engine import convert, inspect
found = inspect(sys.argv[1])
summary = convert(sys.argv[1], found.contract, sys.argv[2], sys.argv[3], source_format=found.format)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps([summary.rows_good, summary.rows_quarantined, peak]))
"""


def test_a_file_of_120_megabytes_stays_under_the_memory_limit(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    numbers = {f"f{i}": rng.gamma(2, 1_000, ROWS).round(2) for i in range(10)}
    counts = {f"i{i}": rng.integers(0, 1_000, ROWS) for i in range(8)}
    path = tmp_path / "large.csv"
    frame = pl.DataFrame({"id": np.arange(ROWS), **numbers, **counts})
    frame.with_columns(pl.lit("beta").alias("c")).write_csv(path)
    assert path.stat().st_size > 115_000_000
    with path.open("ab") as file:
        file.write(b"short,row\n")
    run = subprocess.run(
        [sys.executable, "-c", PROBE, str(path), str(tmp_path / "good"), str(tmp_path / "bad")],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    good, bad, peak = json.loads(run.stdout)
    assert (good, bad) == (ROWS, 1)
    assert peak < LIMIT_MIB
