"""What belongs to an API client: its secrets, and the assertions it has used."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import BaseRow


class ClientSecret(BaseRow):
    """A secret of a client, kept as a hash; two may be valid while the bank's systems change over."""

    client = models.ForeignKey(
        "accounts.ApiClient", on_delete=models.CASCADE, related_name="secrets"
    )
    secret_hash = models.CharField(max_length=255)
    # The first characters, by which people tell secrets apart.
    hint = models.CharField(_("begins with"), max_length=8, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    created_by = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("client secret")
        verbose_name_plural = _("client secrets")
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.hint or str(self.pk)


class UsedAssertion(BaseRow):
    """The `jti` of a client assertion that was taken: never taken again before it has expired anyway."""

    key = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("used assertion")
        verbose_name_plural = _("used assertions")
        indexes: ClassVar[list[Any]] = [models.Index(fields=["expires_at"], name="assertion_old")]

    def __str__(self) -> str:
        return self.key
