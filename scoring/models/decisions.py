"""Decisions: one row an answer, written before the answer leaves, never changed, sealed into the bank's chain."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import BaseRow
from scoring.choices import DecisionKind, Outcome, Slot
from scoring.models.policies import PolicyVersion
from scoring.models.registry import Model, ModelVersion


class Application(BaseRow):
    """What the bank calls an application: its reference and its customer, both found by blind index only."""

    database_rights = "append"

    # vault.blind_index of the bank's own reference.
    reference_index = models.BinaryField(max_length=32)
    # vault.subject_id of the customer: whose key the inputs are under.
    subject = models.BinaryField(max_length=32)
    # The two references under the person's own key, for the pages: they die with it.
    reference = models.BinaryField()
    customer = models.BinaryField()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["subject"], name="scoring_application_subject")
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["reference_index"], name="scoring_application_reference"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Decision(BaseRow):
    """One answer with everything a replay needs; `payload` alone is personal and dies with its subject's key."""

    database_rights = "append"

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="decisions")
    # No foreign keys in PostgreSQL for the next three (ADR 0015): what they point at is never deleted, the function
    # that writes a decision checks them, and each would lock the same few rows for every decision of the bank.
    model = models.ForeignKey(
        Model, on_delete=models.PROTECT, related_name="decisions", db_constraint=False
    )
    # No index of its own: `scoring_decision_version` begins with it.
    model_version = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        related_name="decisions",
        db_constraint=False,
        db_index=False,
    )
    # Nothing looks for the decisions of a policy version.
    policy_version = models.ForeignKey(
        PolicyVersion,
        on_delete=models.PROTECT,
        related_name="decisions",
        db_constraint=False,
        db_index=False,
    )
    kind = models.CharField(_("kind"), max_length=20, choices=DecisionKind.choices)
    slot = models.CharField(_("slot"), max_length=20, choices=Slot.choices)
    # Inputs, request and salt as canonical JSON, under the subject's key.
    payload = models.BinaryField()
    # SHA-256 of the salted payload: proves what was decided on without telling it.
    input_hash = models.CharField(max_length=64)
    score = models.IntegerField(_("score"))
    pd = models.FloatField(_("PD"))
    grade = models.CharField(_("grade"), max_length=40, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    # The answer as it was given: offer, reasons, hits, trace, shadow scores.
    output = models.JSONField()
    output_hash = models.CharField(max_length=64)
    engine = models.JSONField()
    client = models.CharField(max_length=140)
    client_label = models.CharField(_("asked by"), max_length=254)
    idempotency_key = models.CharField(max_length=128)
    # Position in a call of many; 0 for a single one.
    position = models.PositiveSmallIntegerField(default=0)
    body_hash = models.CharField(max_length=64)
    decided_at = models.DateTimeField(_("decided"))
    latency_us = models.PositiveIntegerField()
    row_hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["outcome", "id"], name="scoring_decision_outcome"),
            models.Index(fields=["model_version", "id"], name="scoring_decision_version"),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["client", "idempotency_key", "position"], name="scoring_decision_once"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="scoring_decision_outcome_known"
            ),
            models.CheckConstraint(
                condition=Q(pd__gte=0.0, pd__lte=1.0), name="scoring_decision_pd"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
