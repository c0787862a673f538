"""Replay: the stored inputs through the stored versions once more, compared bit for bit."""

from dataclasses import dataclass, replace

from audit.services import record_read
from core.actors import Actor
from core.errors import Gone, NotFound
from core.vault import SubjectErased
from scoring.models import Decision
from scoring.runtime.answer import output_hash
from scoring.runtime.bundle import engine_versions
from scoring.runtime.bundles import Live, bundle_for
from scoring.runtime.cases import case_from, input_hash
from scoring.runtime.profiles import profile_for
from scoring.selectors.decisions import read_payload
from scoring.services.decision_rows import answer


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of it. `identical` only when inputs, score, PD and the whole answer are the same bits."""

    decision_id: str
    identical: bool
    inputs_intact: bool
    score_same: bool
    pd_same: bool
    answer_same: bool
    engine_same: bool
    output_hash: str
    replayed_output_hash: str


def replay_decision(*, decision_id: str, actor: Actor) -> Replay:
    """Decide again on what is stored. Raises `NotFound`; `Gone` when the person was erased.

    Reading the inputs is a read of personal data and is written down. The caller has checked the permission.
    """
    row = Decision.objects.select_related("application").filter(pk=decision_id).first()
    if row is None:
        raise NotFound("No such decision.")
    record_read(actor=actor, target="decision", target_id=decision_id, detail={"for": "replay"})
    try:
        document = read_payload(row)
    except SubjectErased as error:
        intact = output_hash(row.output) == row.output_hash
        raise Gone(
            f"The person was erased; the stored answer {'matches' if intact else 'does not match'} its hash.",
            code="subject_erased",
        ) from error
    case = case_from(document)
    watchers = tuple((w["slot"], w["version"]) for w in row.output["watched"])
    live = Live(str(row.model_version_id), str(row.policy_version_id), watchers)
    # The bank may count in another currency by now: what was in force then is what is replayed.
    profile = row.output["versions"]["profile"]
    bundle = replace(bundle_for(live), profile=profile_for(profile["code"], profile["currency"]))
    found = answer(bundle, case)
    intact = input_hash(case.payload()) == row.input_hash
    same = found.output_hash == row.output_hash == output_hash(row.output)
    score_same, pd_same = found.score == row.score, found.pd.hex() == row.pd.hex()
    return Replay(
        decision_id=decision_id,
        identical=intact and same and score_same and pd_same,
        inputs_intact=intact,
        score_same=score_same,
        pd_same=pd_same,
        answer_same=same,
        engine_same=row.engine == engine_versions(),
        output_hash=row.output_hash,
        replayed_output_hash=found.output_hash,
    )
