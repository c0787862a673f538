"""From the raw file of a load to Parquet, quarantine and report: everything but the commit."""

from dataclasses import dataclass

from core import storage
from core.storage import StoredFile
from datasets import contracts
from datasets.contracts import IntakeSummary, SourceFormat
from datasets.engine import convert
from datasets.models import DataContractVersion, DatasetLoad
from datasets.services.files import binary, reading
from datasets.services.identities import IdentitySealer
from datasets.services.paths import attempt_folder
from datasets.services.quality import measure
from datasets.services.reading import limits, reading_of
from jobs.context import JobContext

DATA, QUARANTINE = "data.parquet", "quarantine.parquet"


@dataclass(frozen=True, slots=True)
class Converted:
    """Files and figures of one attempt, not yet those of the load."""

    format: SourceFormat
    summary: IntakeSummary
    data: StoredFile
    quarantine: StoredFile
    report: contracts.QualityReport

    def discard(self) -> None:
        """Remove the files of an attempt that does not count."""
        storage.delete(self.data.path)
        storage.delete(self.quarantine.path)


def convert_load(*, job: JobContext, load: DatasetLoad, version: DataContractVersion) -> Converted:
    """Run the engine over encrypted files. Raises `IntakeError`, or what the job's progress raises."""
    contract = contracts.contract_from_json(version.body)
    folder = attempt_folder(str(load.dataset_id), str(load.id), job.attempt)
    data_path, quarantine_path = f"{folder}/{DATA}", f"{folder}/{QUARANTINE}"

    def progress(done: int, total: int, rows: int) -> None:
        job.progress(min(done, total - 1), total, f"rows {rows:,}")

    with reading(load.raw_path) as raw:
        seen, told = reading_of(raw, contract, version)
        with (
            storage.open_writer(data_path, overwrite=True) as good,
            storage.open_writer(quarantine_path, overwrite=True) as bad,
        ):
            summary = convert(
                raw,
                contract,
                binary(good),
                binary(bad),
                progress=progress,
                encrypt_identity=IdentitySealer(str(load.id)),
                source_format=told,
                limits=limits(),
            )
    data = StoredFile(path=data_path, size=good.size, sha256=good.sha256)
    quarantine = StoredFile(path=quarantine_path, size=bad.size, sha256=bad.sha256)
    try:
        job.progress(load.size_bytes - 1, load.size_bytes, "quality")
        report = measure(load=load, contract=contract, summary=summary, data_path=data_path)
    except BaseException:
        storage.delete(data_path)
        storage.delete(quarantine_path)
        raise
    return Converted(format=seen, summary=summary, data=data, quarantine=quarantine, report=report)


def discard_attempts(load: DatasetLoad, *, before: int) -> None:
    """Remove what earlier attempts of a killed worker may have left."""
    for attempt in range(1, before):
        folder = attempt_folder(str(load.dataset_id), str(load.id), attempt)
        for name in (DATA, QUARANTINE):
            storage.delete(f"{folder}/{name}")
