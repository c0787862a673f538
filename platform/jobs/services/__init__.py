from jobs.services.lifecycle import cancel_job, resume_job, start_job
from jobs.services.running import run_job
from jobs.services.sweeping import sweep

__all__ = ["cancel_job", "resume_job", "run_job", "start_job", "sweep"]
