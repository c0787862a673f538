"""Names of files: always under the bank's own folder."""

import re

from core.storage.errors import BadPath
from core.tenancy import current_bank

_PART = re.compile(r"[A-Za-z0-9_=@+-][A-Za-z0-9._=@+-]{0,199}")
_MAX = 600


def bank_path(path: str) -> str:
    """`schema/path` for the bank in force. Raises `BadPath`, or `NoBankSet` outside a bank.

    Parts are ASCII letters, digits and `._=@+-`, never starting with a dot: nothing here means
    something else to a file system, an object store or a shell. A name given by a user belongs into
    a column, not into a path.
    """
    parts = path.split("/")
    if len(path) > _MAX or not all(_PART.fullmatch(part) for part in parts):
        raise BadPath()
    return f"{current_bank().schema}/{path}"
