"""The closed lists of scoring: what a model is for, where a version stands, what a decision says."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """What a model predicts; one registry serves all modules."""

    RISK = "risk", _("Risk")
    UPLIFT = "uplift", _("Uplift")
    LOOKALIKE = "lookalike", _("Look-alike")
    PROPENSITY = "propensity", _("Propensity")
    INTENT = "intent", _("Intent")
    CHURN = "churn", _("Churn")


class Family(models.TextChoices):
    """Score families of the trade: A-card, B-card, C-card."""

    APPLICATION = "application", _("Application score (A)")
    BEHAVIOUR = "behaviour", _("Behaviour score (B)")
    COLLECTION = "collection", _("Collection score (C)")


class ModelKind(models.TextChoices):
    SCORECARD = "scorecard", _("Scorecard")
    BOOSTING = "boosting", _("Gradient boosting")


class Stage(models.TextChoices):
    """Stages of a model version; `TRANSITIONS` holds the order, and the database holds it too."""

    DEVELOP = "develop", _("In development")
    REVIEW = "review", _("In review")
    APPROVED = "approved", _("Approved")
    LIVE = "live", _("Live")
    RETIRED = "retired", _("Retired")


class PolicyStage(models.TextChoices):
    DRAFT = "draft", _("Draft")
    REVIEW = "review", _("In review")
    APPROVED = "approved", _("Approved")
    LIVE = "live", _("Live")
    RETIRED = "retired", _("Retired")


# From which stage to which; a superseded version returns to approved, so that it can be put back.
TRANSITIONS: dict[str, frozenset[str]] = {
    Stage.DEVELOP: frozenset({Stage.REVIEW, Stage.RETIRED}),
    PolicyStage.DRAFT: frozenset({Stage.REVIEW, Stage.RETIRED}),
    Stage.REVIEW: frozenset({Stage.APPROVED, Stage.DEVELOP, PolicyStage.DRAFT, Stage.RETIRED}),
    Stage.APPROVED: frozenset({Stage.LIVE, Stage.RETIRED}),
    Stage.LIVE: frozenset({Stage.APPROVED, Stage.RETIRED}),
    Stage.RETIRED: frozenset(),
}


class Slot(models.TextChoices):
    """The champion decides; challengers and shadows are scored and stored beside it."""

    CHAMPION = "champion", _("Champion")
    CHALLENGER = "challenger", _("Challenger")
    SHADOW = "shadow", _("Shadow")


class PolicySource(models.TextChoices):
    FORM = "form", _("Form")
    JDM = "jdm", _("JSON decision model")
    GENERATED = "generated", _("Generated from the model")


class DecisionKind(models.TextChoices):
    DECISION = "decision", _("Decision")
    PRESCREEN = "prescreen", _("Pre-screening")


class Outcome(models.TextChoices):
    APPROVE = "approve", _("Approve")
    REFER = "refer", _("Refer")
    DECLINE = "decline", _("Decline")


class OutcomeSource(models.TextChoices):
    """How an outcome came; what the bank's earlier system knew is never taken for Panorama's own."""

    REST = "rest", _("API")
    FILE = "file", _("File")
    IMPORTED = "imported", _("Imported")
