"""What a bank's plan and state mean for its jobs' turns; told to the queue when they change."""

from jobs.choices import Queue
from jobs.services import set_bank_terms
from tenants.choices import BankState
from tenants.models import Bank

HELD = frozenset({BankState.SUSPENDED, BankState.CLOSING, BankState.CLOSED})


def tell_queue(bank: Bank) -> None:
    """Bring the queue up to date with one bank. Run it after the change's commit."""
    at_once = bank.plan.at_once
    set_bank_terms(
        bank.schema_name,
        held=bank.state in HELD,
        weight=float(at_once.get("weight", 1)),
        shares={queue: int(at_once[queue]) for queue in Queue.values if queue in at_once},
    )
