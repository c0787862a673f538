"""A bank's identity provider, whose account is whose, and who is logged in by it."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import BaseRow
from federation.choices import ProviderMethod

PERSON = settings.AUTH_USER_MODEL


def default_scopes() -> list[str]:
    return ["openid", "profile", "email"]


def default_second_factors() -> list[str]:
    """Values of `amr` (RFC 8176) that mean a second factor."""
    return ["mfa", "otp", "hwk", "swk"]


class Provider(BaseRow):
    """The OpenID provider of a bank, or of the operators; at most one row.

    `sealed_secret` and `sealed_key` are envelopes of the vault, bound to this row.
    """

    only = models.BooleanField(default=True, unique=True, editable=False)
    name = models.CharField(_("name on the button"), max_length=60)
    issuer = models.CharField(_("issuer"), max_length=300)
    client_id = models.CharField(_("client id"), max_length=200)
    method = models.CharField(
        _("authentication"),
        max_length=30,
        choices=ProviderMethod.choices,
        default=ProviderMethod.BASIC,
    )
    sealed_secret = models.BinaryField(null=True, blank=True)
    sealed_key = models.BinaryField(null=True, blank=True)
    public_key = models.JSONField(null=True, blank=True)
    scopes = ArrayField(
        models.CharField(max_length=100), default=default_scopes, verbose_name=_("scopes")
    )
    role_claim = models.CharField(_("claim that holds the roles"), max_length=100, blank=True)
    # Value of the claim -> role.
    role_map = models.JSONField(_("roles by value"), default=dict, blank=True)
    email_domains = ArrayField(
        models.CharField(max_length=253), default=list, blank=True, verbose_name=_("e-mail domains")
    )
    creates_people = models.BooleanField(_("creates people at their first login"), default=False)
    # The claim that equals the externalId which SCIM gave.
    link_claim = models.CharField(
        _("claim that equals the external id of SCIM"), max_length=100, default="sub"
    )
    trusts_second_factor = models.BooleanField(_("its second factor counts here"), default=False)
    second_factor_values = ArrayField(
        models.CharField(max_length=200),
        default=default_second_factors,
        blank=True,
        verbose_name=_("values of acr and amr that mean a second factor"),
    )
    is_active = models.BooleanField(_("in use"), default=True)
    is_enforced = models.BooleanField(_("the only way in"), default=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("single sign-on")
        verbose_name_plural = _("single sign-on")
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=models.Q(only=True), name="provider_one_row")
        ]

    def __str__(self) -> str:
        return self.name


class Link(BaseRow):
    """An account at an identity provider that is a person's: by issuer and subject, never by e-mail."""

    user = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="links")
    issuer = models.CharField(_("issuer"), max_length=300)
    subject = models.CharField(_("subject"), max_length=255)
    # "created", "linked" by the person, or "provisioned" by SCIM.
    origin = models.CharField(max_length=20)
    last_login_at = models.DateTimeField(_("last login"), null=True, blank=True)

    class Meta:
        verbose_name = _("linked account")
        verbose_name_plural = _("linked accounts")
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="link_one_person"),
            models.UniqueConstraint(fields=["issuer", "user"], name="link_one_account"),
        ]

    def __str__(self) -> str:
        return self.subject


class FederatedLogin(BaseRow):
    """Which of our sessions an identity provider's session opened, so that it can end it (back-channel logout)."""

    user = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="federated_logins")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    sid = models.CharField(max_length=255, blank=True)
    session = models.CharField(max_length=64)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("login by single sign-on")
        verbose_name_plural = _("logins by single sign-on")
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["issuer", "subject"], name="federated_by_subject"),
            models.Index(fields=["created_at"], name="federated_old"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ScimPerson(BaseRow):
    """What a bank's directory says of a person over SCIM."""

    user = models.OneToOneField(PERSON, on_delete=models.CASCADE, related_name="scim")
    external_id = models.CharField(max_length=255, blank=True)
    given_name = models.CharField(max_length=150, blank=True)
    family_name = models.CharField(max_length=150, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("person of the directory")
        verbose_name_plural = _("people of the directory")
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~models.Q(external_id=""),
                name="scim_external_id_unique",
            )
        ]

    def __str__(self) -> str:
        return self.external_id or str(self.user_id)
