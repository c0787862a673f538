"""Banks, their hosts and their plans; in the public schema only."""

from typing import Any, ClassVar, NoReturn

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from core.models import BaseRow
from core.tenancy import BankContext, run_role
from tenants.choices import BankState, Jurisdiction, MigrationOutcome, Module


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

    def as_context(self, host: str = "") -> BankContext:
        """The frozen view every lower layer works with."""
        return BankContext(
            schema=self.schema_name,
            role=run_role(self.schema_name),
            name=self.name,
            state=self.state,
            modules=frozenset(self.plan.modules),
            limits={
                **self.plan.quotas,
                **{f"rate.{k}": v for k, v in self.plan.rate_limits.items()},
                **{f"at_once.{k}": v for k, v in self.plan.at_once.items()},
            },
            time_zone=self.time_zone,
            currency=self.currency,
            jurisdiction=self.jurisdiction,
            language=self.language,
            host=host,
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

    class Meta:
        verbose_name = _("use")
        verbose_name_plural = _("use")
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["bank", "month", "meter"], name="usage_once")
        ]

    def __str__(self) -> str:
        return f"{self.meter} {self.month:%Y-%m}"
