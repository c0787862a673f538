"""Reason codes: a catalogue of specific reasons and the choice of the principal ones.

catalogue = default_catalogue(FeatureLabel(c.name, c.label_en, c.label_zh) for c in columns)
catalogue = catalogue.with_reasons([Reason("UNDER_AGE", "age", "...", "...", origin="rule")])
reasons = principal_reasons(
    [ModelReason("duration", 14.0)], policy_result.codes, catalogue, k=4)
"""

from scoring.engine.reasons.catalogue import (
    HIGHER,
    INTERNAL_CODES,
    LOWER,
    Catalogue,
    FeatureLabel,
    Reason,
    build_catalogue,
    default_catalogue,
    default_reason,
    missing_reason,
    reason_code,
)
from scoring.engine.reasons.errors import CatalogueGapError, ReasonError, ReasonRefusedError
from scoring.engine.reasons.principal import (
    MOST,
    ModelReason,
    PrincipalReason,
    principal_reasons,
)
from scoring.engine.reasons.vague import why_vague

__all__ = [
    "HIGHER",
    "INTERNAL_CODES",
    "LOWER",
    "MOST",
    "Catalogue",
    "CatalogueGapError",
    "FeatureLabel",
    "ModelReason",
    "PrincipalReason",
    "Reason",
    "ReasonError",
    "ReasonRefusedError",
    "build_catalogue",
    "default_catalogue",
    "default_reason",
    "missing_reason",
    "principal_reasons",
    "reason_code",
    "why_vague",
]
