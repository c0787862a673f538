"""`charts` is plain Python: it stands below everything and reaches for nothing."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np

import charts
from charts.pictures.discrimination import RocCurves, RocSplit, ScoreDistribution
from charts.pictures.stability import PsiByFeature

ROOT = Path(charts.__file__).parent
CLOCKS = {"time", "datetime", "random", "secrets", "uuid", "os", "locale"}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add((node.module or "").split(".")[0])
    return names


def test_imports_only_itself_and_the_standard_library_without_a_clock() -> None:
    files = list(ROOT.rglob("*.py"))
    assert len(files) > 20
    for path in files:
        foreign = imported(path) - set(sys.stdlib_module_names) - {"charts"}
        assert not foreign, (path.name, foreign)
        assert not imported(path) & CLOCKS, path.name


def test_every_word_is_used() -> None:
    words = ROOT / "words.py"
    source = "".join(p.read_text(encoding="utf-8") for p in ROOT.rglob("*.py") if p != words)
    tree = ast.parse(words.read_text(encoding="utf-8"))
    table = next(node for node in ast.walk(tree) if isinstance(node, ast.Dict))
    keys = [ast.literal_eval(key) for key in table.keys if key is not None]
    verbs = {
        f"{who} {verb}" for who in ("Champion", "Challenger") for verb in ("approves", "declines")
    }
    unused = [
        k for k in keys if f'"{k}"' not in source and f"'{k}'" not in source and k not in verbs
    ]
    assert unused == []
    assert len(keys) == len(set(keys))


def test_arrays_are_as_good_as_tuples() -> None:
    x = np.linspace(0, 1, 50)
    lists = RocSplit(name="a", false_positive=x.tolist(), true_positive=(x**0.5).tolist(), auc=0.6)
    arrays = RocSplit(name="a", false_positive=x, true_positive=x**0.5, auc=0.6)
    assert RocCurves(splits=(lists,)).svg(key="k") == RocCurves(splits=(arrays,)).svg(key="k")
    counts = np.array([1, 5, 2])
    picture = ScoreDistribution(edges=np.arange(4), good=counts, bad=counts[::-1])
    assert picture.table().csv().count("0.625") == 2
    assert "0.300" in PsiByFeature(features=("a",), values=np.array([0.3])).svg(key="k")
