"""Why a whole file is refused. Each type carries a stable code; rows are quarantined instead."""

from datasets.contracts import BadContract, IntakeError

__all__ = [
    "BadContract",
    "BadHeader",
    "ColumnsMissing",
    "DamagedFile",
    "EmptyFile",
    "FileTooLarge",
    "IntakeError",
    "RowTooLong",
    "SheetMissing",
    "TooManyColumns",
    "TooManyRows",
    "UnknownEncoding",
    "UnsupportedFormat",
    "ZipBomb",
]


class EmptyFile(IntakeError):
    """Not a single record."""

    code = "empty_file"


class UnknownEncoding(IntakeError):
    """No usual encoding reads the file."""

    code = "unknown_encoding"


class UnsupportedFormat(IntakeError):
    """The content is neither delimited text nor xlsx nor Parquet."""

    code = "unsupported_format"


class DamagedFile(IntakeError):
    """The file says what it is and then does not read as such."""

    code = "damaged_file"


class TooManyColumns(IntakeError):
    code = "too_many_columns"


class TooManyRows(IntakeError):
    code = "too_many_rows"


class RowTooLong(IntakeError):
    code = "row_too_long"


class FileTooLarge(IntakeError):
    code = "file_too_large"


class ZipBomb(IntakeError):
    """The archive grows beyond any honest file when it is opened."""

    code = "zip_bomb"


class BadHeader(IntakeError):
    """The header row named by the contract is not in the file."""

    code = "bad_header"


class ColumnsMissing(IntakeError):
    """The contract names columns that the file does not have; `facts["columns"]` lists them."""

    code = "columns_missing"


class SheetMissing(IntakeError):
    code = "sheet_missing"
