"""Banks, their hosts and their plans; in the public schema only."""

from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from core.models import BaseRow
from core.tenancy import BankContext, run_role
from tenants.choices import (
    BankState,
    Jurisdiction,
    MigrationOutcome,
    Module,
    OffboardingState,
)
from tenants.months import MonthUse


class Plan(BaseRow):
    """What a bank bought: modules, quotas (per month), rate limits (per minute), and how much at once."""

    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    modules = ArrayField(
        models.CharField(max_length=20, choices=Module.choices),
        default=list,
        verbose_name=_("modules"),
    )
    quotas = models.JSONField(_("quotas"), default=dict, blank=True)
    rate_limits = models.JSONField(_("rate limits"), default=dict, blank=True)
    # Jobs by queue and `requests` (a web process); `weight` of a bank's turns. What is not named has its default.
    at_once = models.JSONField(_("at once"), default=dict, blank=True)
    # Days between export and drop when a bank of this plan leaves; empty for the platform's setting.
    offboarding_days = models.PositiveIntegerField(
        _("days from export to drop"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering: ClassVar[list[str]] = ["code"]

    def __str__(self) -> str:
        return self.name


class Bank(TenantMixin):
    """A tenant: one schema, two database roles, one walled space."""

    auto_create_schema = False
    auto_drop_schema = False

    slug = models.SlugField(
        _("short name"),
        max_length=30,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z][a-z0-9]{1,29}$", _("Small letters and digits, a letter first."))
        ],
    )
    name = models.CharField(_("name"), max_length=120)
    state = models.CharField(
        _("state"), max_length=20, choices=BankState.choices, default=BankState.PROVISIONING
    )
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, related_name="banks", verbose_name=_("plan")
    )
    jurisdiction = models.CharField(
        _("jurisdiction"), max_length=2, choices=Jurisdiction.choices, default=Jurisdiction.CN
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    time_zone = models.CharField(_("time zone"), max_length=50, default="Asia/Shanghai")
    language = models.CharField(_("language"), max_length=10, default="en")
    # Empty unless the bank was imported: what its keys and seals are bound to.
    realm = models.CharField(max_length=80, blank=True)
    schema_version = models.CharField(_("schema version"), max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("bank")
        verbose_name_plural = _("banks")
        ordering: ClassVar[list[str]] = ["slug"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(state__in=BankState.values), name="bank_state_known"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def __enter__(self) -> NoReturn:
        # django-tenants keeps the previous tenant in a list all threads share: 5,688 of 12,000 requests leaked.
        raise RuntimeError("`with bank:` is forbidden: use core.tenancy.bank_scope.")

    def activate(self) -> NoReturn:
        raise RuntimeError("`bank.activate()` is forbidden: use core.tenancy.bank_scope.")

    def as_context(
        self,
        host: str = "",
        *,
        quotas: Mapping[str, int] | None = None,
        use: MonthUse | None = None,
    ) -> BankContext:
        """The frozen view every lower layer works with; `quotas` where some are not the plan's."""
        month = use or MonthUse()
        return BankContext(
            schema=self.schema_name,
            role=run_role(self.schema_name),
            name=self.name,
            state=self.state,
            modules=frozenset(self.plan.modules),
            limits={
                **(self.plan.quotas if quotas is None else quotas),
                **{f"rate.{k}": v for k, v in self.plan.rate_limits.items()},
                **{f"at_once.{k}": v for k, v in self.plan.at_once.items()},
            },
            time_zone=self.time_zone,
            currency=self.currency,
            jurisdiction=self.jurisdiction,
            language=self.language,
            host=host,
            realm_name=self.realm,
            used=month.used,
            counted_at=month.counted_at,
            renews_at=month.renews_at,
        )


class Domain(DomainMixin):
    """A host name that leads to one bank."""

    class Meta:
        verbose_name = _("host")
        verbose_name_plural = _("hosts")


class ProvisioningStep(BaseRow):
    """A step of a bank's onboarding that was applied and verified; a resumed job starts after these."""

    bank = models.ForeignKey(Bank, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=60)
    finished_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("provisioning step")
        verbose_name_plural = _("provisioning steps")
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["bank", "key"], name="provisioning_step_once")
        ]

    def __str__(self) -> str:
        return self.key


class SchemaTemplate(BaseRow):
    """A script that makes a bank's tables as the migrations of one state of the code would.

    It is run as a bank's owner by the admin login, so only that login may write it.
    """

    database_rights = "read"

    digest = models.CharField(max_length=64)
    server = models.PositiveIntegerField()
    schema_name = models.CharField(max_length=63)
    script = models.TextField()
    seconds = models.FloatField()

    class Meta:
        verbose_name = _("schema template")
        verbose_name_plural = _("schema templates")
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["digest", "server"], name="schema_template_once")
        ]

    def __str__(self) -> str:
        return self.digest[:12]


class SchemaMigration(BaseRow):
    """How far `migrate_banks` came with one bank: what a killed run is resumed from."""

    database_rights = "read"

    bank = models.OneToOneField(Bank, on_delete=models.CASCADE, related_name="migration")
    target = models.CharField(_("target"), max_length=64)
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=MigrationOutcome.choices,
        default=MigrationOutcome.PENDING,
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    seconds = models.FloatField(_("seconds"), default=0.0)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("schema migration")
        verbose_name_plural = _("schema migrations")

    def __str__(self) -> str:
        return f"{self.bank_id} {self.target}"


class UsageRecord(BaseRow):
    """A month's count of one metered thing of one bank; counts only, never rows."""

    bank = models.ForeignKey(Bank, on_delete=models.CASCADE, related_name="usage")
    month = models.DateField()
    meter = models.CharField(max_length=60)
    amount = models.BigIntegerField(default=0)
    # Rows committed before this moment are in the amount.
    counted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("use")
        verbose_name_plural = _("use")
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["bank", "month", "meter"], name="usage_once")
        ]

    def __str__(self) -> str:
        return f"{self.meter} {self.month:%Y-%m}"


class QuotaOverride(BaseRow):
    """Another limit than the plan's for one bank, from day to day, with the reason; the newest in force counts."""

    bank = models.ForeignKey(
        Bank, on_delete=models.CASCADE, related_name="overrides", verbose_name=_("bank")
    )
    quota = models.CharField(_("quota"), max_length=60)
    # Empty means: no limit at all.
    limit = models.BigIntegerField(_("limit"), null=True, blank=True)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500)
    created_by = models.CharField(max_length=140)
    created_by_label = models.CharField(_("granted by"), max_length=254)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("quota override")
        verbose_name_plural = _("quota overrides")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(limit=None) | models.Q(limit__gte=0), name="override_limit"
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to=None) | models.Q(valid_to__gte=models.F("valid_from")),
                name="override_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quota} {self.limit}"


class BankExport(BaseRow):
    """One export of a bank: where it stands, what it holds, and its digest once it is complete."""

    bank = models.ForeignKey(
        Bank, on_delete=models.PROTECT, related_name="exports", verbose_name=_("bank")
    )
    folder = models.CharField(max_length=200, unique=True)
    # X25519, base64 of 32 bytes: whoever holds its private half reads what the bank had encrypted.
    recipient_key = models.CharField(max_length=64)
    content_sha256 = models.CharField(_("digest of the contents"), max_length=64, blank=True)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    file_count = models.IntegerField(_("files"), default=0)
    row_count = models.BigIntegerField(_("rows"), default=0)
    size_bytes = models.BigIntegerField(_("bytes"), default=0)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    job_id = models.UUIDField(null=True, blank=True)
    created_by = models.CharField(max_length=140)
    created_by_label = models.CharField(_("asked for by"), max_length=254)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.folder


class ExportFile(BaseRow):
    """A finished file of an export; a resumed export starts after these."""

    export = models.ForeignKey(BankExport, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=700)
    # tenants.archive.manifest.FileEntry
    entry = models.JSONField()

    class Meta:
        verbose_name = _("file of an export")
        verbose_name_plural = _("files of an export")
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["export", "path"], name="export_file_once")
        ]

    def __str__(self) -> str:
        return self.path


class Offboarding(BaseRow):
    """The end of a bank, from the request to the certificate. It stays after the bank is gone."""

    bank = models.ForeignKey(
        Bank, on_delete=models.PROTECT, related_name="offboardings", verbose_name=_("bank")
    )
    # As they were: the bank gives its names back when it is closed.
    slug = models.CharField(_("short name"), max_length=30)
    schema = models.CharField(max_length=63)
    bank_name = models.CharField(_("name"), max_length=120)
    state = models.CharField(
        _("state"),
        max_length=20,
        choices=OffboardingState.choices,
        default=OffboardingState.REQUESTED,
    )
    reason = models.CharField(_("reason"), max_length=500)
    recipient_key = models.CharField(max_length=64)
    waiting_days = models.PositiveIntegerField(_("days of waiting"))
    requested_by = models.CharField(max_length=140)
    requested_by_label = models.CharField(_("requested by"), max_length=254)
    approved_by = models.CharField(max_length=140, blank=True)
    approved_by_label = models.CharField(_("approved by"), max_length=254, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    cancelled_by_label = models.CharField(_("cancelled by"), max_length=254, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    cancel_reason = models.CharField(max_length=500, blank=True)
    bank_state_before = models.CharField(max_length=20, blank=True)
    export = models.OneToOneField(
        BankExport, on_delete=models.PROTECT, related_name="offboarding", null=True, blank=True
    )
    drop_after = models.DateTimeField(_("dropped after"), null=True, blank=True)
    drop_job_id = models.UUIDField(null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    certificate = models.JSONField(null=True, blank=True)
    certificate_signature = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = _("off-boarding")
        verbose_name_plural = _("off-boardings")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(state__in=OffboardingState.values), name="offboarding_state"
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by="")
                | ~models.Q(approved_by=models.F("requested_by")),
                name="offboarding_four_eyes",
            ),
            models.UniqueConstraint(
                fields=["bank"],
                condition=models.Q(state__in=["requested", "exporting", "waiting", "dropping"]),
                name="offboarding_one_open",
            ),
        ]

    def __str__(self) -> str:
        return self.bank_name


class PurgeStep(BaseRow):
    """A step of a bank's drop that was done; a resumed drop starts after these."""

    offboarding = models.ForeignKey(Offboarding, on_delete=models.CASCADE, related_name="purged")
    key = models.CharField(max_length=60)
    detail = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("step of a drop")
        verbose_name_plural = _("steps of a drop")
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["offboarding", "key"], name="purge_step_once")
        ]

    def __str__(self) -> str:
        return self.key
