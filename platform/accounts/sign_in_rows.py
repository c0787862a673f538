"""Sign-ins, second factors and counters of attempts; like people, in a bank's schema and in public."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.choices import EndReason, Proof
from core.models import BankQuerySet, BaseRow

PERSON = settings.AUTH_USER_MODEL


class SignIn(BaseRow):
    """One login of one person in one browser. It opens pages only once a second factor is proved.

    The browser's session names this row and nothing else, so that ending the row ends the session at once.
    """

    user = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="sign_ins")
    first_factor = models.CharField(_("first factor"), max_length=20, choices=Proof.choices)
    second_factor = models.CharField(
        _("second factor"), max_length=20, choices=Proof.choices, blank=True
    )
    # When the second factor was last shown: at the login, and again for what matters.
    proved_at = models.DateTimeField(null=True, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    device = models.CharField(_("device"), max_length=200, blank=True)
    last_seen_at = models.DateTimeField(_("last seen"))
    idle_seconds = models.PositiveIntegerField()
    expires_at = models.DateTimeField(_("ends at the latest"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(
        _("why it ended"), max_length=20, choices=EndReason.choices, blank=True
    )
    # Changes with the password, which so ends every other sign-in.
    auth_hash = models.CharField(max_length=128)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["user"], name="sign_in_open", condition=models.Q(ended_at__isnull=True)
            )
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(second_factor="", proved_at__isnull=True)
                | (~models.Q(second_factor="") & models.Q(proved_at__isnull=False)),
                name="sign_in_proved_by_something",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_assured(self) -> bool:
        """True once a second factor was proved: only then does the sign-in open a page."""
        return bool(self.second_factor) and self.proved_at is not None


class CodeDevice(BaseRow):
    """An authenticator app. `secret` is an envelope of the vault, bound to this row."""

    user = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="code_devices")
    name = models.CharField(_("name"), max_length=60)
    secret = models.BinaryField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # The step of the last code taken: no code at or before it is taken again.
    last_step = models.BigIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("authenticator app")
        verbose_name_plural = _("authenticator apps")
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.name


class Passkey(BaseRow):
    """A WebAuthn credential. Its public key is no secret."""

    user = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(_("name"), max_length=60)
    credential_id = models.BinaryField(unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    transports = models.JSONField(default=list)
    # True when the credential is kept in sync by its maker's cloud.
    synced = models.BooleanField(default=False)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.name


class RecoveryCode(BaseRow):
    """A hash of a code that replaces the second factor once."""

    user = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")

    def __str__(self) -> str:
        return str(self.pk)


class PasswordReset(BaseRow):
    """A mailed one-time link by which a person sets a new password. Only the token's hash is kept."""

    user = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="password_resets")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("password reset")
        verbose_name_plural = _("password resets")

    def __str__(self) -> str:
        return str(self.pk)


class AttemptCounter(models.Model):
    """Failures of one kind for one account, device or network, by a hash: it names nobody."""

    database_rights = "write"

    key = models.CharField(primary_key=True, max_length=64)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()
    next_at = models.DateTimeField()

    objects = BankQuerySet.as_manager()

    class Meta:
        verbose_name = _("counter of attempts")
        verbose_name_plural = _("counters of attempts")
        indexes: ClassVar[list[Any]] = [models.Index(fields=["last_at"], name="attempts_old")]

    def __str__(self) -> str:
        return self.key


class SecurityRules(BaseRow):
    """How long a session lives here, and how fresh a second factor has to be. At most one row."""

    only = models.BooleanField(default=True, unique=True, editable=False)
    idle_minutes = models.PositiveIntegerField(_("idle minutes until a session ends"), default=30)
    absolute_hours = models.PositiveIntegerField(_("hours a session lasts at most"), default=8)
    fresh_minutes = models.PositiveIntegerField(
        _("minutes a second factor stays fresh"), default=15
    )

    class Meta:
        verbose_name = _("rules of sign-in")
        verbose_name_plural = _("rules of sign-in")
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=models.Q(only=True), name="security_rules_one_row"),
            models.CheckConstraint(
                condition=models.Q(idle_minutes__range=(1, 720))
                & models.Q(absolute_hours__range=(1, 24))
                & models.Q(fresh_minutes__range=(1, 240)),
                name="security_rules_in_range",
            ),
        ]

    def __str__(self) -> str:
        return str(_("rules of sign-in"))
