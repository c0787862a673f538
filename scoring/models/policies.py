"""Policies: how a score becomes a decision and an offer. Versioned and approved like models."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.models import BaseRow
from scoring.choices import PolicySource, PolicyStage
from scoring.models.registry import Model, ModelVersion


class ReasonCatalogue(BaseRow):
    """What each reason code says, in English and Chinese. A version never changes."""

    database_rights = "append"

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="catalogues")
    number = models.PositiveIntegerField(_("version"))
    # code -> {"en": sentence, "zh": sentence}
    entries = models.JSONField(_("texts"))
    sha256 = models.CharField(max_length=64)
    created_by = models.CharField(max_length=140)
    created_by_label = models.CharField(_("written by"), max_length=254)

    class Meta:
        verbose_name = _("reason catalogue")
        verbose_name_plural = _("reason catalogues")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["model", "number"], name="scoring_catalogue_number")
        ]

    def __str__(self) -> str:
        return f"v{self.number}"


class Policy(BaseRow):
    """The decision flow that stands on one model's score."""

    model = models.OneToOneField(Model, on_delete=models.PROTECT, related_name="policy")
    name = models.CharField(_("name"), max_length=120)
    created_by = models.CharField(max_length=140)
    created_by_label = models.CharField(_("created by"), max_length=254)

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class PolicyVersion(BaseRow):
    """One decision flow in JDM with the texts of its codes; fixed once it leaves draft."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    # Canonical JSON text (scoring.engine.policy.canonical_json): jsonb would lose digits.
    document = models.TextField(_("decision flow"))
    sha256 = models.CharField(max_length=64)
    source = models.CharField(_("source"), max_length=20, choices=PolicySource.choices)
    catalogue = models.ForeignKey(
        ReasonCatalogue, on_delete=models.PROTECT, related_name="policy_versions"
    )
    # The version it was generated from, if it was.
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="policies", null=True, blank=True
    )
    stage = models.CharField(
        _("stage"), max_length=20, choices=PolicyStage.choices, default=PolicyStage.DRAFT
    )
    note = models.TextField(_("note"), blank=True)
    authored_by = models.CharField(max_length=140)
    authored_by_label = models.CharField(_("written by"), max_length=254)
    submitted_by = models.CharField(max_length=140, blank=True)
    submitted_by_label = models.CharField(_("submitted by"), max_length=254, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.CharField(max_length=140, blank=True)
    approved_by_label = models.CharField(_("approved by"), max_length=254, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    review_note = models.TextField(_("note of the review"), blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["policy", "number"], name="scoring_policy_number"),
            models.CheckConstraint(
                condition=Q(stage__in=PolicyStage.values), name="scoring_policy_stage"
            ),
            models.CheckConstraint(
                condition=Q(approved_by="")
                | (~Q(approved_by=F("authored_by")) & ~Q(approved_by=F("submitted_by"))),
                name="scoring_policy_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(stage__in=[PolicyStage.APPROVED, PolicyStage.LIVE])
                | (~Q(approved_by="") & ~Q(submitted_by="") & ~Q(review_note="")),
                name="scoring_policy_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"


class PolicyDeployment(BaseRow):
    """Which policy version was in force from when to when; one at any time."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="deployments")
    version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="deployments")
    valid_from = models.DateTimeField(_("from"))
    valid_to = models.DateTimeField(_("until"), null=True, blank=True)
    created_by = models.CharField(max_length=140)
    created_by_label = models.CharField(_("deployed by"), max_length=254)

    class Meta:
        verbose_name = _("policy deployment")
        verbose_name_plural = _("policy deployments")
        ordering: ClassVar[list[str]] = ["-valid_from"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="scoring_policy_deploy_order",
            ),
            models.UniqueConstraint(
                fields=["policy"], condition=Q(valid_to=None), name="scoring_one_open_policy"
            ),
        ]

    def __str__(self) -> str:
        return str(self.version_id)
