"""What can go wrong in the engine, as types; ``code`` is stable and short."""

from __future__ import annotations


class EngineError(ValueError):
    """Base of the engine's errors."""

    code = "engine"


class SpecError(EngineError):
    """A training specification contradicts itself."""

    code = "invalid_spec"


class FrameError(EngineError):
    """Training data do not have the promised shape or type."""

    code = "invalid_frame"


class TrainingError(EngineError):
    """No model can be learned from these data under this specification."""

    code = "training_failed"


class ArtifactError(EngineError):
    """Bytes are not a valid model artifact."""

    code = "invalid_artifact"


class ScoreInputError(EngineError):
    """A value to be scored is absent or of the wrong type; ``feature`` names it."""

    code = "invalid_input"

    def __init__(self, feature: str, message: str) -> None:
        super().__init__(f"{feature}: {message}")
        self.feature = feature
