"""Decisions: validated, computed, written with the subject's key in one transaction, and only then answered."""

import hashlib
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, connection, transaction
from psycopg.types.json import Jsonb

from accounts import policies
from audit.keys import row_keys
from core.actors import Actor
from core.clock import now
from core.errors import (
    Conflict,
    FieldError,
    IdempotencyMismatch,
    InvalidInput,
    Unavailable,
    field_error,
)
from core.ids import new_id
from core.tenancy import current_context
from core.vault import vault
from scoring import permissions
from scoring.choices import Slot
from scoring.contracts import DecisionIn
from scoring.engine.errors import ScoreInputError
from scoring.engine.policy import InputRefusedError
from scoring.engine.reasons import CatalogueGapError
from scoring.runtime.answer import Answer, Wish, decide
from scoring.runtime.bundle import Bundle, engine_versions
from scoring.runtime.bundles import Live, bundle_for, model_ids
from scoring.runtime.cases import Case, all_faults, input_hash, request_faults
from scoring.selectors import decisions as selectors
from scoring.selectors.live import model_id_of
from scoring.services.applications import Party, find_or_add, party
from scoring.services.decision_seal import COLUMNS, json_digest, row_hash
from scoring.services.people import key_of

PURPOSE = "scoring.decision"
Row = dict[str, Any]
MAX_APPLICATIONS = 1_000
_KEY = re.compile(r"^[\x21-\x7e]{1,128}$")
_COLUMNS = ("id", "created_at", *COLUMNS, "row_hash")
_INSERT = f"INSERT INTO scoring_decision ({', '.join(_COLUMNS)})"
_PLACES = f"({', '.join(['%s'] * len(_COLUMNS))})"
_ENGINE = engine_versions()
_ENGINE_DIGEST = json_digest(_ENGINE)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a client: the applications, the key that makes it happen once, and the hash of its body."""

    applications: tuple[DecisionIn, ...]
    client: Actor
    key: str
    body_hash: str
    # JSON pointer before each application: empty for a call of one.
    prefixes: tuple[str, ...]
    started_ns: int


@dataclass(frozen=True, slots=True)
class Decided:
    """The answers in the order asked; `replayed` when an earlier call had given them."""

    decisions: tuple[selectors.DecisionView, ...]
    replayed: bool


def new_call(
    *, applications: Sequence[DecisionIn], client: Actor, key: str, body: bytes, many: bool
) -> Call:
    """A call as it came in. Raises `InvalidInput` on a bad key or a wrong number of applications."""
    started = time.perf_counter_ns()
    if not _KEY.match(key):
        detail = (
            "A key of 1 to 128 visible ASCII characters is required in the header Idempotency-Key."
        )
        raise InvalidInput(detail, code="idempotency_key_required")
    if not 1 <= len(applications) <= MAX_APPLICATIONS:
        raise field_error("/applications", "out_of_range", f"1 to {MAX_APPLICATIONS} applications.")
    digest = hashlib.sha256(b"many\n" if many else b"one\n")
    digest.update(body)
    prefixes = tuple(f"/applications/{n}" if many else "" for n in range(len(applications)))
    return Call(tuple(applications), client, key, digest.hexdigest(), prefixes, started)


def decide_applications(*, call: Call) -> Decided:
    """Decide all applications of a call or none. The rows are durable when this returns.

    Raises `InvalidInput`, `IdempotencyMismatch`, `Conflict` (no champion, no policy, the same call still running),
    `SubjectErased`.
    """
    policies.require(call.client, permissions.DECIDE)
    faults = [
        f
        for one, p in zip(call.applications, call.prefixes, strict=True)
        for f in request_faults(one, p)
    ]
    if faults:
        raise InvalidInput("The input is not valid.", errors=faults[:100])
    model_id = _model_of(call)
    try:
        with transaction.atomic():
            live = _begin(call, model_id)
            if live is not None:
                return Decided(_decide(call, live), replayed=False)
    except IntegrityError as error:
        # The same key was committed between our look and our insert: the row that is there is the answer.
        if "scoring_decision_once" not in str(error):
            raise
    return Decided(_earlier(call), replayed=True)


def _model_of(call: Call) -> str | None:
    """The one model of a call, None when it names none; models are never deleted, so its id is kept."""
    codes = {one.model for one in call.applications}
    if len(codes) > 1:
        raise field_error("/applications", "several_models", "One call asks one model.")
    code = codes.pop()
    if not code:
        return None
    schema = current_context().schema
    if len(code) > 60 or "\x00" in code:
        raise field_error(f"{call.prefixes[0]}/model", "unknown_model", "There is no such model.")

    def find() -> str:
        found = model_id_of(code)
        if found is None:
            raise field_error(
                f"{call.prefixes[0]}/model", "unknown_model", "There is no such model."
            )
        return found

    return str(model_ids.get((schema, code), find))


# One round trip: is this call running elsewhere, was it answered, and what is in force now.
_BEGIN = """
SELECT pg_try_advisory_xact_lock(%(lock)s),
    EXISTS (SELECT FROM scoring_decision WHERE client = %(client)s AND idempotency_key = %(key)s),
    (SELECT array_agg(ARRAY[model_id::text, slot, version_id::text] ORDER BY slot, version_id)
     FROM scoring_deployment WHERE valid_from <= %(at)s AND (valid_to IS NULL OR valid_to > %(at)s)
        AND (%(model)s::uuid IS NULL OR model_id = %(model)s::uuid)),
    (SELECT array_agg(ARRAY[p.model_id::text, d.version_id::text])
     FROM scoring_policydeployment AS d JOIN scoring_policy AS p ON p.id = d.policy_id
     WHERE d.valid_from <= %(at)s AND (d.valid_to IS NULL OR d.valid_to > %(at)s)
        AND (%(model)s::uuid IS NULL OR p.model_id = %(model)s::uuid))
"""


def _begin(call: Call, model_id: str | None) -> Live | None:
    """What is in force, or None when the call was answered before."""
    client, schema = key_of(call.client), current_context().schema
    name = f"{schema}\n{client}\n{call.key}".encode()
    lock = int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
    values: dict[str, Any] = {
        "lock": lock,
        "client": client,
        "key": call.key,
        "model": model_id,
        "at": now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, values)
        free, answered, slots, flows = cursor.fetchone()
    if not free:
        raise Conflict(
            "A call with this key is still running.", code="idempotency_in_progress", retry_after=1
        )
    if answered:
        return None
    return _live(slots or [], dict(flows or []))


def _live(slots: Sequence[Sequence[str]], flows: dict[str, str]) -> Live:
    """What decides, of (model, slot, version) and the policy of each model. Raises `Conflict` when nothing can."""
    champions = [(model, version) for model, slot, version in slots if slot == Slot.CHAMPION]
    if not champions:
        raise Conflict("No model is live that could decide this.", code="no_champion")
    if len(champions) > 1:
        raise field_error("/model", "required", "Several models decide here: name one.")
    model, champion = champions[0]
    if model not in flows:
        raise Conflict("No policy is in force for the model.", code="no_policy")
    watchers = tuple((s, v) for m, s, v in slots if m == model and s != Slot.CHAMPION)
    return Live(champion, flows[model], watchers)


def _decide(call: Call, live: Live) -> tuple[selectors.DecisionView, ...]:
    bundle = bundle_for(live)
    faults = all_faults(bundle, call.applications, call.prefixes)
    if faults:
        raise InvalidInput("The input is not valid.", errors=faults)
    cases = [_case(one, bundle.input_names) for one in call.applications]
    answers = [
        answer(bundle, case, prefix) for case, prefix in zip(cases, call.prefixes, strict=True)
    ]
    rows = _rows(call, bundle, cases, answers)
    insert(rows)
    return tuple(_fresh_view(row, bundle) for row in rows)


def _case(given: DecisionIn, read: frozenset[str]) -> Case:
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


def _rows(
    call: Call, bundle: Bundle, cases: Sequence[Case], answers: Sequence[Answer]
) -> list[Row]:
    box, key = vault(), row_keys(current_context().schema)[0]
    parties = [Party(case.application, case.customer) for case in cases]
    boxes = box.subject_boxes([p.customer for p in parties])
    applications = find_or_add(box, list(dict.fromkeys(parties)), boxes)
    ids = [new_id() for _ in cases]
    payloads = [case.payload() for case in cases]
    envelopes = [
        boxes[p.customer].seal(PURPOSE, str(i), data)
        for p, i, data in zip(parties, ids, payloads, strict=True)
    ]
    moment = now()
    rows = []
    for place, found in enumerate(answers):
        values: dict[str, Any] = {
            "id": ids[place],
            "application_id": applications[parties[place]],
            "payload": envelopes[place],
            "input_hash": input_hash(payloads[place]),
            "kind": call.applications[place].kind,
            "position": place,
            **_answered(bundle, found),
            **_asked(call, moment),
        }
        known = {"output": found.output_hash, "engine": _ENGINE_DIGEST}
        rows.append({**values, "created_at": moment, "row_hash": row_hash(key, values, known)})
    return rows


def insert(rows: Sequence[Row]) -> None:
    """One statement for all rows, written by hand: the mapper would cost more than the commit."""
    places = ", ".join([_PLACES] * len(rows))
    values = [_bound(name, row[name]) for row in rows for name in _COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(f"{_INSERT} VALUES {places}", values)


def _bound(name: str, value: Any) -> Any:
    return Jsonb(value, dumps=orjson.dumps) if name in ("output", "engine") else value


def _answered(bundle: Bundle, found: Answer) -> dict[str, Any]:
    return {
        "model_id": UUID(bundle.model_id),
        "model_version_id": UUID(bundle.version_id),
        "policy_version_id": UUID(bundle.policy_version_id),
        "slot": Slot.CHAMPION.value,
        "score": found.score,
        "pd": found.pd,
        "grade": found.ruling.grade,
        "outcome": found.ruling.outcome,
        "output": found.output,
        "output_hash": found.output_hash,
        "engine": _ENGINE,
    }


def _asked(call: Call, moment: datetime) -> dict[str, Any]:
    return {
        "client": key_of(call.client),
        "client_label": call.client.label[:254],
        "idempotency_key": call.key,
        "body_hash": call.body_hash,
        "decided_at": moment,
        "latency_us": (time.perf_counter_ns() - call.started_ns) // 1_000,
    }


def _earlier(call: Call) -> tuple[selectors.DecisionView, ...]:
    """What an earlier call with this key was answered. Raises `IdempotencyMismatch` when it asked something else."""
    rows = list(
        selectors.decision_rows()
        .filter(client=key_of(call.client), idempotency_key=call.key)
        .order_by("position")
    )
    if any(row.body_hash != call.body_hash for row in rows):
        raise IdempotencyMismatch()
    return tuple(selectors.as_view(row) for row in rows)


def _fresh_view(row: Row, bundle: Bundle) -> selectors.DecisionView:
    return selectors.view_of(
        SimpleNamespace(**row),
        model=bundle.model_code,
        number=bundle.version_number,
        policy=bundle.policy_number,
    )
