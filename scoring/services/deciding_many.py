"""Deciding many applications in one transaction: all or none."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.db import connection
from psycopg.types.json import Jsonb

from audit.keys import row_keys
from core.clock import now
from core.errors import InvalidInput
from core.ids import new_id
from core.tenancy import current_context
from core.vault import vault
from scoring.runtime.answer import Answer
from scoring.runtime.bundle import Bundle
from scoring.runtime.bundles import bundle_for
from scoring.runtime.cases import Case, all_faults
from scoring.selectors import decisions as selectors
from scoring.services.applications import Party, find_or_add
from scoring.services.calls import Call
from scoring.services.decision_rows import PURPOSE, Row, answer, case_of, fresh_view, new_row
from scoring.services.decision_seal import COLUMNS
from scoring.services.in_force import InForce

_COLUMNS = ("id", "created_at", *COLUMNS, "row_hash")
_INSERT = f"INSERT INTO scoring_decision ({', '.join(_COLUMNS)})"
_PLACES = f"({', '.join(['%s'] * len(_COLUMNS))})"


def decide_many(call: Call, found: InForce) -> tuple[selectors.DecisionView, ...]:
    """The decisions of a call, written in the transaction in force."""
    bundle = bundle_for(found.live())
    faults = all_faults(bundle, call.applications, call.prefixes)
    if faults:
        raise InvalidInput("The input is not valid.", errors=faults)
    cases = [case_of(one, bundle.input_names) for one in call.applications]
    answers = [
        answer(bundle, case, prefix) for case, prefix in zip(cases, call.prefixes, strict=True)
    ]
    rows = _rows(call, bundle, cases, answers)
    insert(rows)
    return tuple(fresh_view(row, bundle) for row in rows)


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
    return [
        new_row(
            key=key, call=call, place=place, bundle=bundle, found=found, decision=ids[place],
            application=applications[parties[place]], payload=payloads[place],
            envelope=envelopes[place], moment=moment,
        )
        for place, found in enumerate(answers)
    ]  # fmt: skip


def insert(rows: Sequence[Row]) -> None:
    """One statement for all rows, written by hand: the mapper would cost more than the commit."""
    places = ", ".join([_PLACES] * len(rows))
    values = [_bound(name, row[name]) for row in rows for name in _COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(f"{_INSERT} VALUES {places}", values)


def _bound(name: str, value: Any) -> Any:
    return Jsonb(value, dumps=orjson.dumps) if name in ("output", "engine") else value
