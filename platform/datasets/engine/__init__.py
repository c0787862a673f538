"""Dataset intake without a framework: look at a file, propose a contract, convert, judge, read."""

from datasets.engine.contract_rules import validate_contract
from datasets.engine.converting import convert
from datasets.engine.inference import infer_contract, inspect
from datasets.engine.limits import DEFAULT_LIMITS, Limits
from datasets.engine.quality import quality_report
from datasets.engine.quarantine import export_csv, export_xlsx
from datasets.engine.reading import iter_batches, read_columns, row_count
from datasets.engine.sniffing import sniff
from datasets.engine.targets import bad_flags

__all__ = [
    "DEFAULT_LIMITS",
    "Limits",
    "bad_flags",
    "convert",
    "export_csv",
    "export_xlsx",
    "infer_contract",
    "inspect",
    "iter_batches",
    "quality_report",
    "read_columns",
    "row_count",
    "sniff",
    "validate_contract",
]
