"""Reads LightGBM's text format into flat arrays, believing nothing.

LightGBM's own loader aborts the process on an altered number. This parser never hands text to it: every
index, count, number and size is checked, and whatever does not fit raises ``ModelTextError``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ml.trees import CATEGORICAL_BIT, TreeEnsemble

Number = TypeVar("Number", bound=np.generic)
MAX_CHARACTERS = 64 * 1024 * 1024
MAX_TREES = 10_000
MAX_LEAVES = 4_096
MAX_NODES = 4_000_000
MAX_FEATURES = 100_000
MAX_DEPTH = 64
MAX_COUNT = 2**31 - 1
MAX_VALUE = 1e9
MAX_BITSET_WORDS = 4_096


class ModelTextError(ValueError):
    """The text is not a well-formed binary boosting model within the limits."""


@dataclass(frozen=True, slots=True)
class _Tree:
    feature: list[int]
    threshold: list[float]
    decision: list[int]
    left: list[int]
    right: list[int]
    cover: list[int]
    bits_first: list[int]
    bits_words: list[int]
    bits: list[int]
    leaf_value: list[float]
    leaf_cover: list[int]


def parse(text: str, *, expected_features: int | None = None) -> TreeEnsemble:
    """The model as validated arrays.

    Accepts single-class boosting with the binary objective; refuses linear trees, random forests and
    anything else. ``expected_features`` must match when given. Raises ModelTextError.
    """
    if len(text) > MAX_CHARACTERS:
        raise ModelTextError(f"longer than {MAX_CHARACTERS} characters")
    if not text.isascii():
        raise ModelTextError("holds characters outside ASCII")
    body, end, _ = text.partition("\nend of trees")
    if not end:
        raise ModelTextError("has no 'end of trees'")
    head, *blocks = body.split("\nTree=")
    header = _pairs(head, first="tree")
    features = _header_features(header)
    if expected_features is not None and features != expected_features:
        raise ModelTextError(f"has {features} features, expected {expected_features}")
    if not 1 <= len(blocks) <= MAX_TREES:
        raise ModelTextError(f"has {len(blocks)} trees; 1 to {MAX_TREES} are allowed")
    if len(_ints(header, "tree_sizes", None)) != len(blocks):
        raise ModelTextError("tree_sizes does not match the number of trees")
    trees = [_tree(block, place, features) for place, block in enumerate(blocks)]
    return _flatten(trees, features, _sigmoid(header))


def trees_only(text: str) -> str:
    """The text up to and with 'end of trees': what scoring needs, without training parameters."""
    body, end, _ = text.partition("\nend of trees")
    return body + end + "\n"


def used_features(ensemble: TreeEnsemble) -> list[int]:
    """Features that some split looks at, ascending."""
    return sorted(set(ensemble.feature.tolist()))


def keep_features(text: str, kept: list[int]) -> str:
    """The text of ``trees_only`` with only these features, renumbered in the given order.

    Every split must look at a kept feature. Raises ModelTextError.
    """
    places = {str(old): str(new) for new, old in enumerate(kept)}
    body, end, _ = text.partition("\nend of trees")
    head, *blocks = body.split("\nTree=")
    trees = ["Tree=" + _renumbered(block, places) for block in blocks]
    sizes = " ".join(str(len(tree) + 1) for tree in trees)
    lines = []
    for line in head.split("\n"):
        key, equals, value = line.partition("=")
        if key in {"feature_names", "feature_infos", "monotone_constraints"}:
            value = " ".join(value.split()[old] for old in kept)
        elif key == "max_feature_idx":
            value = str(len(kept) - 1)
        elif key == "tree_sizes":
            value = sizes
        lines.append(key + equals + value)
    return "\n".join(["\n".join(lines), *trees]) + end + "\n"


def _renumbered(block: str, places: dict[str, str]) -> str:
    lines = block.split("\n")
    for at, line in enumerate(lines):
        key, equals, value = line.partition("=")
        if key == "split_feature":
            try:
                lines[at] = key + equals + " ".join(places[old] for old in value.split())
            except KeyError as error:
                raise ModelTextError(f"split_feature {error} is not kept") from None
    return "\n".join(lines)


def _header_features(header: dict[str, str]) -> int:
    if header.get("version") not in {"v3", "v4"}:
        raise ModelTextError("version must be v3 or v4")
    for key in ("num_class", "num_tree_per_iteration"):
        if _ints(header, key, 1) != [1]:
            raise ModelTextError(f"{key} must be 1")
    if "average_output" in header:
        raise ModelTextError("averaged forests are not supported")
    features = _ints(header, "max_feature_idx", 1)[0] + 1
    if not 1 <= features <= MAX_FEATURES:
        raise ModelTextError(f"has {features} features; 1 to {MAX_FEATURES} are allowed")
    for key in ("feature_names", "feature_infos"):
        if len(header.get(key, "").split()) != features:
            raise ModelTextError(f"{key} must name {features} features")
    return features


def _sigmoid(header: dict[str, str]) -> float:
    words = header.get("objective", "").split()
    if not words or words[0] != "binary":
        raise ModelTextError("the objective must be binary")
    given = [word.partition(":")[2] for word in words[1:] if word.startswith("sigmoid:")]
    value = _floats({"sigmoid": given[0]}, "sigmoid", 1)[0] if given else 1.0
    if not value > 0.0:
        raise ModelTextError("sigmoid must be positive")
    return value


def _tree(block: str, place: int, features: int) -> _Tree:
    try:
        return _checked_tree(block, place, features)
    except ModelTextError as error:
        raise ModelTextError(f"tree {place}: {error}") from None


def _checked_tree(block: str, place: int, features: int) -> _Tree:
    number, _, rest = block.partition("\n")
    if number.strip() != str(place):
        raise ModelTextError("trees are out of order")
    pairs = _pairs(rest)
    leaves = _ints(pairs, "num_leaves", 1)[0]
    if not 1 <= leaves <= MAX_LEAVES:
        raise ModelTextError(f"num_leaves must be 1 to {MAX_LEAVES}")
    if _ints(pairs, "is_linear", 1) != [0]:
        raise ModelTextError("linear trees are not supported")
    values = _floats(pairs, "leaf_value", leaves)
    if any(abs(value) > MAX_VALUE for value in values):
        raise ModelTextError("a leaf value is out of range")
    if leaves == 1:
        return _Tree([], [], [], [], [], [], [], [], [], values, [1])
    return _split_tree(pairs, leaves, features, values)


def _split_tree(pairs: dict[str, str], leaves: int, features: int, values: list[float]) -> _Tree:
    nodes = leaves - 1
    feature = _ints(pairs, "split_feature", nodes)
    if any(not 0 <= index < features for index in feature):
        raise ModelTextError("split_feature is out of range")
    decision = _ints(pairs, "decision_type", nodes)
    if any(not 0 <= bits < 12 for bits in decision):
        raise ModelTextError("decision_type is out of range")
    threshold = _floats(pairs, "threshold", nodes, endless=True)
    left, right = _ints(pairs, "left_child", nodes), _ints(pairs, "right_child", nodes)
    _check_shape(left, right, leaves)
    cover = _ints(pairs, "internal_count", nodes)
    leaf_cover = _ints(pairs, "leaf_count", leaves)
    _check_counts(left, right, cover, leaf_cover)
    first, words, bits = _categories(pairs, threshold, decision)
    return _Tree(
        feature, threshold, decision, left, right, cover, first, words, bits, values, leaf_cover
    )


def _check_shape(left: list[int], right: list[int], leaves: int) -> None:
    """Every node but the root and every leaf has one parent, and all hang on the root."""
    nodes = leaves - 1
    if any(not -leaves <= child < nodes for child in left + right):
        raise ModelTextError("a child index is out of range")
    seen: set[int] = set()
    waiting = [(0, 1)]
    while waiting:
        at, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ModelTextError(f"deeper than {MAX_DEPTH}")
        for child in (left[at], right[at]):
            if child in seen or child == 0:
                raise ModelTextError("a node or leaf has two parents")
            seen.add(child)
            if child > 0:
                waiting.append((child, depth + 1))
    if len(seen) != 2 * nodes:
        raise ModelTextError("a node or leaf cannot be reached from the root")


def _check_counts(
    left: list[int], right: list[int], cover: list[int], leaf_cover: list[int]
) -> None:
    if any(not 1 <= count <= MAX_COUNT for count in cover + leaf_cover):
        raise ModelTextError("a row count is out of range")
    for at, (one, other) in enumerate(zip(left, right, strict=True)):
        parts = sum(cover[child] if child >= 0 else leaf_cover[~child] for child in (one, other))
        if parts != cover[at]:
            raise ModelTextError("a node's row count is not the sum of its children's")


def _categories(
    pairs: dict[str, str], threshold: list[float], decision: list[int]
) -> tuple[list[int], list[int], list[int]]:
    sets = _ints(pairs, "num_cat", 1)[0]
    used = [at for at, bits in enumerate(decision) if bits & CATEGORICAL_BIT]
    first, words = [0] * len(decision), [0] * len(decision)
    if sets == 0:
        if used:
            raise ModelTextError("categorical splits without categories")
        return first, words, []
    if not 0 < sets <= len(decision):
        raise ModelTextError("num_cat is out of range")
    borders = _ints(pairs, "cat_boundaries", sets + 1)
    bits = _ints(pairs, "cat_threshold", None)
    rising = all(borders[i] < borders[i + 1] for i in range(sets))
    if borders[0] != 0 or not rising or borders[-1] != len(bits):
        raise ModelTextError("cat_boundaries do not fit cat_threshold")
    if any(borders[i + 1] - borders[i] > MAX_BITSET_WORDS for i in range(sets)):
        raise ModelTextError("a set of categories is too large")
    if any(not 0 <= word < 2**32 for word in bits):
        raise ModelTextError("cat_threshold is out of range")
    for at in used:
        index = threshold[at]
        if not math.isfinite(index) or index != int(index) or not 0 <= index < sets:
            raise ModelTextError("a categorical threshold is out of range")
        first[at] = borders[int(index)]
        words[at] = borders[int(index) + 1] - borders[int(index)]
    return first, words, bits


def _flatten(trees: list[_Tree], features: int, sigmoid: float) -> TreeEnsemble:
    nodes = leaves = bits = 0
    roots: list[int] = []
    left: list[int] = []
    right: list[int] = []
    first: list[int] = []
    for tree in trees:
        roots.append(nodes if tree.feature else ~leaves)
        for children, out in ((tree.left, left), (tree.right, right)):
            out.extend(child + nodes if child >= 0 else child - leaves for child in children)
        first.extend(offset + bits for offset in tree.bits_first)
        nodes += len(tree.feature)
        leaves += len(tree.leaf_value)
        bits += len(tree.bits)
        if nodes > MAX_NODES:
            raise ModelTextError(f"more than {MAX_NODES} nodes")
    return TreeEnsemble(
        feature_count=features,
        sigmoid=sigmoid,
        roots=np.array(roots, dtype=np.int32),
        feature=_joined([tree.feature for tree in trees], np.int32),
        threshold=_joined([tree.threshold for tree in trees], np.float64),
        decision=_joined([tree.decision for tree in trees], np.uint8),
        left=np.array(left, dtype=np.int32),
        right=np.array(right, dtype=np.int32),
        cover=_joined([tree.cover for tree in trees], np.float64),
        bits_first=np.array(first, dtype=np.int32),
        bits_words=_joined([tree.bits_words for tree in trees], np.int32),
        bits=_joined([tree.bits for tree in trees], np.uint32),
        leaf_value=_joined([tree.leaf_value for tree in trees], np.float64),
        leaf_cover=_joined([tree.leaf_cover for tree in trees], np.float64),
    )


def _joined(parts: list[list[int]] | list[list[float]], dtype: type[Number]) -> NDArray[Number]:
    return np.array([value for part in parts for value in part], dtype=dtype)


def _pairs(block: str, first: str | None = None) -> dict[str, str]:
    lines = [line for line in block.split("\n") if line.strip()]
    if first is not None and (not lines or lines.pop(0).strip() != first):
        raise ModelTextError(f"does not begin with '{first}'")
    pairs: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition("=")
        if key in pairs:
            raise ModelTextError(f"{key[:40]!r} stands twice")
        pairs[key] = value
    return pairs


def _tokens(pairs: dict[str, str], key: str, count: int | None) -> list[str]:
    if key not in pairs:
        raise ModelTextError(f"{key} is missing")
    tokens = pairs[key].split()
    if "_" in pairs[key] or (count is not None and len(tokens) != count):
        raise ModelTextError(f"{key} must hold {count} numbers")
    return tokens


def _ints(pairs: dict[str, str], key: str, count: int | None) -> list[int]:
    tokens = _tokens(pairs, key, count)
    try:
        if any(len(token) > 20 for token in tokens):
            raise ValueError
        return [int(token) for token in tokens]
    except ValueError:
        raise ModelTextError(f"{key} holds something that is not an integer") from None


def _floats(
    pairs: dict[str, str], key: str, count: int | None, *, endless: bool = False
) -> list[float]:
    """Finite numbers; ``endless`` also allows +inf, LightGBM's split of missing from the rest."""
    tokens = _tokens(pairs, key, count)
    try:
        if any(len(token) > 40 for token in tokens):
            raise ValueError
        values = [float(token) for token in tokens]
    except ValueError:
        raise ModelTextError(f"{key} holds something that is not a number") from None
    if not all(math.isfinite(value) or (endless and value > 0) for value in values):
        raise ModelTextError(f"{key} holds a number that is not finite")
    return values
