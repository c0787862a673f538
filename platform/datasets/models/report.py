"""QualityReport: what a load is worth, measured once and kept."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import BaseRow
from datasets.models.load import DatasetLoad


class QualityReport(BaseRow):
    """`body` is a `datasets.contracts.QualityReport` as JSON text; the columns repeat what lists show.

    Scores are shares between 0 and 1.
    """

    database_rights = "append"

    load = models.OneToOneField(
        DatasetLoad, on_delete=models.PROTECT, related_name="quality", verbose_name=_("load")
    )
    body = models.TextField(_("report"))
    completeness = models.FloatField(_("completeness"))
    validity = models.FloatField(_("validity"))
    uniqueness = models.FloatField(_("uniqueness"))
    timeliness = models.FloatField(_("timeliness"), null=True, blank=True)
    stability = models.FloatField(_("stability"), null=True, blank=True)
    bad_rate = models.FloatField(_("bad rate"), null=True, blank=True)
    errors = models.PositiveIntegerField(_("errors"), default=0)
    warnings = models.PositiveIntegerField(_("warnings"), default=0)
    duplicate_rows = models.BigIntegerField(_("duplicates"), default=0)

    class Meta:
        verbose_name = _("quality report")
        verbose_name_plural = _("quality reports")
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"{self.completeness:.1%}"
