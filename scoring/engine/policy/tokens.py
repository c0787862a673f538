"""Tokens of the admitted expression language: one linear pass, no back-tracking."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.engine.policy.errors import ExpressionRefusedError

NUMBER, STRING, NAME, SYMBOL, END = "number", "string", "name", "symbol", "end"

_TWO = ("==", "!=", ">=", "<=", "..")
_ONE = "()[],<>+-*/.$"
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_DIGITS = frozenset("0123456789")
MAX_INTEGER_DIGITS = 15
MAX_FRACTION_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Token:
    """A token with its kind, its text (strings without quotes) and its character offset."""

    kind: str
    text: str
    position: int


def tokenize(source: str) -> list[Token]:
    """Split `source` into tokens, the last one of kind `END`.

    Raises `ExpressionRefusedError` at the first character that the grammar does not know: back
    ticks, back slashes, braces, `#`, `%`, `^`, `?`, `:`, `!` alone, `=` alone, `;`, `@`, `&`, `|`.
    """
    tokens: list[Token] = []
    position = 0
    while position < len(source):
        char = source[position]
        if char in " \t\n\r":
            position += 1
            continue
        token, position = _next_token(source, position)
        tokens.append(token)
    tokens.append(Token(END, "", len(source)))
    return tokens


def _next_token(source: str, start: int) -> tuple[Token, int]:
    char = source[start]
    if char in _LETTERS:
        end = start
        while end < len(source) and (source[end] in _LETTERS or source[end] in _DIGITS):
            end += 1
        return Token(NAME, source[start:end], start), end
    if char in _DIGITS:
        return _number(source, start)
    if char in "'\"":
        return _string(source, start)
    if source[start : start + 2] in _TWO:
        return Token(SYMBOL, source[start : start + 2], start), start + 2
    if char in _ONE:
        return Token(SYMBOL, char, start), start + 1
    raise ExpressionRefusedError(f"character {char!r} is not part of the language", position=start)


def _number(source: str, start: int) -> tuple[Token, int]:
    end = start
    while end < len(source) and source[end] in _DIGITS:
        end += 1
    whole = end - start
    fraction = 0
    if end + 1 < len(source) and source[end] == "." and source[end + 1] in _DIGITS:
        end += 1
        mark = end
        while end < len(source) and source[end] in _DIGITS:
            end += 1
        fraction = end - mark
    if whole > MAX_INTEGER_DIGITS or fraction > MAX_FRACTION_DIGITS:
        raise ExpressionRefusedError(
            f"a number has at most {MAX_INTEGER_DIGITS} digits before and "
            f"{MAX_FRACTION_DIGITS} after the point",
            position=start,
        )
    if end < len(source) and source[end] in _LETTERS:
        raise ExpressionRefusedError("a name cannot start with a digit", position=start)
    return Token(NUMBER, source[start:end], start), end


def _string(source: str, start: int) -> tuple[Token, int]:
    quote = source[start]
    end = source.find(quote, start + 1)
    if end < 0:
        raise ExpressionRefusedError("the string is not closed", position=start)
    text = source[start + 1 : end]
    for char in text:
        if char in "\\`\"'" or not char.isprintable():
            raise ExpressionRefusedError(f"{char!r} is not allowed in a string", position=start)
    return Token(STRING, text, start), end + 1
