"""Decision trees as flat arrays, and their evaluation to the same bits as LightGBM's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

CATEGORICAL_BIT = 1
DEFAULT_LEFT_BIT = 2
MISSING_NONE, MISSING_ZERO, MISSING_NAN = 0, 1, 2
ZERO_THRESHOLD = float(np.float32(1e-35))


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEnsemble:
    """A sum of decision trees; node and leaf indexes are global over all trees.

    ``roots`` (trees,): root node, or ``~leaf`` for a tree of one leaf. Per node (nodes,): ``feature``,
    ``threshold``, ``decision`` (LightGBM's bits), ``left`` and ``right`` (a node, or ``~leaf``),
    ``cover`` (training rows); ``bits_first`` and ``bits_words`` locate a categorical node's set in
    ``bits``. Per leaf (leaves,): ``leaf_value`` (log-odds) and ``leaf_cover``.
    """

    feature_count: int
    sigmoid: float
    roots: Ints
    feature: Ints
    threshold: Floats
    decision: NDArray[np.uint8]
    left: Ints
    right: Ints
    cover: Floats
    bits_first: Ints
    bits_words: Ints
    bits: NDArray[np.uint32]
    leaf_value: Floats
    leaf_cover: Floats

    @property
    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        """What the evaluating kernels take, in their order."""
        return (
            self.roots,
            self.feature,
            self.threshold,
            self.decision,
            self.left,
            self.right,
            self.bits_first,
            self.bits_words,
            self.bits,
            self.leaf_value,
        )


@njit(cache=True, inline="always")
def goes_left(  # type: ignore[no-untyped-def]
    value, threshold, decision, first, words, bits
):
    """LightGBM's decision at one node (tree.h: NumericalDecision, CategoricalDecision)."""
    if decision & CATEGORICAL_BIT:
        if np.isnan(value) or value <= -1.0 or value >= 2147483648.0:
            return False
        code = int(value)
        word = code >> 5
        if word >= words:
            return False
        return ((bits[first + word] >> np.uint32(code & 31)) & np.uint32(1)) == 1
    missing = (decision >> 2) & 3
    if np.isnan(value):
        if missing == MISSING_NAN:
            return (decision & DEFAULT_LEFT_BIT) != 0
        value = 0.0
    if missing == MISSING_ZERO and -ZERO_THRESHOLD < value <= ZERO_THRESHOLD:
        return (decision & DEFAULT_LEFT_BIT) != 0
    return value <= threshold


@njit(cache=True)
def raw_one(  # type: ignore[no-untyped-def]
    row,
    roots,
    feature,
    threshold,
    decision,
    left,
    right,
    bits_first,
    bits_words,
    bits,
    leaf_value,
):
    """Sum of the leaf values that one row of shape (features,) reaches, trees in order."""
    total = 0.0
    for tree in range(roots.size):
        at = roots[tree]
        while at >= 0:
            to_left = goes_left(
                row[feature[at]],
                threshold[at],
                decision[at],
                bits_first[at],
                bits_words[at],
                bits,
            )
            at = left[at] if to_left else right[at]
        total += leaf_value[~at]
    return total


@njit(cache=True)
def raw_rows(  # type: ignore[no-untyped-def]
    rows,
    out,
    roots,
    feature,
    threshold,
    decision,
    left,
    right,
    bits_first,
    bits_words,
    bits,
    leaf_value,
):
    """``raw_one`` for every row of (n, features) into ``out`` (n,)."""
    for place in range(rows.shape[0]):
        out[place] = raw_one(
            rows[place],
            roots,
            feature,
            threshold,
            decision,
            left,
            right,
            bits_first,
            bits_words,
            bits,
            leaf_value,
        )


def predict_raw(ensemble: TreeEnsemble, rows: Floats) -> Floats:
    """Raw log-odds of each row, shape (n,); ``rows`` is C-ordered float64 of shape (n, features)."""
    if rows.ndim != 2 or rows.shape[1] != ensemble.feature_count:
        raise ValueError(f"rows must have {ensemble.feature_count} columns")
    out = np.empty(len(rows))
    raw_rows(np.ascontiguousarray(rows, dtype=np.float64), out, *ensemble.arrays)
    return out
