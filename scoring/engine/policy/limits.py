"""Size limits of a policy document: refuse bombs before any work is done on them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Ceilings a document must respect.

    `document_bytes` and `nesting` are checked before JSON is parsed, `cells` counts all tables and
    `expression_text` the characters of all expressions together, about 0.01 ms of work each.
    """

    document_bytes: int = 1_000_000
    nesting: int = 32
    nodes: int = 100
    edges: int = 300
    rows: int = 2_000
    columns: int = 60
    cells: int = 20_000
    expression_text: int = 100_000
    expressions: int = 200
    cell_length: int = 1_000
    expression_depth: int = 24
    expression_nodes: int = 200
    list_items: int = 200
    name_length: int = 200
    inputs: int = 500


DEFAULT_LIMITS = Limits()
