"""Putting a load on its way."""

from core.actors import Actor
from datasets.models import Dataset, DatasetLoad
from datasets.states import LoadState
from jobs.services import start_job

KIND = "datasets.intake"


def start_intake(*, load: DatasetLoad, dataset: Dataset, actor: Actor) -> None:
    """Start the job that takes the load as far as it can go, in the caller's transaction."""
    load.state, load.error, load.error_code = LoadState.RECEIVED, "", ""
    job = start_job(
        kind=KIND,
        params={"load": str(load.id)},
        actor=actor,
        title=f"{dataset.name} #{load.number}",
        total=load.size_bytes,
    )
    load.job_id = job.id
    load.save()
