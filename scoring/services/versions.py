"""Model versions: review and deployment."""

from core.actors import Actor
from scoring.models import ModelVersion
from scoring.services import review


def submit_for_review(*, version_id: str, actor: Actor) -> ModelVersion:
    """From development to review."""
    return review.submit(review.MODELS, version_id=version_id, actor=actor)  # type: ignore[return-value]


def approve_version(*, version_id: str, actor: Actor, note: str) -> ModelVersion:
    """By a model validator who neither trained nor submitted it."""
    return review.approve(review.MODELS, version_id=version_id, actor=actor, note=note)  # type: ignore[return-value]


def reject_version(*, version_id: str, actor: Actor, note: str) -> ModelVersion:
    """Back to development, with the reason."""
    return review.reject(review.MODELS, version_id=version_id, actor=actor, note=note)  # type: ignore[return-value]


def retire_version(*, version_id: str, actor: Actor, note: str) -> ModelVersion:
    """Out of use for good; not while deployed."""
    return review.retire(review.MODELS, version_id=version_id, actor=actor, note=note)  # type: ignore[return-value]
