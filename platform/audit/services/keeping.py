"""What the keeper process calls, over and over: sealing each second, checkpoints each minute."""

import logging

from audit.services.checkpoints import write_checkpoint
from audit.services.sealing import Sealer, all_schemas, scope_of
from core.tenancy import UnknownBank

log = logging.getLogger(__name__)

_sealer = Sealer()
_first_round = [True]


def seal_due_banks() -> int:
    """Seal what waits in every bank that has something. Returns the number of rows."""
    return _sealer.seal_due()


def checkpoint_due_banks() -> int:
    """Sign a checkpoint for each schema sealed since its last one; all of them in a process's first
    round.
    """
    due = set(_sealer.uncovered)
    if _first_round[0]:
        due.update(all_schemas())
        _first_round[0] = False
    written = 0
    for schema in sorted(due):
        try:
            with scope_of(schema):
                written += write_checkpoint() is not None
        except UnknownBank:
            log.info("no checkpoint for %s: the bank is gone", schema)
        except Exception:
            log.exception("checkpoint of %s failed", schema)
            continue
        _sealer.uncovered.discard(schema)
    return written
