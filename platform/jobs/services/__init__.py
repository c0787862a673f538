from jobs.services.dispatching import dispatch, dispatch_all, set_bank_terms
from jobs.services.lifecycle import cancel_job, resume_job, start_job
from jobs.services.running import run_job
from jobs.services.sweeping import sweep
from jobs.services.tickets import Place, place_of

__all__ = [
    "Place",
    "cancel_job",
    "dispatch",
    "dispatch_all",
    "place_of",
    "resume_job",
    "run_job",
    "set_bank_terms",
    "start_job",
    "sweep",
]
