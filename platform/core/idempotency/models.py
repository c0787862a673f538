"""Answers that were given, kept for a day so that a call that comes again is answered the same."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import BaseRow


class StoredAnswer(BaseRow):
    """What one call of one client was answered, in the transaction of the call's effect.

    `answer` is under the bank's key, or under the key of the person it speaks of: an erasure makes it unreadable.
    """

    database_rights = "write"

    # `kind:id` of the actor, so that no client ever meets another's key.
    client = models.CharField(max_length=140)
    key = models.CharField(max_length=128)
    # SHA-256 of method, path, query and body (`core.idempotency.calls`).
    call_hash = models.BinaryField(max_length=32)
    answer = models.BinaryField()
    # The person's reference under the bank's key; empty when the answer speaks of nobody.
    subject = models.BinaryField(default=b"", blank=True)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("stored answer")
        verbose_name_plural = _("stored answers")
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["client", "key"], name="idempotency_answer_once")
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["expires_at"], name="idempotency_answer_expiry")
        ]

    def __str__(self) -> str:
        return str(self.id)
