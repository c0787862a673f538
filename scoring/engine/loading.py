"""From artifact bytes to a scorer."""

from __future__ import annotations

from scoring.engine.artifact import model_hash, read
from scoring.engine.boosting_scorer import BoostingScorer
from scoring.engine.errors import ArtifactError
from scoring.engine.scorecard_scorer import ScorecardScorer
from scoring.engine.spec import BOOSTING, SCORECARD

Scorer = ScorecardScorer | BoostingScorer


def load_scorer(artifact: bytes, *, expected_hash: str | None = None) -> Scorer:
    """The model in ``artifact``, fully validated; pure Python reads it, nothing is executed.

    Raises ArtifactError for anything but a well-formed artifact, or when ``expected_hash`` differs.
    """
    found = model_hash(artifact)
    if expected_hash is not None and found != expected_hash:
        raise ArtifactError("the artifact's hash is not the expected one")
    reader = read(artifact)
    if reader.text("kind", (SCORECARD, BOOSTING)) == SCORECARD:
        return ScorecardScorer(reader, found)
    return BoostingScorer(reader, found)
