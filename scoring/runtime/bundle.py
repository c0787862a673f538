"""Everything a decision needs, loaded once: scorer, policy, reasons, limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any
from uuid import UUID

from scoring.engine.loading import Scorer
from scoring.engine.policy import CompiledPolicy, InputField, Policy
from scoring.engine.policy.syntax import Literal
from scoring.engine.pricing import JurisdictionProfile
from scoring.engine.reasons import Catalogue, Reason, build_catalogue
from scoring.engine.spec import NUMERIC
from scoring.engine.training import libraries

# What the policy is given by the model and by the request; everything else comes from the inputs.
SCORE, PD, AMOUNT, TERM = "score", "pd", "amount_minor", "term_months"
GIVEN = frozenset({SCORE, PD, AMOUNT, TERM})
# Of the features that hurt, how many are asked for: rules may already name some of the first four.
REASON_CANDIDATES = 8


@dataclass(frozen=True, slots=True)
class Watcher:
    """A version scored beside the champion, whose answer changes nothing."""

    slot: str
    version_id: str
    number: int
    sha256: str
    scorer: Scorer


@dataclass(frozen=True)
class Bundle:
    """One champion with its policy; frozen, shared between threads. What is derived is derived once."""

    model_id: str
    model_code: str
    product: str
    version_id: str
    version_number: int
    version_sha256: str
    kind: str
    scorer: Scorer
    policy_version_id: str
    policy_number: int
    policy_sha256: str
    policy: CompiledPolicy
    catalogue_id: str
    catalogue_sha256: str
    catalogue: Catalogue
    profile: JurisdictionProfile
    watchers: tuple[Watcher, ...] = ()
    # What the champion was offered in training: a caller may go on sending what a later champion no longer reads.
    candidates: frozenset[str] = frozenset()

    @cached_property
    def text_features(self) -> dict[str, bool]:
        """What the champion reads, and whether it is a text."""
        return {f.name: f.type != NUMERIC for f in self.scorer.features}

    @cached_property
    def other_names(self) -> frozenset[str]:
        """What else may be sent."""
        return (self.input_names | self.candidates) - self.text_features.keys()

    @cached_property
    def model_uuid(self) -> UUID:
        return UUID(self.model_id)

    @cached_property
    def version_uuid(self) -> UUID:
        return UUID(self.version_id)

    @cached_property
    def policy_version_uuid(self) -> UUID:
        return UUID(self.policy_version_id)

    @cached_property
    def policy_inputs(self) -> tuple[InputField, ...]:
        """What the policy reads of the application itself."""
        return tuple(f for f in self.policy.policy.inputs if f.name not in GIVEN)

    @cached_property
    def input_names(self) -> frozenset[str]:
        """Every name that is read, by the champion, by the versions beside it or by the policy."""
        scorers = (self.scorer, *(w.scorer for w in self.watchers))
        features = {feature.name for scorer in scorers for feature in scorer.features}
        return frozenset(features | {f.name for f in self.policy_inputs})


def engine_versions() -> dict[str, str]:
    """Versions the bits of an answer depend on."""
    return {**libraries(), "zen-engine": version("zen-engine")}


def literal_codes(policy: Policy) -> tuple[str, ...]:
    """Every code a policy's tables may give, in document order."""
    codes: dict[str, None] = {}
    for node in policy.graph.nodes:
        columns = [column.id for column in node.outputs if column.field == "code"]
        for row in node.rows:
            for column in columns:
                parsed = policy.expressions.get((node.id, row.id, column))
                if isinstance(parsed, Literal) and isinstance(parsed.value, str):
                    codes[parsed.value] = None
    return tuple(codes)


def catalogue_from_entries(entries: Mapping[str, Mapping[str, Any]]) -> Catalogue:
    """A stored catalogue: code -> {"feature", "en", "zh", "origin"}. Raises `ReasonRefusedError`."""
    return build_catalogue(
        Reason(code, e["feature"], e["en"], e["zh"], e.get("origin", "model"))
        for code, e in entries.items()
    )


def entries_of(reasons: Iterable[Reason]) -> dict[str, dict[str, str]]:
    """The stored form of reasons."""
    return {
        r.code: {"feature": r.feature, "en": r.text_en, "zh": r.text_zh, "origin": r.origin}
        for r in reasons
    }
