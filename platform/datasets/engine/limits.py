"""How much a single file may ask of the machine."""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one intake. Sizes in bytes; `archive_ratio` is inflated size over stored size."""

    max_bytes: int = 20_000 * MIB
    max_columns: int = 2_000
    max_rows: int = 100_000_000
    row_bytes: int = 1 * MIB
    block_bytes: int = 8 * MIB
    archive_ratio: int = 200
    archive_free_bytes: int = 16 * MIB
    xlsx_bytes: int = 512 * MIB
    xlsx_cells: int = 12_000_000
    gzip_bytes: int = 4_000 * MIB
    parquet_group_bytes: int = 1_024 * MIB
    sample_rows: int = 100_000
    row_group_rows: int = 131_072
    row_group_bytes: int = 48 * MIB


DEFAULT_LIMITS = Limits()
