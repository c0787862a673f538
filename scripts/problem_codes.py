"""Write the page of problem codes from the error types in the source: `problem_codes.py docs/api/problems.md`."""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("platform", "tenants", "scoring", "acquisition", "marketing")
BASE = "ProblemError"
# What Django REST framework raises by itself, with the codes it gives.
FRAMEWORK = {
    "authentication_failed": (401, "Authentication is required"),
    "error": (400, "Another refusal of the framework"),
    "method_not_allowed": (405, "Method not allowed"),
    "not_acceptable": (406, "Only application/json is offered"),
    "parse_error": (400, "The body cannot be parsed"),
    "permission_denied": (403, "This is not allowed"),
    "throttled": (429, "Too many requests"),
    "unsupported_media_type": (415, "Unsupported media type"),
    "internal_error": (500, "Something went wrong here"),
}
HEAD = """# Problem codes

Every error below `/api/` is an `application/problem+json` (RFC 9457). Its `type` is `urn:panorama:problem:` and the
`code`, which never changes its meaning; `detail` is a sentence for a person and may change. `errors[]` names each
fault: `pointer` is a JSON pointer (RFC 6901) into the body, or `/` and the name of a query parameter. `request_id`
finds the request in log and audit.

This page is written by `scripts/problem_codes.py` from the error types in the source. Codes of a file or a policy that
is refused as a whole come from their checkers and are told in the job or in `errors[]`. The token endpoint answers
errors as RFC 6749 says.

"""


@dataclass
class Type:
    """An error type: where it stands in the tree of types, and what it says by itself."""

    base: str
    status: int | None = None
    code: str = ""
    title: str = ""


@dataclass
class Found:
    """Problem codes with their statuses and titles; field codes with a sentence of each."""

    problems: dict[str, set[tuple[int, str]]] = field(default_factory=lambda: defaultdict(set))
    fields: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def sources() -> Iterator[ast.Module]:
    for part in PARTS:
        for path in sorted((ROOT / part).rglob("*.py")):
            if "migrations" not in path.parts:
                yield ast.parse(path.read_text())


def types_in(trees: list[ast.Module]) -> dict[str, Type]:
    """Every class below `ProblemError`, by name."""
    named: dict[str, Type] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.ClassDef)
                and node.bases
                and isinstance(node.bases[0], ast.Name)
            ):
                named[node.name] = _type(node, node.bases[0].id)
            elif isinstance(node, ast.ClassDef) and node.name == BASE:
                named[BASE] = _type(node, "")
    named[BASE] = named.get(BASE, Type("", 400, "bad_request", "Bad request"))
    named[BASE].base = ""
    return {name: found for name, found in named.items() if BASE in _line(name, named)}


def _type(node: ast.ClassDef, base: str) -> Type:
    found = Type(base)
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            value = line.value.value if isinstance(line.value, ast.Constant) else None
            if line.targets[0].id in ("status", "code", "title") and value is not None:
                setattr(found, line.targets[0].id, value)
    return found


def _line(name: str, named: dict[str, Type]) -> list[str]:
    """The class and those above it."""
    line: list[str] = []
    while name in named and name not in line:
        line.append(name)
        name = named[name].base
    return line


def told(name: str, types: dict[str, Type]) -> tuple[int, str, str]:
    """(status, code, title) of a type, inherited where it says nothing."""
    line = [types[each] for each in _line(name, types)]
    return (
        next(t.status for t in line if t.status),
        next(t.code for t in line if t.code),
        next(t.title for t in line if t.title),
    )


def collect() -> Found:
    trees = list(sources())
    types, found = types_in(trees), Found()
    for name in types:
        status, code, title = told(name, types)
        found.problems[code].add((status, title))
    for code, pair in FRAMEWORK.items():
        found.problems[code].add(pair)
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                _call(node, types, found)
    return found


def _call(node: ast.Call, types: dict[str, Type], found: Found) -> None:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    words = {k.arg: k.value for k in node.keywords if k.arg}
    if name in ("field_error", "FieldError") and len(node.args) >= 2:
        for code in _texts(node.args[1]):
            sentence = next(iter(_texts(node.args[2])), "") if len(node.args) > 2 else ""
            found.fields[code].add(sentence)
        return
    if name not in types and name != "problem_response":
        return
    for code in _texts(words.get("code")):
        if name in types:
            status, _, title = told(name, types)
        else:
            status = next(iter(_numbers(words.get("status"))), 0)
            title = next(iter(_texts(words.get("title"))), "")
        if status:
            found.problems[code].add((status, title))


def _texts(node: ast.AST | None) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        parts = [p.value if isinstance(p, ast.Constant) else "…" for p in node.values]
        return ["".join(str(p) for p in parts)]
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body), *_texts(node.orelse)]
    return []


def _numbers(node: ast.AST | None) -> list[int]:
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, int) else []


def page() -> str:
    found = collect()
    lines = [HEAD, "## Problems\n\n| code | status | title |\n| --- | --- | --- |\n"]
    for code, pairs in sorted(found.problems.items()):
        statuses = ", ".join(str(s) for s in sorted({s for s, _ in pairs}))
        titles = "; ".join(sorted({t for _, t in pairs if t}))
        lines.append(f"| `{code}` | {statuses} | {_cell(titles)} |\n")
    lines.append("\n## Faults in `errors[]`\n\n| code | for instance |\n| --- | --- |\n")
    for code, sentences in sorted(found.fields.items()):
        lines.append(f"| `{code}` | {_cell(min(sentences, key=lambda s: (not s, len(s), s)))} |\n")
    return "".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")[:160]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
