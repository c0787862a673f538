"""The closed lists of dataset intake: types, roles, privacy classes, reasons, severities."""

from enum import StrEnum


class FileKind(StrEnum):
    """What a file is by its content; its name is never asked."""

    TEXT = "text"
    XLSX = "xlsx"
    PARQUET = "parquet"


class Compression(StrEnum):
    NONE = "none"
    GZIP = "gzip"


class ColumnType(StrEnum):
    INTEGER = "integer"
    DECIMAL = "decimal"
    TEXT = "text"
    CATEGORY = "category"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"


class Role(StrEnum):
    """What a column is for. `PROHIBITED` columns are read past and never stored."""

    FEATURE = "feature"
    TARGET = "target"
    TIME = "time"
    ID = "id"
    WEIGHT = "weight"
    PROTECTED = "protected"
    PROHIBITED = "prohibited"
    KNOWN_AFTER_DECISION = "known_after_decision"
    IGNORE = "ignore"


class Privacy(StrEnum):
    """`IDENTITY` is stored encrypted with a blind index; the other two in clear."""

    IDENTITY = "identity"
    ATTRIBUTE = "attribute"
    RESTRICTED = "restricted"


class Reason(StrEnum):
    """Why a row was quarantined."""

    RAGGED_ROW = "ragged_row"
    SHIFTED_ROW = "shifted_row"
    EMPTY_ROW = "empty_row"
    BAD_QUOTING = "bad_quoting"
    UNTERMINATED_QUOTE = "unterminated_quote"
    BAD_ENCODING = "bad_encoding"
    NUL_BYTE = "nul_byte"
    UNTYPABLE = "untypable"
    NOT_FINITE = "not_finite"
    OUT_OF_RANGE = "out_of_range"
    MISSING_REQUIRED = "missing_required"
    NOT_ALLOWED = "not_allowed"
    PATTERN_MISMATCH = "pattern_mismatch"
    DUPLICATE_KEY = "duplicate_key"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


NUMERIC_TYPES = frozenset({ColumnType.INTEGER, ColumnType.DECIMAL})
TEXT_TYPES = frozenset({ColumnType.TEXT, ColumnType.CATEGORY})
TIME_TYPES = frozenset({ColumnType.DATE, ColumnType.DATETIME})
