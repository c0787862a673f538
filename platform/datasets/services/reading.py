"""How a load's file is to be read: as its contract says, or as it looks."""

from typing import BinaryIO

from datasets.contracts import DataContract, SourceFormat
from datasets.engine import Limits, sniff
from datasets.engine.chunk_sources import format_of
from datasets.models import DataContractVersion
from datasets.services.receiving import max_bytes

APPEARANCE = ("kind", "encoding", "delimiter", "header_row", "trailing_delimiter", "sheet")


def limits() -> Limits:
    return Limits(max_bytes=max_bytes())


def reading_of(
    handle: BinaryIO, contract: DataContract, version: DataContractVersion
) -> tuple[SourceFormat, SourceFormat]:
    """(what the file looks like, how to read it).

    A person may have corrected in the contract what the first look got wrong. So a file that looks as the one the
    contract was inferred from is read as the contract says; one that looks different (another encoding, Excel instead
    of text) as it looks.
    """
    seen = sniff(handle, limits=limits())
    handle.seek(0)
    first = version.inferred_from.format if version.inferred_from else None
    if first is None or any(first.get(name) != getattr(seen, name) for name in APPEARANCE):
        return seen, seen
    told = format_of(contract, handle)
    handle.seek(0)
    return seen, told
