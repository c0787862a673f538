"""Legal holds: what may neither be purged nor erased, and who said so."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from compliance.choices import HoldScope, HoldState
from core.models import BaseRow


class LegalHold(BaseRow):
    """Set and lifted by two people each. `*_by` hold `kind:id` of the actor."""

    scope = models.CharField(_("what"), max_length=10, choices=HoldScope.choices)
    # A person: the id in the key store. The words are under the person's own key.
    subject = models.BinaryField(max_length=32, null=True)
    reference = models.BinaryField(null=True)
    # A dataset's id or a kind's code.
    target = models.CharField(_("object"), max_length=100, blank=True)
    target_label = models.CharField(max_length=200, blank=True)
    reason = models.CharField(_("reason"), max_length=1000)
    state = models.CharField(
        _("state"), max_length=10, choices=HoldState.choices, default=HoldState.PROPOSED
    )
    proposed_by = models.CharField(max_length=140)
    proposed_by_label = models.CharField(_("proposed by"), max_length=254)
    approved_by = models.CharField(max_length=140, blank=True)
    approved_by_label = models.CharField(_("approved by"), max_length=254, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    lifting_by = models.CharField(max_length=140, blank=True)
    lifting_by_label = models.CharField(_("lifting asked for by"), max_length=254, blank=True)
    lifting_reason = models.CharField(max_length=1000, blank=True)
    lifted_by = models.CharField(max_length=140, blank=True)
    lifted_by_label = models.CharField(_("lifted by"), max_length=254, blank=True)
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["state", "scope"], name="compliance_hold_state")
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(state__in=HoldState.values), name="compliance_hold_state_known"
            ),
            models.CheckConstraint(
                condition=Q(scope=HoldScope.PERSON, subject__isnull=False)
                | (Q(scope__in=[HoldScope.DATASET, HoldScope.KIND]) & ~Q(target="")),
                name="compliance_hold_names_something",
            ),
            models.CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=F("proposed_by")),
                name="compliance_hold_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(state=HoldState.LIFTED)
                | (~Q(lifted_by="") & ~Q(lifting_by="") & ~Q(lifted_by=F("lifting_by"))),
                name="compliance_hold_lifted_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {str(self.id)[-12:]}"
