from jobs.services.dispatching import dispatch, dispatch_all, forget_bank, set_bank_terms
from jobs.services.lifecycle import cancel_job, resume_job, start_job
from jobs.services.running import run_job
from jobs.services.sweeping import sweep

__all__ = [
    "cancel_job",
    "dispatch",
    "dispatch_all",
    "forget_bank",
    "resume_job",
    "run_job",
    "set_bank_terms",
    "start_job",
    "sweep",
]
