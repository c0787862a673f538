"""A first look at a file nobody has described yet."""

from datasets.contracts import Inspection
from datasets.engine import inspect
from datasets.models import DatasetLoad
from datasets.services.files import reading
from datasets.services.reading import limits


def inspect_load(load: DatasetLoad) -> Inspection:
    """Format, proposed contract and findings of the raw file. Raises `IntakeError`."""
    with reading(load.raw_path) as raw:
        return inspect(raw, name=load.dataset.name, limits=limits())
