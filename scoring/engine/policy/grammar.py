"""The admitted subset of the ZEN expression language, and its parser.

Everything not written here is refused on save, import and load.

```
expression  = conjunction { "or" conjunction }
conjunction = negation { "and" negation }
negation    = "not" ( name | "(" expression ")" ) | relation
relation    = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum | [ "not" ] "in" set ]
sum         = product { ( "+" | "-" ) product }
product     = factor { ( "*" | "/" ) factor }
factor      = "-" ( number | name | "(" expression ")" ) | atom
atom        = number | string | "true" | "false" | "null" | name | "$." name | "$"
            | function "(" expression { "," expression } ")" | "(" expression ")" | list
list        = "[" expression { "," expression } "]"      (only as argument of min, max and len)
set         = "[" literal { "," literal } "]" | range
range       = ( "[" | "(" ) bound ".." bound ( "]" | ")" )
bound       = [ "-" ] number | name
name        = identifier { "." identifier }
cell        = "" | test { "," test } | comparison { "and" comparison } | expression using "$"
test        = comparison | range | [ "not" ] "in" set | literal
comparison  = ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum
```

Relations do not chain (`1 < x < 2` is refused). A cell has commas or `and`, not both, as the engine
gives them one precedence. `$` exists in cells only, `$.name` in expression
nodes only. An empty cell matches anything; `-` is refused, as the engine never matches it. `null`
must be the first alternative of a cell, as the engine stops at a comparison with null.

Functions: `abs(n) floor(n) ceil(n) round(n[, digits]) min([..]) max([..]) len(list or string)`.
The meaning of each construct is fixed in `semantics.py`.
"""

from __future__ import annotations

from scoring.engine.policy.limits import DEFAULT_LIMITS, Limits
from scoring.engine.policy.parser import Parser
from scoring.engine.policy.syntax import AnyOf, Name, Node

EMPTY_CELL = AnyOf(())


def parse_expression(source: str, *, limits: Limits = DEFAULT_LIMITS, local: bool = False) -> Node:
    """Parse a standard expression; `local` admits `$.name`. Raises `ExpressionRefusedError`."""
    parser = Parser(source, limits=limits, local=local, cell=False)
    node = parser.expression()
    return parser.finish(node)


def parse_cell(source: str, *, limits: Limits = DEFAULT_LIMITS) -> Node:
    """Parse a decision-table input cell. An empty one is `EMPTY_CELL`, which always matches."""
    if not source.strip():
        return EMPTY_CELL
    parser = Parser(source, limits=limits, local=False, cell=True)
    if parser.uses_cell():
        return parser.finish(parser.expression())
    return parser.finish(parser.cell())


def parse_name(source: str, *, limits: Limits = DEFAULT_LIMITS) -> tuple[str, ...]:
    """Parse a dotted name, for example an output field. Raises `ExpressionRefusedError`."""
    parser = Parser(source, limits=limits, local=False, cell=False)
    path = parser.path()
    parser.finish(Name(path))
    return path
