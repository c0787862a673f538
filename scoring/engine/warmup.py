"""Compiles every kernel before the first request; the machine code is cached on disk.

numba writes its cache beside the sources or, when that folder is read-only, under the user's cache
folder; the environment variable NUMBA_CACHE_DIR (read by numba when it is imported) overrides both.
"""

from __future__ import annotations

import json
from functools import cache

import numpy as np

from scoring.engine.artifact import SCHEMA, canonical
from scoring.engine.loading import load_scorer
from scoring.engine.scale import pd_table, score_range
from scoring.engine.spec import ScaleSpec

_TREE = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=0
objective=binary sigmoid:1
feature_names=c0
feature_infos=[0:1]
tree_sizes=1

Tree=0
num_leaves=2
num_cat=0
split_feature=0
threshold=0.5
decision_type=2
left_child=-1
right_child=-2
leaf_value=-0.5 0.5
leaf_count=1 1
internal_count=2
is_linear=0
end of trees
"""


@cache
def warm_up() -> None:
    """Scores one row and a small batch with a scorecard and a boosted model of one feature."""
    for artifact in (_scorecard(), _boosted()):
        scorer = load_scorer(artifact)
        scorer.score_one({"x": 0.25}, reasons=4)
        columns = {"x": np.array([0.25, np.nan])}
        scorer.score_batch(columns)
        scorer.reasons_batch(columns, k=4)


def _scorecard() -> bytes:
    feature = json.loads(
        '{"name":"x","type":"numeric","thresholds":[0.5],"specials":[],"points":[1,0,0],'
        '"average_points":0.5}'
    )
    pds = {"lowest": 0, "values": list(pd_table(0, 1, ScaleSpec()))}
    document = {"base_points": 0, "features": [feature], "pd": pds}
    return canonical({"schema": SCHEMA, "kind": "scorecard", **document})


def _boosted() -> bytes:
    scale = ScaleSpec()
    low, high = score_range(scale)
    document = {
        "features": [{"name": "x", "type": "numeric", "specials": []}],
        "trees": _TREE,
        "scale": {"base_score": 600, "base_odds": 50.0, "points_to_double": 20},
        "calibration": {"intercept": 0.0, "slope": 1.0},
        "pd": {"lowest": low, "values": list(pd_table(low, high, scale))},
    }
    return canonical({"schema": SCHEMA, "kind": "boosting", **document})
