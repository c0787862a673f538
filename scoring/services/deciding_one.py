"""Deciding a single application in one round trip: computed on what is believed to be in force, written only if it is.

What is in force, the person's key and the application's id are guesses until PostgreSQL has compared them
(`scoring.decision_function`); a wrong guess costs another round and is never seen by anybody. Whatever would refuse the
caller is said only about what was asked of the database for this very call.
"""

from dataclasses import dataclass
from uuid import UUID

import orjson
from django.db import IntegrityError
from psycopg.errors import ForeignKeyViolation

from audit.keys import row_keys
from core.clock import now
from core.errors import InvalidInput, ProblemError, Unavailable
from core.ids import new_id
from core.metering import admit
from core.tenancy import BankContext, current_bank
from core.vault import Vault, vault
from scoring.runtime.bundle import Bundle
from scoring.runtime.bundles import VersionGone, bundle_for
from scoring.runtime.cases import all_faults
from scoring.selectors import decisions as selectors
from scoring.services import applications
from scoring.services.calls import Call, lock_of
from scoring.services.decision_rows import (
    ENGINE,
    PURPOSE,
    Row,
    answer,
    case_of,
    fresh_view,
    new_row,
)
from scoring.services.decision_write import (
    Kept,
    Party,
    Written,
    application_of_another,
    write_decision,
)
from scoring.services.in_force import (
    InForce,
    believe,
    believed,
    in_force_from,
    look,
    still_running,
)

# Each try but the last learns something new; more than a few mean that somebody deploys in a loop.
TRIES = 6
_ENGINE_TEXT = orjson.dumps(ENGINE).decode()


@dataclass(frozen=True, slots=True)
class _Draft:
    """A decision computed on guesses, ready to be written."""

    row: Row
    party: Party
    bundle: Bundle


def decide_one(call: Call, model_id: str | None) -> selectors.DecisionView | None:
    """The decision, durable; None when the call was answered before.

    Raises `InvalidInput`, `Conflict`, `SubjectErased`, `Unavailable`.
    """
    bank = current_bank()
    lock = lock_of(bank.schema, call)
    guess, kept, asked = believed(bank.schema, model_id), None, False
    admitted = False
    for _ in range(TRIES):
        if guess is None:
            guess, asked = look(call, model_id), True
            if guess is None:
                return None
        try:
            draft = _draft(call, bundle_for(guess.live()), kept)
            if not admitted:
                # A refusal, too, is said only after the database has not known this call's answer.
                admit("decisions")
                admitted = True
        except (ProblemError, VersionGone):
            if asked:
                raise
            guess = None
            continue
        try:
            told = _written(bank, lock, model_id, guess, draft)
        except IntegrityError as error:
            if not isinstance(error.__cause__, ForeignKeyViolation):
                raise
            # The application that was there is purged at this moment: it is a new one.
            kept = None
            continue
        if told.said == "written":
            believe(bank.schema, model_id, guess)
            return fresh_view(draft.row, draft.bundle)
        if told.said == "answered":
            return None
        if told.said == "running":
            raise still_running()
        if told.said == "changed":
            guess, asked = in_force_from(told.in_force), False
        else:
            kept = told.kept
    raise Unavailable(
        "What decides changes too often.", code="deployment_in_progress", retry_after=1
    )


def _draft(call: Call, bundle: Bundle, kept: Kept | None) -> _Draft:
    """Everything that takes time, before any lock is held."""
    given, prefix = call.applications[0], call.prefixes[0]
    faults = all_faults(bundle, call.applications, call.prefixes)
    if faults:
        raise InvalidInput("The input is not valid.", errors=faults)
    case = case_of(given, bundle.input_names)
    found = answer(bundle, case, prefix)
    box, decision = vault(), new_id()
    party = _party(box, applications.Party(case.application, case.customer), kept)
    payload = case.payload()
    row = new_row(
        key=row_keys(box.schema)[0], call=call, place=0, bundle=bundle, found=found,
        decision=decision, application=party.application, payload=payload,
        envelope=party.key.box.seal(PURPOSE, str(decision), payload), moment=now(),
    )  # fmt: skip
    return _Draft(row, party, bundle)


def _party(box: Vault, who: applications.Party, kept: Kept | None) -> Party:
    """The application and the person's key: new ones, unless the database has told of others."""
    subject = box.subject_id(who.customer)
    application = new_id()
    if kept is None:
        key = box.fresh_subject_key(subject)
    else:
        if kept.application is not None:
            if kept.subject != subject:
                raise application_of_another()
            application = kept.application
        key = box.kept_subject_key(subject, kept.wrapped, kept.key_version)

    def sealed(column: str, text: str) -> bytes:
        place = applications.place(column, application)
        return key.box.seal(applications.PURPOSE, place, text.encode())

    return Party(
        application=application,
        reference_index=applications.reference_index(box, who.application),
        reference=sealed(applications.REFERENCE, who.application),
        customer=sealed(applications.CUSTOMER, who.customer),
        key=key,
    )


def _written(
    bank: BankContext, lock: int, model_id: str | None, guess: InForce, draft: _Draft
) -> Written:
    row = {
        **draft.row,
        "output": orjson.dumps(draft.row["output"]).decode(),
        "engine": _ENGINE_TEXT,
    }
    return write_decision(
        bank=bank, lock=lock, asked_model=None if model_id is None else UUID(model_id),
        believed=guess.text, party=draft.party, row=row,
    )  # fmt: skip
