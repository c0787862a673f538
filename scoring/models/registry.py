"""The registry: models, the runs that train them, their versions and where each is deployed."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.models import BaseRow
from scoring.choices import Family, ModelKind, Purpose, Slot, Stage


class Model(BaseRow):
    """A named question ("will this applicant default?") that versions answer one after the other."""

    code = models.SlugField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    family = models.CharField(_("family"), max_length=20, choices=Family.choices)
    product = models.CharField(_("product"), max_length=120, blank=True)
    created_by = models.CharField(max_length=140)
    created_by_label = models.CharField(_("created by"), max_length=254)

    class Meta:
        verbose_name = _("model")
        verbose_name_plural = _("models")
        ordering: ClassVar[list[str]] = ["code"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values), name="scoring_model_purpose"
            ),
            models.CheckConstraint(
                condition=Q(family__in=Family.values), name="scoring_model_family"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ModelRun(BaseRow):
    """A training job: which rows, what was asked, by whom. Its state is its job's."""

    database_rights = "append"

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="runs")
    kind = models.CharField(_("kind"), max_length=20, choices=ModelKind.choices)
    load_id = models.UUIDField(_("dataset load"))
    dataset_name = models.CharField(_("dataset"), max_length=200, blank=True)
    spec = models.JSONField(_("settings"))
    seed = models.BigIntegerField(_("seed"), default=42)
    job = models.OneToOneField(
        "jobs.Job", on_delete=models.PROTECT, related_name="model_run", verbose_name=_("job")
    )
    created_by = models.CharField(max_length=140)
    created_by_label = models.CharField(_("started by"), max_length=254)

    class Meta:
        verbose_name = _("model run")
        verbose_name_plural = _("model runs")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(kind__in=ModelKind.values), name="scoring_run_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} {self.kind}"


class ModelVersion(BaseRow):
    """One trained answer: an artefact that never changes, a report, and its way through review.

    `*_by` hold `kind:id` of the actor, so that a client and a person never look alike.
    """

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    run = models.OneToOneField(
        ModelRun, on_delete=models.PROTECT, related_name="version", null=True, blank=True
    )
    kind = models.CharField(_("kind"), max_length=20, choices=ModelKind.choices)
    stage = models.CharField(
        _("stage"), max_length=20, choices=Stage.choices, default=Stage.DEVELOP
    )
    artifact_path = models.CharField(max_length=300)
    artifact_sha256 = models.CharField(max_length=64)
    artifact_bytes = models.PositiveIntegerField(default=0)
    spec = models.JSONField(_("settings"))
    report = models.JSONField(_("report"))
    # What the scorer reads: name, type, special codes, categories.
    inputs = models.JSONField(_("inputs"))
    auc = models.FloatField(null=True)
    auc_low = models.FloatField(null=True)
    auc_high = models.FloatField(null=True)
    gini = models.FloatField(null=True)
    gini_low = models.FloatField(null=True)
    gini_high = models.FloatField(null=True)
    ks = models.FloatField(null=True)
    ks_low = models.FloatField(null=True)
    ks_high = models.FloatField(null=True)
    trained_by = models.CharField(max_length=140)
    trained_by_label = models.CharField(_("trained by"), max_length=254)
    submitted_by = models.CharField(max_length=140, blank=True)
    submitted_by_label = models.CharField(_("submitted by"), max_length=254, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.CharField(max_length=140, blank=True)
    approved_by_label = models.CharField(_("approved by"), max_length=254, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    review_note = models.TextField(_("note of the review"), blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["model", "number"], name="scoring_version_number"),
            models.CheckConstraint(
                condition=Q(stage__in=Stage.values), name="scoring_version_stage"
            ),
            models.CheckConstraint(
                condition=Q(approved_by="")
                | (~Q(approved_by=F("trained_by")) & ~Q(approved_by=F("submitted_by"))),
                name="scoring_version_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(stage__in=[Stage.APPROVED, Stage.LIVE])
                | (~Q(approved_by="") & ~Q(submitted_by="") & ~Q(review_note="")),
                name="scoring_version_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"


class Deployment(BaseRow):
    """Which version stood in which slot from when to when; at most one champion at any time."""

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="deployments")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="deployments")
    slot = models.CharField(_("slot"), max_length=20, choices=Slot.choices)
    valid_from = models.DateTimeField(_("from"))
    valid_to = models.DateTimeField(_("until"), null=True, blank=True)
    created_by = models.CharField(max_length=140)
    created_by_label = models.CharField(_("deployed by"), max_length=254)

    class Meta:
        verbose_name = _("deployment")
        verbose_name_plural = _("deployments")
        ordering: ClassVar[list[str]] = ["-valid_from"]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["model", "slot", "valid_from"], name="scoring_deployment_live")
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(slot__in=Slot.values), name="scoring_slot_known"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="scoring_deployment_order",
            ),
            models.UniqueConstraint(
                fields=["model"],
                condition=Q(slot=Slot.CHAMPION, valid_to=None),
                name="scoring_one_open_champion",
            ),
            models.UniqueConstraint(
                fields=["version", "slot"],
                condition=Q(valid_to=None),
                name="scoring_one_open_slot",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot} {self.version_id}"
