"""What became of applications, as the bank reports it, and what the bank calls default."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import BaseRow
from scoring.choices import OutcomeSource
from scoring.models.decisions import Application


class OutcomeObservation(BaseRow):
    """How a case stood on a day. A later word for the same day is another row: of each day the newest counts."""

    database_rights = "append"

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="outcomes")
    as_of = models.DateField(_("as of"))
    days_past_due = models.PositiveIntegerField(_("days past due"))
    # Minor units of the bank's currency.
    balance_minor = models.BigIntegerField(_("balance"), null=True, blank=True)
    in_default = models.BooleanField(_("in default"), default=False)
    closed = models.BooleanField(_("closed in good order"), default=False)
    # When the bank knew, which may be before it told.
    known_at = models.DateTimeField(_("known"))
    source = models.CharField(_("source"), max_length=10, choices=OutcomeSource.choices)
    # SHA-256 of what was said: the same word twice is one row.
    content_hash = models.BinaryField(max_length=32)
    told_by = models.CharField(_("told by"), max_length=254)

    class Meta:
        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["application", "as_of", "-known_at"], name="scoring_outcome_newest"
            )
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["application", "as_of", "content_hash"], name="scoring_outcome_once"
            ),
            models.CheckConstraint(
                condition=Q(source__in=OutcomeSource.values), name="scoring_outcome_source"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.as_of} {self.days_past_due}"


class DefaultDefinition(BaseRow):
    """What this bank calls default; the newest row is in force, older ones say what earlier figures stood on."""

    database_rights = "append"

    days_past_due = models.PositiveIntegerField(_("days past due"))
    months = models.PositiveIntegerField(_("months"))
    use_flag = models.BooleanField(_("the bank's own flag counts"), default=True)
    note = models.CharField(_("note"), max_length=1000)
    set_by = models.CharField(max_length=140)
    set_by_label = models.CharField(_("set by"), max_length=254)

    class Meta:
        verbose_name = _("definition of default")
        verbose_name_plural = _("definitions of default")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(
                    days_past_due__gte=1, days_past_due__lte=720, months__gte=1, months__lte=60
                ),
                name="scoring_default_in_range",
            )
        ]

    def __str__(self) -> str:
        return f"{self.days_past_due}/{self.months}"
