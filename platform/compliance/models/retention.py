"""Retention: how long the bank keeps each kind of record, and what each purge did."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from compliance.choices import PurgeMode
from core.models import BaseRow


class RetentionSetting(BaseRow):
    """From its moment on the newest row of a kind is in force; without one, the jurisdiction's default is."""

    database_rights = "append"

    kind = models.CharField(_("kind"), max_length=60)
    days = models.PositiveIntegerField(_("days"))
    note = models.CharField(_("note"), max_length=1000)
    set_by = models.CharField(max_length=140)
    set_by_label = models.CharField(_("set by"), max_length=254)

    class Meta:
        verbose_name = _("retention setting")
        verbose_name_plural = _("retention settings")
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["kind", "-id"], name="compliance_retention_kind")
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(days__gte=1), name="compliance_retention_days")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.days}"


class PurgeRun(BaseRow):
    """One purge or one report of what a purge would do; `report` is written once, by its job."""

    mode = models.CharField(_("mode"), max_length=10, choices=PurgeMode.choices)
    # Per kind: days, before, due, purged, held.
    report = models.JSONField(_("report"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    job_id = models.UUIDField(null=True, blank=True)
    started_by_label = models.CharField(_("started by"), max_length=254)

    class Meta:
        verbose_name = _("purge")
        verbose_name_plural = _("purges")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(mode__in=PurgeMode.values), name="compliance_purge_mode_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_mode_display()} {self.created_at:%Y-%m-%d %H:%M}"
