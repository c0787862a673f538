"""Recursive descent over tokens: the parser behind `grammar.py`."""

from __future__ import annotations

from decimal import Decimal

from scoring.engine.policy.errors import ExpressionRefusedError
from scoring.engine.policy.limits import Limits
from scoring.engine.policy.syntax import (
    AnyOf,
    Binary,
    Call,
    Cell,
    In,
    ListOf,
    Literal,
    Name,
    Node,
    Range,
    Unary,
    walk,
)
from scoring.engine.policy.tokens import END, NAME, NUMBER, STRING, SYMBOL, Token, tokenize

COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
FUNCTIONS: dict[str, tuple[int, int]] = {
    "abs": (1, 1),
    "floor": (1, 1),
    "ceil": (1, 1),
    "round": (1, 2),
    "min": (1, 1),
    "max": (1, 1),
    "len": (1, 1),
}
LIST_FUNCTIONS = frozenset({"min", "max"})
CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
RESERVED = frozenset({"and", "or", "not", "in", *CONSTANTS, *FUNCTIONS})
FORBIDDEN_PARTS = frozenset({"__proto__", "constructor", "prototype"})


class Parser:
    """Recursive descent with an explicit depth limit, one token of look-ahead."""

    def __init__(self, source: str, *, limits: Limits, local: bool, cell: bool) -> None:
        if len(source) > limits.cell_length:
            raise ExpressionRefusedError(
                f"longer than {limits.cell_length} characters", position=limits.cell_length
            )
        self.limits = limits
        self.local = local
        self.in_cell = cell
        self.tokens = tokenize(source)
        self.index = 0
        self.depth = 0

    # ---- token access -----------------------------------------------------------------------
    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def uses_cell(self) -> bool:
        """Whether `$` stands anywhere in the text."""
        return any(token.kind == SYMBOL and token.text == "$" for token in self.tokens)

    def peek(self, ahead: int = 1) -> Token:
        return self.tokens[min(self.index + ahead, len(self.tokens) - 1)]

    def at(self, *texts: str) -> bool:
        return self.token.kind in (SYMBOL, NAME) and self.token.text in texts

    def take(self) -> Token:
        token = self.token
        self.index += 1
        return token

    def expect(self, text: str) -> None:
        if not (self.token.kind == SYMBOL and self.token.text == text):
            raise self.refuse(f"expected {text!r}")
        self.index += 1

    def refuse(self, reason: str) -> ExpressionRefusedError:
        found = self.token.text or "the end"
        return ExpressionRefusedError(f"{reason}, found {found!r}", position=self.token.position)

    def enter(self) -> None:
        self.depth += 1
        if self.depth > self.limits.expression_depth:
            raise self.refuse(f"nested deeper than {self.limits.expression_depth}")

    def finish(self, node: Node) -> Node:
        if self.token.kind != END:
            raise self.refuse("expected the end of the expression")
        if sum(1 for _ in walk(node)) > self.limits.expression_nodes:
            raise self.refuse(f"more than {self.limits.expression_nodes} parts")
        return node

    # ---- standard expressions ---------------------------------------------------------------
    def expression(self) -> Node:
        self.enter()
        node = self.conjunction()
        while self.at("or"):
            self.take()
            node = Binary("or", node, self.conjunction())
        self.depth -= 1
        return node

    def conjunction(self) -> Node:
        node = self.negation()
        while self.at("and"):
            self.take()
            node = Binary("and", node, self.negation())
        return node

    def negation(self) -> Node:
        if not self.at("not"):
            return self.relation()
        self.take()
        if self.at("("):
            return Unary("not", self.parenthesis())
        if self.token.kind == NAME:
            return Unary("not", Name(self.path()))
        raise self.refuse("'not' needs a name or parentheses")

    def relation(self) -> Node:
        left = self.sum()
        if self.token.kind == SYMBOL and self.token.text in COMPARISONS:
            node: Node = Binary(self.take().text, left, self.sum())
        elif self.at("in") or (self.at("not") and self.peek().text == "in"):
            negated = self.take().text == "not"
            if negated:
                self.take()
            node = In(left, self.members(), negated)
        else:
            return left
        if self.at("in", "not") or self.token.text in COMPARISONS:
            raise self.refuse("comparisons do not chain")
        return node

    def sum(self) -> Node:
        node = self.product()
        while self.at("+", "-"):
            node = Binary(self.take().text, node, self.product())
        return node

    def product(self) -> Node:
        node = self.factor()
        while self.at("*", "/"):
            node = Binary(self.take().text, node, self.factor())
        return node

    def factor(self) -> Node:
        if not self.at("-"):
            return self.atom()
        self.take()
        if self.token.kind == NUMBER:
            return Literal(-Decimal(self.take().text))
        if self.at("("):
            return Unary("-", self.parenthesis())
        return Unary("-", Name(self.path()))

    def atom(self) -> Node:
        token = self.token
        if token.kind in (NUMBER, STRING) or token.text in CONSTANTS:
            return self.literal()
        if token.kind == NAME:
            if token.text in FUNCTIONS and self.peek().text == "(":
                return self.call()
            return Name(self.path())
        if self.at("("):
            return self.parenthesis()
        if self.at("$"):
            return self.dollar()
        raise self.refuse("expected a value")

    def parenthesis(self) -> Node:
        self.expect("(")
        node = self.expression()
        self.expect(")")
        return node

    def dollar(self) -> Node:
        self.expect("$")
        if self.at("."):
            if not self.local:
                raise self.refuse("'$.name' is only for expression nodes")
            self.take()
            return Name(self.path(), local=True)
        if not self.in_cell:
            raise self.refuse("'$' is only for table cells")
        return Cell()

    def path(self) -> tuple[str, ...]:
        parts = [self.identifier()]
        while self.at("."):
            self.take()
            parts.append(self.identifier())
        return tuple(parts)

    def identifier(self) -> str:
        token = self.token
        if token.kind != NAME or token.text in RESERVED or token.text in FORBIDDEN_PARTS:
            raise self.refuse("expected a name")
        self.index += 1
        if self.at("(", "["):
            raise self.refuse(f"{token.text!r} is not a function of the language")
        return token.text

    def call(self) -> Node:
        function = self.take().text
        self.expect("(")
        arguments = [self.argument(function)]
        while self.at(","):
            self.take()
            arguments.append(self.expression())
        self.expect(")")
        low, high = FUNCTIONS[function]
        if not low <= len(arguments) <= high:
            raise self.refuse(f"{function} takes {low} to {high} arguments")
        digits = arguments[1] if function == "round" and len(arguments) == 2 else None
        if digits is not None and digits not in [Literal(Decimal(n)) for n in range(13)]:
            raise self.refuse("the digits of round are a whole number from 0 to 12")
        return Call(function, tuple(arguments))

    def argument(self, function: str) -> Node:
        if function in LIST_FUNCTIONS:
            if not self.at("["):
                raise self.refuse(f"{function} takes one list, {function}([a, b])")
            return self.list_of(literals=False)
        return self.expression()

    # ---- literals, lists and ranges ---------------------------------------------------------
    def literal(self) -> Literal:
        token = self.token
        if token.kind == STRING:
            return Literal(self.take().text)
        if token.kind == NAME and token.text in CONSTANTS:
            return Literal(CONSTANTS[self.take().text])
        sign = Decimal(1)
        if self.at("-"):
            self.take()
            sign = Decimal(-1)
        if self.token.kind != NUMBER:
            raise self.refuse("expected a literal")
        return Literal(sign * Decimal(self.take().text))

    def list_of(self, *, literals: bool) -> ListOf:
        self.expect("[")
        item = self.literal if literals else self.expression
        items: list[Node] = [item()]
        while self.at(","):
            self.take()
            items.append(item())
            if len(items) > self.limits.list_items:
                raise self.refuse(f"more than {self.limits.list_items} items")
        self.expect("]")
        return ListOf(tuple(items))

    def members(self) -> ListOf | Range:
        if self.range_ahead():
            return self.range()
        if not self.at("["):
            raise self.refuse("'in' needs a list or a range")
        return self.list_of(literals=True)

    def range_ahead(self) -> bool:
        """True when the bracket here opens a range: its first bound is followed by `..`."""
        if not self.at("[", "("):
            return False
        ahead = 2 if self.peek().text == "-" else 1
        if self.peek(ahead).kind not in (NUMBER, NAME):
            return False
        while self.peek(ahead + 1).text == "." and self.peek(ahead + 2).kind == NAME:
            ahead += 2
        return self.peek(ahead + 1).text == ".."

    def range(self) -> Range:
        low_closed = self.take().text == "["
        low = self.bound()
        self.expect("..")
        high = self.bound()
        if not self.at("]", ")"):
            raise self.refuse("expected ']' or ')'")
        high_closed = self.take().text == "]"
        if isinstance(low, Literal) and isinstance(high, Literal):
            _refuse_empty_range(low, high, both_closed=low_closed and high_closed)
        return Range(low, high, low_closed, high_closed)

    def bound(self) -> Node:
        if self.token.kind == NUMBER or self.at("-"):
            return self.literal()
        return Name(self.path())

    # ---- cells ------------------------------------------------------------------------------
    def cell(self) -> Node:
        compares = self.at_comparison()
        first = self.test()
        if self.at("and") and compares:
            return self.conjoined(first)
        tests = [first]
        while self.at(","):
            self.take()
            tests.append(self.test())
            if len(tests) > self.limits.list_items:
                raise self.refuse(f"more than {self.limits.list_items} alternatives")
            if tests[-1] == Binary("==", Cell(), Literal(None)):
                raise self.refuse("null must be the first alternative")
        return tests[0] if len(tests) == 1 else AnyOf(tuple(tests))

    def test(self) -> Node:
        if self.at_comparison():
            return Binary(self.take().text, Cell(), self.sum())
        if self.at("in") or (self.at("not") and self.peek().text == "in"):
            negated = self.take().text == "not"
            if negated:
                self.take()
            return In(Cell(), self.members(), negated)
        if self.range_ahead():
            return In(Cell(), self.range(), False)
        return Binary("==", Cell(), self.literal())

    def conjoined(self, node: Node) -> Node:
        while self.at("and"):
            self.take()
            if not self.at_comparison():
                raise self.refuse("'and' joins comparisons")
            node = Binary("and", node, Binary(self.take().text, Cell(), self.sum()))
        return node

    def at_comparison(self) -> bool:
        return self.token.kind == SYMBOL and self.token.text in COMPARISONS


def _refuse_empty_range(low: Literal, high: Literal, *, both_closed: bool) -> None:
    assert isinstance(low.value, Decimal)
    assert isinstance(high.value, Decimal)
    if low.value > high.value or (low.value == high.value and not both_closed):
        raise ExpressionRefusedError("the range is empty")
