"""Batch runs: a dataset scored in chunks, each chunk one encrypted Parquet file and one row here."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import BaseRow
from scoring.models.policies import PolicyVersion
from scoring.models.registry import Model, ModelVersion


class BatchRun(BaseRow):
    """One load scored by one model version and one policy version, pinned when it was asked for."""

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="batches")
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="batches"
    )
    policy_version = models.ForeignKey(
        PolicyVersion, on_delete=models.PROTECT, related_name="batches"
    )
    load_id = models.UUIDField(_("dataset load"))
    dataset_name = models.CharField(_("dataset"), max_length=200, blank=True)
    rows = models.BigIntegerField(_("rows"), default=0)
    chunk_rows = models.PositiveIntegerField(default=50_000)
    # Set once, with the last chunk: counts, hashes of all chunks, seconds.
    manifest = models.JSONField(null=True, blank=True)
    job = models.OneToOneField(
        "jobs.Job", on_delete=models.PROTECT, related_name="batch_run", verbose_name=_("job")
    )
    created_by = models.CharField(max_length=140)
    created_by_label = models.CharField(_("started by"), max_length=254)

    class Meta:
        verbose_name = _("batch run")
        verbose_name_plural = _("batch runs")
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"{self.dataset_name} {self.created_at:%Y-%m-%d}"


class BatchChunk(BaseRow):
    """Rows `first_row` to `first_row + rows - 1` of a run; its existence says they are done, once."""

    database_rights = "append"

    run = models.ForeignKey(BatchRun, on_delete=models.PROTECT, related_name="chunks")
    number = models.PositiveIntegerField()
    first_row = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    path = models.CharField(max_length=300)
    # Of the Parquet file before encryption.
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    counts = models.JSONField()

    class Meta:
        verbose_name = _("chunk")
        verbose_name_plural = _("chunks")
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["run", "number"], name="scoring_chunk_once"),
            models.UniqueConstraint(fields=["run", "first_row"], name="scoring_chunk_rows_once"),
        ]

    def __str__(self) -> str:
        return str(self.number)
