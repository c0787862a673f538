from datasets.models.contract import DataContractVersion
from datasets.models.dataset import Dataset
from datasets.models.load import DatasetLoad
from datasets.models.report import QualityReport

__all__ = ["DataContractVersion", "Dataset", "DatasetLoad", "QualityReport"]
