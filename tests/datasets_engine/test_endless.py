"""Files of a gigabyte that are one row: refused after a few megabytes, whoever reads them."""

import io
import os

import pytest

from datasets.engine import convert, sniff
from datasets.engine.errors import RowTooLong
from tests.datasets_engine.samples import contract_of, text

GIGABYTE = 1 << 30


class Endless(io.RawIOBase):
    """A header and then the same byte for a gigabyte; counts what is read."""

    def __init__(self, head: bytes, fill: bytes) -> None:
        super().__init__()
        self.head, self.fill = head, fill
        self.at = self.given = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self.at = {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: GIGABYTE}[whence] + offset
        return self.at

    def read(self, size: int = -1) -> bytes:
        size = min(size if size >= 0 else GIGABYTE, GIGABYTE - self.at)
        data = self.head[self.at : self.at + size]
        data += self.fill * (size - len(data))
        self.at += size
        self.given += size
        return data


@pytest.mark.parametrize(("head", "fill"), [(b"", b"x"), (b'a\n"', b"x"), (b"a\n1\n", b"1")])
def test_one_row_of_a_gigabyte_is_refused_early(head: bytes, fill: bytes) -> None:
    source = Endless(head, fill)
    with pytest.raises(RowTooLong):
        convert(source, contract_of(text("a")), io.BytesIO(), io.BytesIO())
    assert source.given < 40_000_000
    again = Endless(b"", fill)
    with pytest.raises(RowTooLong):
        sniff(again)
    assert again.given < 10_000_000
