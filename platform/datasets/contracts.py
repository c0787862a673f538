"""What crosses the border of dataset intake: the data contract, and what came of applying it.

Every structure is frozen, goes to JSON and back without loss, and refuses unknown fields.
"""

from __future__ import annotations

from typing import Any

import msgspec

from datasets.choices import (
    ColumnType,
    Compression,
    FileKind,
    Privacy,
    Reason,
    Role,
    Severity,
)

Scalar = str | int | float


class IntakeError(Exception):
    """Base of every refusal of intake. `code` is stable, `detail` is a sentence for a person."""

    code = "intake_error"

    def __init__(self, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class BadContract(IntakeError):
    """The contract contradicts itself or cannot be read; `errors` names each place."""

    code = "bad_contract"

    def __init__(self, detail: str, *, errors: tuple[ContractFault, ...] = ()) -> None:
        super().__init__(detail)
        self.errors = errors


class _Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the structures below."""


class ContractFault(_Frozen, frozen=True):
    """One fault of a contract: JSON pointer (RFC 6901), stable code, sentence."""

    pointer: str
    code: str
    detail: str


class SourceFormat(_Frozen, frozen=True):
    """How a file is to be read. `delimiter` is empty for Excel and Parquet.

    `header_row` is the record that holds the names, counted from 1; 0 means there is none.
    """

    kind: FileKind
    compression: Compression = Compression.NONE
    encoding: str = "utf-8"
    encoding_confidence: float = 1.0
    delimiter: str = ""
    header_row: int = 1
    trailing_delimiter: bool = False
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    size_bytes: int = 0


class ColumnContract(_Frozen, frozen=True):
    """One column: its type, what is valid, what it means and who may see it.

    `special_codes` maps a value ("-9") to its meaning; a code is exempt from min, max and
    allowed and stays a number. `text_codes` maps words found in a numeric column to such a code.
    `null_tokens` None takes those of the contract. For dates `min` and `max` are ISO strings and
    `formats` are strftime patterns tried in order.
    """

    name: str
    type: ColumnType
    label: str = ""
    label_zh: str = ""
    required: bool = False
    min: Scalar | None = None
    max: Scalar | None = None
    allowed: tuple[Scalar, ...] = ()
    pattern: str | None = None
    special_codes: dict[str, str] = {}
    text_codes: dict[str, int] = {}
    null_tokens: tuple[str, ...] | None = None
    formats: tuple[str, ...] = ()
    percent: bool = False
    role: Role = Role.FEATURE
    privacy: Privacy = Privacy.ATTRIBUTE
    bad_values: tuple[Scalar, ...] = ()
    good_values: tuple[Scalar, ...] = ()
    unit: str = ""


class DataContract(_Frozen, frozen=True):
    """What a file of this dataset must look like. `keys` together identify a row."""

    name: str
    columns: tuple[ColumnContract, ...]
    keys: tuple[str, ...] = ()
    kind: FileKind = FileKind.TEXT
    encoding: str = "utf-8"
    delimiter: str = ","
    header_row: int = 1
    trailing_delimiter: bool = False
    sheet: str | None = None
    decimal: str = "."
    thousands: str = ""
    parentheses_negative: bool = False
    null_tokens: tuple[str, ...] = ("",)
    version: int = 1

    def column(self, name: str) -> ColumnContract:
        """The column of that name. Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def with_role(self, role: Role) -> tuple[ColumnContract, ...]:
        """The columns that have this role, in contract order."""
        return tuple(column for column in self.columns if column.role == role)


class Issue(_Frozen, frozen=True):
    """One fault of one value. `value` is truncated, and masked unless the column is an attribute."""

    column: str
    reason: Reason
    message: str
    value: str = ""


class QuarantineEntry(_Frozen, frozen=True):
    """One refused row. `row` is its number in the source file: records are counted from 1,
    the header and blank lines included, a quoted value of several lines being one record."""

    row: int
    issues: tuple[Issue, ...]
    record: str = ""


class IntakeSummary(_Frozen, frozen=True):
    """What a conversion did. `rows_in == rows_good + rows_quarantined`, always.

    `rows_blank` counts lines without any character, which are not rows. `withheld` are prohibited
    columns that were not stored; `extra_columns` stood in the file and not in the contract.
    """

    rows_in: int
    rows_good: int
    rows_quarantined: int
    rows_blank: int
    reasons: dict[str, int]
    column_issues: dict[str, int]
    extra_columns: tuple[str, ...]
    withheld: tuple[str, ...]
    bytes_in: int
    first_entries: tuple[QuarantineEntry, ...]


class Finding(_Frozen, frozen=True):
    """Something a person should know before using the data, in English and Chinese.

    `facts` holds the numbers of the sentence; `proposal` what could be changed in the contract.
    """

    code: str
    severity: Severity
    message: str
    message_zh: str
    column: str | None = None
    facts: dict[str, Any] = {}
    proposal: dict[str, Any] = {}


class ValueCount(_Frozen, frozen=True):
    value: str
    count: int


class ColumnProfile(_Frozen, frozen=True):
    """Shape of one stored column. `edges` has one more entry than `counts`; bin i holds
    edges[i] <= x < edges[i+1], the last one closed. Identity columns have no values shown."""

    name: str
    type: ColumnType
    n: int
    missing: int
    distinct: int
    distinct_is_exact: bool
    special: dict[str, int] = {}
    minimum: float | str | None = None
    maximum: float | str | None = None
    mean: float | None = None
    quantiles: dict[str, float] = {}
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    top: tuple[ValueCount, ...] = ()
    auc: float | None = None
    bad_rate_missing: float | None = None
    bad_rate_present: float | None = None


class DriftEntry(_Frozen, frozen=True):
    """Population stability index of a column against the last load (None: not comparable)."""

    column: str
    psi: float | None
    change: str = ""


class Vintage(_Frozen, frozen=True):
    """Loans of one calendar month ("2024-03"): rows, rows whose outcome is known, bads."""

    month: str
    n: int
    resolved: int
    bads: int


class TargetSummary(_Frozen, frozen=True):
    """What the target's direction makes of the file. Rates are fractions of resolved rows."""

    column: str
    n_bad: int
    n_good: int
    n_unresolved: int
    bad_rate: float | None
    direction_declared: bool
    complete_rows: int
    complete_bads: int
    complete_bad_rate: float | None


class QualityReport(_Frozen, frozen=True):
    """Quality of one load. The five scores are fractions between 0 and 1, or None."""

    rows: int
    rows_quarantined: int
    as_of: str
    completeness: float
    validity: float
    uniqueness: float
    timeliness: float | None
    stability: float | None
    newest: str | None
    duplicate_rows: int
    duplicate_examples: tuple[int, ...]
    profiles: tuple[ColumnProfile, ...]
    drift: tuple[DriftEntry, ...]
    vintages: tuple[Vintage, ...]
    target: TargetSummary | None
    findings: tuple[Finding, ...]


class Inspection(_Frozen, frozen=True):
    """What a first look at a file says: its format, a proposed contract, and what was noticed."""

    format: SourceFormat
    contract: DataContract
    findings: tuple[Finding, ...]
    sample_rows: int


def to_json(value: msgspec.Struct) -> bytes:
    """Any structure of this page as JSON, keys in declaration order."""
    return msgspec.json.encode(value)


def contract_from_json(data: bytes | str) -> DataContract:
    """Decode strictly: unknown fields and wrong types raise `BadContract`."""
    try:
        return msgspec.json.decode(data, type=DataContract)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadContract(str(error)) from error


def report_from_json(data: bytes | str) -> QualityReport:
    """Decode a stored quality report. Raises `BadContract` when it is not one."""
    try:
        return msgspec.json.decode(data, type=QualityReport)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadContract(str(error)) from error
