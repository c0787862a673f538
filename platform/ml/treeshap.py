"""Exact path-dependent TreeSHAP, compiled: what each feature added to one row's log-odds.

Same definition as LightGBM's ``pred_contrib`` (Lundberg et al., Consistent individualized feature
attribution for tree ensembles, 2018). For a leaf with value c whose path uses the features P, feature i
with satisfaction o_i (0 or 1) and share of covers z_i receives

    c (o_i - z_i) * integral over t in [0, 1] of prod_{j in P, j != i} (t o_j + (1 - t) z_j)

since |S|! (m - 1 - |S|)! / m! is the integral of t^|S| (1 - t)^(m - 1 - |S|). The integrand is a polynomial
of degree m - 1, for which Gauss-Legendre with ceil(m / 2) nodes is exact, and all its factors are
positive, so that nothing cancels. One sweep down and one up each tree gathers all leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ml.trees import TreeEnsemble, goes_left

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapTables:
    """What does not depend on the row, over all steps (nodes and leaves but roots) in preorder.

    Per step: ``parent`` (step, or -1 under the root), ``node`` (the deciding node), ``is_left``,
    ``ancestor`` (nearest step above on the same feature, or -1), ``share`` (merged cover share of that
    feature), ``leaf`` (or -1). Per tree: ``first`` step, quadrature ``points`` and where they begin.
    """

    first: Ints
    parent: Ints
    node: Ints
    is_left: NDArray[np.bool_]
    ancestor: Ints
    share: Floats
    leaf: Ints
    points: Ints
    point_first: Ints
    abscissa: Floats
    weight: Floats
    longest: int
    widest: int
    bias: float

    @property
    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        """What the kernel takes, in its order."""
        return (
            self.first,
            self.parent,
            self.node,
            self.is_left,
            self.ancestor,
            self.share,
            self.leaf,
            self.points,
            self.point_first,
            self.abscissa,
            self.weight,
        )

    def workspace(self) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Scratch memory for the kernel, one for each thread."""
        shape = (self.longest + 1, self.widest)
        return np.empty(shape), np.empty(shape), np.empty(self.longest + 1, dtype=np.bool_)


@dataclass(slots=True)
class _Steps:
    parent: list[int]
    node: list[int]
    is_left: list[bool]
    ancestor: list[int]
    share: list[float]
    leaf: list[int]


def shap_tables(ensemble: TreeEnsemble) -> ShapTables:
    """Prepares an ensemble for ``contributions_one``. Takes time in proportion to its nodes."""
    steps = _Steps([], [], [], [], [], [])
    first, points, bias = [0], [], 0.0
    for root in ensemble.roots.tolist():
        used, expected = _walk(ensemble, root, steps)
        bias += expected
        points.append(max(1, (used + 1) // 2))
        first.append(len(steps.parent))
    kinds = sorted(set(points))
    offsets = {kind: sum(kinds[:place]) for place, kind in enumerate(kinds)}
    rules = [np.polynomial.legendre.leggauss(kind) for kind in kinds]
    longest = max(first[i + 1] - first[i] for i in range(len(points)))
    return ShapTables(
        first=np.array(first, dtype=np.int32),
        parent=np.array(steps.parent, dtype=np.int32),
        node=np.array(steps.node, dtype=np.int32),
        is_left=np.array(steps.is_left, dtype=np.bool_),
        ancestor=np.array(steps.ancestor, dtype=np.int32),
        share=np.array(steps.share, dtype=np.float64),
        leaf=np.array(steps.leaf, dtype=np.int32),
        points=np.array(points, dtype=np.int32),
        point_first=np.array([offsets[kind] for kind in points], dtype=np.int32),
        abscissa=np.concatenate([(nodes + 1.0) / 2.0 for nodes, _ in rules]),
        weight=np.concatenate([weights / 2.0 for _, weights in rules]),
        longest=longest,
        widest=max(points),
        bias=bias,
    )


def _walk(ensemble: TreeEnsemble, root: int, steps: _Steps) -> tuple[int, float]:
    """Appends one tree's steps; returns the most features on a path and the expected value."""
    if root < 0:
        return 0, float(ensemble.leaf_value[~root])
    deepest, expected, rows = 0, 0.0, float(ensemble.cover[root])
    waiting = [(root, -1, side) for side in (False, True)]
    paths: dict[int, dict[int, int]] = {-1: {}}
    while waiting:
        node, parent, is_left = waiting.pop()
        child = int(ensemble.left[node] if is_left else ensemble.right[node])
        cover = float(ensemble.cover[child] if child >= 0 else ensemble.leaf_cover[~child])
        feature = int(ensemble.feature[node])
        ancestor = paths[parent].get(feature, -1)
        share = cover / float(ensemble.cover[node])
        merged = share * (steps.share[ancestor] if ancestor >= 0 else 1.0)
        step = len(steps.parent)
        steps.parent.append(parent)
        steps.node.append(node)
        steps.is_left.append(is_left)
        steps.ancestor.append(ancestor)
        steps.share.append(merged)
        steps.leaf.append(~child if child < 0 else -1)
        paths[step] = {**paths[parent], feature: step}
        if child < 0:
            deepest = max(deepest, len(paths[step]))
            expected += cover / rows * float(ensemble.leaf_value[~child])
        else:
            waiting.extend(((child, step, False), (child, step, True)))
    return deepest, expected


@njit(cache=True)
def contributions_one(  # type: ignore[no-untyped-def]
    row,
    out,
    down,
    up,
    satisfied,
    first,
    parent,
    node,
    is_left,
    ancestor,
    share,
    leaf,
    points,
    point_first,
    abscissa,
    weight,
    feature,
    threshold,
    decision,
    bits_first,
    bits_words,
    bits,
    leaf_value,
):
    """Contributions of one row of shape (features,) into ``out`` (features,); the sum and the bias
    are the raw log-odds. ``down``, ``up`` and ``satisfied`` are a workspace.
    """
    out[:] = 0.0
    for tree in range(points.size):
        begin, end = first[tree], first[tree + 1]
        q, base = points[tree], point_first[tree]
        for step in range(begin, end):
            at = step - begin
            n = node[step]
            met = is_left[step] == goes_left(
                row[feature[n]], threshold[n], decision[n], bits_first[n], bits_words[n], bits
            )
            above = ancestor[step]
            z = share[step]
            if above >= 0 and not satisfied[above - begin]:
                met = False
            satisfied[at] = met
            o = 1.0 if met else 0.0
            up_parent = parent[step]
            for k in range(q):
                t = abscissa[base + k]
                value = t * o + (1.0 - t) * z
                if above >= 0:
                    o_above = 1.0 if satisfied[above - begin] else 0.0
                    value /= t * o_above + (1.0 - t) * share[above]
                if up_parent >= 0:
                    value *= down[up_parent - begin, k]
                down[at, k] = value
            ending = leaf[step]
            for k in range(q):
                up[at, k] = (
                    leaf_value[ending] * weight[base + k] * down[at, k] if ending >= 0 else 0.0
                )
        for step in range(end - 1, begin - 1, -1):
            at = step - begin
            z = share[step]
            o = 1.0 if satisfied[at] else 0.0
            above = ancestor[step]
            up_parent = parent[step]
            own = 0.0
            for k in range(q):
                t = abscissa[base + k]
                own += up[at, k] / (t * o + (1.0 - t) * z)
                if up_parent >= 0:
                    up[up_parent - begin, k] += up[at, k]
            name = feature[node[step]]
            out[name] += (o - z) * own
            if above >= 0:
                z_above = share[above]
                o_above = 1.0 if satisfied[above - begin] else 0.0
                other = 0.0
                for k in range(q):
                    t = abscissa[base + k]
                    other += up[at, k] / (t * o_above + (1.0 - t) * z_above)
                out[name] -= (o_above - z_above) * other


def contributions(ensemble: TreeEnsemble, rows: Floats) -> tuple[Floats, float]:
    """SHAP values of shape (n, features), and the bias: rows sum with it to the raw log-odds."""
    tables = shap_tables(ensemble)
    out = np.empty((len(rows), ensemble.feature_count))
    space = tables.workspace()
    for place, row in enumerate(np.ascontiguousarray(rows, dtype=np.float64)):
        contributions_one(row, out[place], *space, *tables.arrays, *shap_arrays(ensemble))
    return out, tables.bias


def shap_arrays(ensemble: TreeEnsemble) -> tuple[NDArray[np.generic], ...]:
    """The ensemble's part of the kernel's arguments, in its order."""
    return (
        ensemble.feature,
        ensemble.threshold,
        ensemble.decision,
        ensemble.bits_first,
        ensemble.bits_words,
        ensemble.bits,
        ensemble.leaf_value,
    )
