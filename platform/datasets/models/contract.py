"""DataContractVersion: what a dataset's files must look like, from one moment on."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import BaseRow
from datasets.models.dataset import Dataset
from datasets.states import ContractState


class DataContractVersion(BaseRow):
    """A draft is edited until a person confirms it; from then on the database refuses any change of it.

    `body` is a `datasets.contracts.DataContract` as JSON text, kept byte for byte; `body_sha256` is its digest.
    """

    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="contracts", verbose_name=_("dataset")
    )
    version = models.PositiveIntegerField(_("version"))
    state = models.CharField(
        _("state"), max_length=12, choices=ContractState.choices, default=ContractState.DRAFT
    )
    body = models.TextField(_("contract"))
    body_sha256 = models.CharField(max_length=64)
    findings = models.JSONField(_("findings"), default=list, blank=True)
    inferred_from = models.ForeignKey(
        "datasets.DatasetLoad",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="inferred_contracts",
        verbose_name=_("inferred from"),
    )
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    created_by = models.CharField(_("created by"), max_length=300)
    confirmed_by = models.CharField(_("confirmed by"), max_length=300, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)

    class Meta:
        verbose_name = _("data contract")
        verbose_name_plural = _("data contracts")
        ordering: ClassVar[list[str]] = ["-version"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["dataset", "version"], name="contract_version_once"),
            models.UniqueConstraint(
                fields=["dataset"],
                condition=models.Q(state=ContractState.DRAFT),
                name="contract_one_draft",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state=ContractState.DRAFT, confirmed_by="", confirmed_at__isnull=True
                )
                | (
                    models.Q(state=ContractState.CONFIRMED, confirmed_at__isnull=False)
                    & ~models.Q(confirmed_by="")
                ),
                name="contract_confirmed_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"
