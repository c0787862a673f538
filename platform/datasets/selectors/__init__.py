"""What other modules may ask of datasets. Everything runs in the scope of the bank in force and comes back evaluated.

    row_count(load_id)                              good rows of a ready load
    contract_of(load_id) -> ContractView            the contract it was converted by (.contract, .version, .sha256)
    column_names(load_id)                           columns that can be read in clear
    open_columns(load_id, columns)                  {name: numpy array of row_count values}
    open_target(load_id)                            1 bad, 0 good, NaN unknown, by the contract's direction
    iter_columns(load_id, columns, batch_rows, first_row=0)   the same as open_columns, a batch at a time in row order
    get_load(load_id) -> LoadView                   state, counts, hashes, quality scores
    ready_loads(dataset_id) -> [LoadView]           newest first
    get_dataset(dataset_id), find_dataset(name)     DatasetView
    get_contract(dataset_id, version=None)          newest or given version
    confirmed_contract(dataset_id)                  what the next file is held to, or None
    quality_of(load_id) -> QualityReport            datasets.contracts.QualityReport

Numbers come as float64 with NaN for missing, text as object arrays of str and None, dates as datetime64[D], moments as
datetime64[us] in UTC. Special codes (-9) are numbers among numbers: the contract says which. Unknown ids, also those of
another bank, raise `core.errors.NotFound`.
"""

from datasets.selectors.catalogue import (
    as_contract,
    as_dataset,
    as_load,
    confirmed_contract,
    contract_history,
    contract_of,
    dataset_rows,
    find_dataset,
    get_contract,
    get_dataset,
    get_load,
    load_rows,
    quality_of,
    ready_loads,
    row_count,
    summary_of,
)
from datasets.selectors.data import column_names, iter_columns, open_columns, open_target
from datasets.selectors.records import ContractView, DatasetView, LoadView, QualityScores

__all__ = [
    "ContractView",
    "DatasetView",
    "LoadView",
    "QualityScores",
    "as_contract",
    "as_dataset",
    "as_load",
    "column_names",
    "confirmed_contract",
    "contract_history",
    "contract_of",
    "dataset_rows",
    "find_dataset",
    "get_contract",
    "get_dataset",
    "get_load",
    "iter_columns",
    "load_rows",
    "open_columns",
    "open_target",
    "quality_of",
    "ready_loads",
    "row_count",
    "summary_of",
]
