"""Where the code can be changed, and a fair choice among the places."""

import ast
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast_from_path

# They name variables, so they need arguments that no general rule gives.
_LEFT_OUT = ("VariableReplacer", "VariableInserter")


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change: the nth place in `path` that `operator` can change; `line` is where, counted from 1."""

    path: str
    operator: str
    occurrence: int
    line: int
    column: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def mutations(root: Path, path: str) -> Iterator[Mutation]:
    """Every change of the file's code; annotations are no code, since a change there is seen at import or never."""
    source = root / path
    skipped = _annotation_spans(source.read_text())
    tree = get_ast_from_path(source)
    for name in plugins.operator_names():
        if name.endswith(_LEFT_OUT):
            continue
        operator = plugins.get_operator(name)()
        starts = (at for node in ast_nodes(tree) for at, _ in operator.mutation_positions(node))
        for occurrence, (line, column) in enumerate(starts):
            if not any(first <= (line, column) < last for first, last in skipped):
                yield Mutation(path, name, occurrence, line, column)


def sample(root: Path, paths: list[str], *, size: int, seed: int) -> list[Mutation]:
    """`size` changes at as many different places.

    A place is drawn first and one of its changes second, since a `+` alone has eleven replacements and would
    otherwise count eleven times.
    """
    by_place: dict[tuple[str, int, int], list[Mutation]] = defaultdict(list)
    for path in paths:
        for mutation in mutations(root, path):
            by_place[(mutation.path, mutation.line, mutation.column)].append(mutation)
    draw = random.Random(seed)
    places = draw.sample(sorted(by_place), min(size, len(by_place)))
    return [draw.choice(by_place[place]) for place in places]


def _annotation_spans(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    spans = []
    for node in ast.walk(ast.parse(source)):
        candidates: list[ast.expr | None] = []
        if isinstance(node, ast.AnnAssign | ast.arg):
            candidates.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            candidates.append(node.returns)
        spans += [_span(expression) for expression in candidates if expression is not None]
    return spans


def _span(node: ast.expr) -> tuple[tuple[int, int], tuple[int, int]]:
    last = (node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
    return (node.lineno, node.col_offset), last
