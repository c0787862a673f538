"""From a caller's application to a decision's row, and from the row to what is answered."""

import secrets
import time
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from core.errors import FieldError, InvalidInput, Unavailable, field_error
from scoring.choices import Slot
from scoring.contracts import DecisionIn
from scoring.engine.errors import ScoreInputError
from scoring.engine.policy import InputRefusedError
from scoring.engine.reasons import CatalogueGapError
from scoring.runtime.answer import Answer, Wish, decide
from scoring.runtime.bundle import Bundle, engine_versions
from scoring.runtime.cases import Case, input_hash
from scoring.selectors import decisions as selectors
from scoring.services.applications import party
from scoring.services.calls import Call
from scoring.services.decision_seal import json_digest, row_hash
from scoring.services.people import key_of

PURPOSE = "scoring.decision"
Row = dict[str, Any]
ENGINE = engine_versions()
_ENGINE_DIGEST = json_digest(ENGINE)


def case_of(given: DecisionIn, read: frozenset[str]) -> Case:
    """What nobody reads is not kept (data minimisation): a later champion may read less than callers send."""
    inputs = {name: value for name, value in given.inputs.items() if name in read}
    who = party(given.application, given.customer)
    wish = Wish(given.request.amount_minor, given.request.term_months)
    return Case(who.application, who.customer, inputs, wish, secrets.token_hex(16))


def answer(bundle: Bundle, case: Case, prefix: str = "") -> Answer:
    """The engine's answer with its refusals as field errors."""
    try:
        return decide(bundle, case.values, case.wish)
    except ScoreInputError as error:
        raise field_error(f"{prefix}/inputs/{error.feature}", error.code, str(error)) from error
    except InputRefusedError as error:
        faults = [
            FieldError(f"{prefix}/inputs/{p.column}", p.code, p.reason) for p in error.problems
        ]
        raise InvalidInput("The policy cannot read these inputs.", errors=faults) from error
    except CatalogueGapError as error:
        raise Unavailable("A reason has no words.", code=error.code) from error


def new_row(
    *, key: bytes, call: Call, place: int, bundle: Bundle, found: Answer, decision: UUID,
    application: UUID, payload: bytes, envelope: bytes, moment: datetime,
) -> Row:  # fmt: skip
    """The row of the call's application number `place`, with its authentication code under `key`."""
    client = key_of(call.client)
    row: Row = {
        "id": decision,
        "application_id": application,
        "model_id": bundle.model_uuid,
        "model_version_id": bundle.version_uuid,
        "policy_version_id": bundle.policy_version_uuid,
        "kind": call.applications[place].kind,
        "slot": Slot.CHAMPION.value,
        "payload": envelope,
        "input_hash": input_hash(payload),
        "score": found.score,
        "pd": found.pd,
        "grade": found.ruling.grade,
        "outcome": found.ruling.outcome,
        "output": found.output,
        "output_hash": found.output_hash,
        "engine": ENGINE,
        "client": client,
        "client_label": call.client.label[:254],
        "idempotency_key": call.key,
        "position": place,
        "body_hash": call.body_hash,
        "decided_at": moment,
        "latency_us": (time.perf_counter_ns() - call.started_ns) // 1_000,
    }
    known = {"output": found.output_hash, "engine": _ENGINE_DIGEST}
    row["row_hash"] = row_hash(key, row, known)
    row["created_at"] = moment
    return row


def fresh_view(row: Row, bundle: Bundle) -> selectors.DecisionView:
    """What is answered, from the row just written: no query."""
    return selectors.view_of(
        SimpleNamespace(**row),
        model=bundle.model_code,
        number=bundle.version_number,
        policy=bundle.policy_number,
    )
