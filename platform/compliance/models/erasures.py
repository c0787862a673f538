"""Erasures: one person's request, who approved it, and the certificate of what was done."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from compliance.choices import ErasureState
from core.models import BaseRow


class Erasure(BaseRow):
    """After it is done nothing here tells who the person was: `references` are under a key destroyed with the rest."""

    # Id in the key store of the customer that was asked for.
    subject = models.BinaryField(max_length=32)
    # Canonical JSON of the references, under a key of this request's own.
    references = models.BinaryField()
    reason = models.CharField(_("reason"), max_length=1000)
    state = models.CharField(
        _("state"), max_length=10, choices=ErasureState.choices, default=ErasureState.REQUESTED
    )
    requested_by = models.CharField(max_length=140)
    requested_by_label = models.CharField(_("asked for by"), max_length=254)
    approved_by = models.CharField(max_length=140, blank=True)
    approved_by_label = models.CharField(_("approved by"), max_length=254, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    certificate = models.JSONField(_("certificate"), null=True, blank=True)
    certificate_sha256 = models.CharField(max_length=64, blank=True)
    note = models.CharField(max_length=1000, blank=True)
    job_id = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["subject"], name="compliance_erasure_subject")
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(state__in=ErasureState.values), name="compliance_erasure_state_known"
            ),
            models.CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=F("requested_by")),
                name="compliance_erasure_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ErasureState.RUNNING, ErasureState.DONE])
                | ~Q(approved_by=""),
                name="compliance_erasure_approved",
            ),
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(state__in=[ErasureState.REQUESTED, ErasureState.RUNNING]),
                name="compliance_erasure_one_open",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)[-12:]
