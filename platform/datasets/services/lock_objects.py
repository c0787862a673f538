"""Row locks, taken in one order: the dataset first, then what belongs to it."""

from core.errors import NotFound
from datasets.models import DataContractVersion, Dataset, DatasetLoad
from datasets.states import ContractState


def locked_dataset(dataset_id: str) -> Dataset:
    """Raises `NotFound`."""
    row: Dataset | None = Dataset.objects.select_for_update().filter(pk=dataset_id).first()
    if row is None:
        raise NotFound("No such dataset.")
    return row


def locked_load(load_id: str) -> DatasetLoad:
    """Raises `NotFound`."""
    row: DatasetLoad | None = DatasetLoad.objects.select_for_update().filter(pk=load_id).first()
    if row is None:
        raise NotFound("No such load.")
    return row


def locked_draft(dataset_id: str) -> DataContractVersion | None:
    """The dataset's draft, or None; call it with the dataset locked."""
    row: DataContractVersion | None = (
        DataContractVersion.objects.select_for_update()
        .filter(dataset_id=dataset_id, state=ContractState.DRAFT)
        .first()
    )
    return row
