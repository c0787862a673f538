"""The audit trail: entries, and the seals that chain them. Nothing here is ever changed, and only a purge
by rule deletes, leaving a tombstone."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import now
from core.ids import new_id
from core.models import BankQuerySet


class AuditEntry(models.Model):
    """Who did what to which object. In a bank's schema its own trail, in public the platform's."""

    database_rights = "append"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(_("time"), default=now, editable=False)
    actor_kind = models.CharField(_("kind of actor"), max_length=10)
    actor_id = models.CharField(max_length=100, blank=True)
    actor_label = models.CharField(_("actor"), max_length=254)
    action = models.CharField(_("action"), max_length=100)
    target = models.CharField(_("target"), max_length=100)
    target_id = models.CharField(_("target id"), max_length=200, blank=True)
    detail = models.JSONField(_("detail"), default=dict, blank=True)
    personal = models.BooleanField(_("read of personal data"), default=False)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    row_hash = models.BinaryField(max_length=32)

    objects = BankQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["target", "target_id", "id"], name="audit_entry_target"),
            models.Index(fields=["actor_id", "id"], name="audit_entry_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target} {self.target_id}".strip()


class AuditSeal(models.Model):
    """A link of the chain: the hash of one row of a sealed table, authenticated together with the
    link before.
    """

    database_rights = "append"

    seq = models.BigIntegerField(_("number"), primary_key=True)
    stream = models.CharField(_("stream"), max_length=40)
    row_id = models.UUIDField(_("row"))
    row_hash = models.BinaryField(max_length=32)
    mac = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField(_("sealed"))

    objects = BankQuerySet.as_manager()

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        ordering: ClassVar[list[str]] = ["-seq"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["row_id", "stream"], name="audit_seal_row_once")
        ]

    def __str__(self) -> str:
        return str(self.seq)


class PendingSeal(models.Model):
    """A committed row that waits for its seal: written by a trigger, taken away by the sealer."""

    database_rights = "write"

    id = models.BigAutoField(primary_key=True)
    stream = models.CharField(max_length=40)
    row_id = models.UUIDField()
    row_hash = models.BinaryField(max_length=32)

    objects = BankQuerySet.as_manager()

    class Meta:
        verbose_name = _("row waiting for its seal")
        verbose_name_plural = _("rows waiting for their seal")

    def __str__(self) -> str:
        return f"{self.stream} {self.row_id}"


class Tombstone(models.Model):
    """Rows of a sealed table that were purged by rule: what the chain still attests and the table no longer has.

    Itself sealed and never removed, so a row that is gone without one was deleted by somebody who may not.
    """

    database_rights = "append"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(_("time"), default=now, editable=False)
    stream = models.CharField(_("stream"), max_length=40)
    row_ids = ArrayField(models.UUIDField())
    # Which purge, by whose rule.
    reason = models.CharField(_("reason"), max_length=200)
    row_hash = models.BinaryField(max_length=32)

    objects = BankQuerySet.as_manager()

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[Any]] = [GinIndex(fields=["row_ids"], name="audit_tombstone_rows")]

    def __str__(self) -> str:
        return f"{self.stream} {len(self.row_ids)}"
