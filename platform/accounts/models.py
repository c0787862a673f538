"""People and API clients; in a bank's schema its own, in public the platform's operators."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication

from accounts import policies
from accounts.choices import ClientMethod, Role
from accounts.client_rows import ClientSecret, UsedAssertion
from accounts.sign_in_rows import (
    AttemptCounter,
    CodeDevice,
    Passkey,
    PasswordReset,
    RecoveryCode,
    SecurityRules,
    SignIn,
)
from core.actors import Actor
from core.ids import new_id
from core.models import BankQuerySet, BaseRow
from core.tenancy import PUBLIC_SCHEMA, current_schema

__all__ = [
    "ApiClient",
    "AttemptCounter",
    "ClientSecret",
    "CodeDevice",
    "Invitation",
    "Passkey",
    "PasswordReset",
    "RecoveryCode",
    "SecurityRules",
    "SignIn",
    "UsedAssertion",
    "User",
]


class UserManager(BaseUserManager.from_queryset(BankQuerySet)):  # type: ignore[misc]
    """Finds people by e-mail, case-insensitively."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person. Rights come from roles through `accounts.policies`; there is no superuser."""

    database_rights = "write"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254)
    name = models.CharField(_("name"), max_length=150)
    roles = ArrayField(
        models.CharField(max_length=40, choices=Role.choices), default=list, verbose_name=_("roles")
    )
    language = models.CharField(_("language"), max_length=10, default="en")
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # 1 or 2 for the bank's two emergency administrators; being unique, it holds that there are no more.
    emergency_slot = models.PositiveSmallIntegerField(
        _("emergency administrator"), null=True, blank=True, unique=True
    )
    # When the emergency credential was sealed anew; empty once it was used.
    emergency_sealed_at = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    is_superuser = False

    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering: ClassVar[list[str]] = ["email"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message=_("This e-mail address is known already."),
            ),
            models.CheckConstraint(
                condition=models.Q(emergency_slot__isnull=True)
                | models.Q(emergency_slot__in=(1, 2)),
                name="user_two_emergency_administrators",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        """Everybody here is staff of the bank or of the platform; pages ask for permissions one by one."""
        return self.is_active

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and policies.allowed(self.as_actor(), perm)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active

    def as_actor(self, request_id: str = "") -> Actor:
        """The person as services and the audit trail see them."""
        kind = "ops" if current_schema() == PUBLIC_SCHEMA else "user"
        return Actor(
            kind=kind,  # type: ignore[arg-type]
            id=str(self.id),
            label=self.email,
            roles=frozenset(self.roles),
            request_id=request_id,
        )


class Invitation(BaseRow):
    """A one-time link by which a person sets the first password. Only the token's hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    invited_by = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return str(self.user_id)


class ApiClient(AbstractApplication):
    """A bank's system: OAuth 2.0 client credentials (RFC 6749, section 4.4), by secret or by a key of its own.

    Its secrets are rows of `ClientSecret`; the library's own column for one stays empty.
    """

    database_rights = "write"

    allowed_scopes = ArrayField(
        models.CharField(max_length=60), default=list, verbose_name=_("scopes")
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_by = models.CharField(max_length=200, blank=True)
    method = models.CharField(
        _("authentication"),
        max_length=20,
        choices=ClientMethod.choices,
        default=ClientMethod.SECRET,
    )
    # The public keys of `private_key_jwt`: given, or where they are.
    jwks = models.JSONField(_("public keys (JWK set)"), null=True, blank=True)
    jwks_uri = models.URLField(_("address of the public keys"), max_length=500, blank=True)
    networks = ArrayField(
        models.CharField(max_length=50), default=list, blank=True, verbose_name=_("networks")
    )
    token_seconds = models.PositiveIntegerField(_("seconds a token lives"), default=3600)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta(AbstractApplication.Meta):
        swappable = "OAUTH2_PROVIDER_APPLICATION_MODEL"
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")

    def __str__(self) -> str:
        return self.name or self.client_id

    def is_usable(self, request: Any) -> bool:
        return self.is_active
