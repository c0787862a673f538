"""The one Celery task that runs jobs."""

from celery import shared_task

from core.tasks import ScopedTask
from jobs import services


@shared_task(name="jobs.run", base=ScopedTask)
def run(job_id: str) -> None:
    services.run_job(job_id=job_id)
