"""Whether a policy and a model version can decide together: the same types, and a text for every reason."""

from core.errors import Conflict
from scoring.engine.policy import load_policy
from scoring.engine.spec import CATEGORICAL
from scoring.models import ModelVersion, PolicyVersion
from scoring.runtime.bundle import GIVEN, catalogue_from_entries


def check_fit(policy: PolicyVersion, version: ModelVersion) -> None:
    """Raises `Conflict` naming what does not fit; asked before either of the two is put to work."""
    check_types(policy, version)
    known = catalogue_from_entries(policy.catalogue.entries).by_feature
    missing = [entry["name"] for entry in version.inputs if entry["name"] not in known]
    if missing:
        raise Conflict(
            f"The policy has no reason text for: {', '.join(missing)[:500]}.", code="reason_missing"
        )


def check_types(policy: PolicyVersion, version: ModelVersion) -> None:
    """What both read must be a text for both or a number for both."""
    kinds = {entry["name"]: entry["type"] for entry in version.inputs}
    wrong = [
        field.name
        for field in load_policy(policy.document).inputs
        if field.name in kinds
        and field.name not in GIVEN
        and (field.type == "string") != (kinds[field.name] == CATEGORICAL)
    ]
    if wrong:
        raise Conflict(
            f"The model reads these inputs as another type: {', '.join(wrong)[:500]}.",
            code="input_type",
        )
