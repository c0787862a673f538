"""DatasetLoad: one file that came, and what became of it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.models import BaseRow
from datasets.models.contract import DataContractVersion
from datasets.models.dataset import Dataset
from datasets.states import LoadState


class DatasetLoad(BaseRow):
    """Raw bytes as they came, the rows that kept to the contract, and those that did not.

    `number` counts a dataset's loads from 1. Paths are names in `core.storage`, where files are encrypted;
    `sha256` is of the raw file, `data_sha256` of the Parquet file, both before encryption.
    """

    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="loads", verbose_name=_("dataset")
    )
    contract = models.ForeignKey(
        DataContractVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="loads",
        verbose_name=_("data contract"),
    )
    number = models.PositiveIntegerField(_("number"))
    file_name = models.CharField(_("file"), max_length=255)
    size_bytes = models.BigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    format = models.JSONField(_("format"), null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=16, choices=LoadState.choices, default=LoadState.RECEIVED
    )
    error_code = models.CharField(max_length=60, blank=True)
    error = models.TextField(_("error"), blank=True)
    rows_in = models.BigIntegerField(_("rows"), default=0)
    rows_good = models.BigIntegerField(_("good rows"), default=0)
    rows_quarantined = models.BigIntegerField(_("quarantined"), default=0)
    summary = models.JSONField(null=True, blank=True)
    raw_path = models.CharField(max_length=300)
    data_path = models.CharField(max_length=300, blank=True)
    data_sha256 = models.CharField(max_length=64, blank=True)
    quarantine_path = models.CharField(max_length=300, blank=True)
    job_id = models.UUIDField(null=True, blank=True)
    as_of = models.DateField(_("as of"), null=True, blank=True)
    created_by = models.CharField(_("sent by"), max_length=300)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("load")
        verbose_name_plural = _("loads")
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["dataset", "state", "number"], name="load_dataset_state"),
            models.Index(fields=["state", "id"], name="load_state"),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["dataset", "number"], name="load_number_once"),
            models.CheckConstraint(
                condition=Q(state__in=LoadState.values), name="load_state_known"
            ),
            # Nothing is silently dropped: a row is good or it is in quarantine.
            models.CheckConstraint(
                condition=Q(rows_in=F("rows_good") + F("rows_quarantined")), name="load_rows_add_up"
            ),
            models.CheckConstraint(
                condition=~Q(state=LoadState.READY)
                | (~Q(data_path="") & ~Q(data_sha256="") & Q(contract__isnull=False)),
                name="load_ready_has_data",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.file_name}"
