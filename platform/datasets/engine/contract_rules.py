"""Does a contract make sense: every contradiction named before a row is read."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator

import re2

from datasets.choices import NUMERIC_TYPES, TIME_TYPES, FileKind, Privacy, Role
from datasets.contracts import BadContract, ColumnContract, ContractFault, DataContract
from datasets.engine.checking import bound
from datasets.engine.dialects import BLIND_SUFFIX, ROW_COLUMN

MAX_PATTERN = 500
SINGLE_ROLES = (Role.TARGET, Role.TIME, Role.WEIGHT)


def validate_contract(contract: DataContract) -> None:
    """Raises BadContract with one fault for each contradiction."""
    faults = (*_table_faults(contract), *_all_column_faults(contract))
    if faults:
        raise BadContract(f"The contract has {len(faults)} fault(s).", errors=faults)


def _fault(pointer: str, code: str, detail: str) -> ContractFault:
    return ContractFault(pointer=pointer, code=code, detail=detail)


def _table_faults(contract: DataContract) -> Iterator[ContractFault]:
    if not contract.columns:
        yield _fault("/columns", "no_columns", "A contract needs at least one column.")
    counts = Counter(column.name for column in contract.columns)
    for name, count in counts.items():
        if count > 1:
            yield _fault("/columns", "repeated_name", f"{name!r} is named {count} times.")
    for key in contract.keys:
        if key not in counts:
            yield _fault("/keys", "unknown_key", f"{key!r} is not a column.")
    for role in SINGLE_ROLES:
        if len(contract.with_role(role)) > 1:
            yield _fault("/columns", "repeated_role", f"Only one column can be the {role}.")
    if contract.decimal not in (".", ","):
        yield _fault("/decimal", "bad_decimal", "The decimal mark is a point or a comma.")
    if contract.thousands not in ("", ".", ",", " ", "'"):
        yield _fault("/thousands", "bad_thousands", "Not a usual thousands separator.")
    if contract.thousands and contract.thousands == contract.decimal:
        yield _fault("/thousands", "same_separators", "Decimal and thousands marks are the same.")
    if contract.header_row < 0:
        yield _fault("/header_row", "bad_header_row", "Rows are counted from 1; 0 is no header.")
    if contract.kind is FileKind.TEXT:
        yield from _text_faults(contract)


def _text_faults(contract: DataContract) -> Iterator[ContractFault]:
    mark = contract.delimiter
    if len(mark) != 1 or not mark.isascii() or mark in '"\r\n\0':
        yield _fault("/delimiter", "bad_delimiter", "The delimiter is one ASCII character.")
    try:
        is_text = codecs.lookup(contract.encoding)._is_text_encoding
    except LookupError:
        is_text = False
    if not is_text:
        yield _fault("/encoding", "unknown_encoding", f"No encoding {contract.encoding!r}.")


def _all_column_faults(contract: DataContract) -> Iterator[ContractFault]:
    for index, column in enumerate(contract.columns):
        for field, code, detail in _column_faults(column, contract):
            yield _fault(f"/columns/{index}/{field}", code, f"{column.name}: {detail}")


def _column_faults(
    column: ColumnContract, contract: DataContract
) -> Iterator[tuple[str, str, str]]:
    if not column.name or column.name == ROW_COLUMN or column.name.endswith(BLIND_SUFFIX):
        yield "name", "bad_name", "the name is empty or reserved."
    if column.pattern is not None:
        yield from _pattern_faults(column.pattern)
    yield from _limit_faults(column)
    yield from _code_faults(column)
    yield from _target_faults(column)
    if column.privacy is Privacy.IDENTITY and column.role in (Role.FEATURE, Role.TARGET, Role.TIME):
        yield "role", "identity_role", "an identity column cannot be a feature, target or time."
    if column.role is Role.TIME and column.type not in TIME_TYPES:
        yield "type", "time_type", "the time role needs a date or datetime."
    if column.role is Role.WEIGHT and column.type not in NUMERIC_TYPES:
        yield "type", "weight_type", "the weight role needs a number."
    if column.role is Role.PROHIBITED and column.name in contract.keys:
        yield "role", "prohibited_key", "a prohibited column is not stored and cannot be a key."


def _pattern_faults(pattern: str) -> Iterator[tuple[str, str, str]]:
    if len(pattern) > MAX_PATTERN:
        yield "pattern", "long_pattern", f"a pattern has at most {MAX_PATTERN} characters."
        return
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        yield "pattern", "bad_pattern", f"the pattern does not compile: {error}."


def _limit_faults(column: ColumnContract) -> Iterator[tuple[str, str, str]]:
    limits = {}
    for field in ("min", "max"):
        value = getattr(column, field)
        if value is None:
            continue
        try:
            limits[field] = bound(value, column.type)
        except ValueError:
            yield field, "bad_limit", f"{value!r} is not a {column.type}."
    for value in column.allowed:
        try:
            bound(value, column.type)
        except ValueError:
            yield "allowed", "bad_allowed", f"{value!r} is not a {column.type}."
    if len(limits) == 2 and limits["min"] > limits["max"]:  # type: ignore[operator]
        yield "min", "empty_range", "the minimum is above the maximum."


def _code_faults(column: ColumnContract) -> Iterator[tuple[str, str, str]]:
    if column.type in NUMERIC_TYPES:
        for code in column.special_codes:
            if not _is_number(code):
                yield "special_codes", "bad_code", f"{code!r} is not a number."
        for word, number in column.text_codes.items():
            if str(number) not in column.special_codes:
                yield "text_codes", "unknown_code", f"{word!r} stands for no special code."
    elif column.text_codes:
        yield "text_codes", "not_numeric", "words stand for codes in numeric columns only."


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


def _target_faults(column: ColumnContract) -> Iterator[tuple[str, str, str]]:
    bad, good = map(str, column.bad_values), set(map(str, column.good_values))
    both = good.intersection(bad)
    if both:
        yield "bad_values", "both_ways", f"{', '.join(sorted(both))} is both bad and good."
    if column.type in NUMERIC_TYPES:
        for value in (*column.bad_values, *column.good_values):
            if not _is_number(str(value)):
                yield "bad_values", "bad_target_value", f"{value!r} is not a number."
