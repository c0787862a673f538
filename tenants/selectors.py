"""Banks as operators see them: states and counts."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from core.clock import now
from core.metering import WARN_SHARE
from core.tenancy import public_scope
from tenants.models import Bank, Domain, ProvisioningStep, QuotaOverride, UsageRecord
from tenants.quotas import QUOTAS, in_force, use_of


@dataclass(frozen=True, slots=True)
class Use:
    """A month's count of one meter; `quota` None when the plan sets none."""

    meter: str
    month: date
    amount: int
    quota: int | None

    @property
    def text(self) -> str:
        """`decisions 1,200 / 10,000,000`."""
        quota = "" if self.quota is None else f" / {self.quota:,}"
        return f"{self.meter.replace('_', ' ')} {self.amount:,}{quota}"


@dataclass(frozen=True, slots=True)
class StepDone:
    key: str
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class BankOverview:
    id: int
    name: str
    slug: str
    state: str
    plan: str
    hosts: tuple[str, ...]
    open_jobs: int
    usage: tuple[Use, ...]
    steps: tuple[StepDone, ...] = ()


def _open_jobs() -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT schema_name, count(*) FROM dispatch_ticket GROUP BY schema_name")
        return Counter(dict(cursor.fetchall()))


def bank_overviews(*, limit: int = 200) -> list[BankOverview]:
    """All banks with this month's use; four queries however many banks there are."""
    banks = list(Bank.objects.select_related("plan").order_by("slug")[:limit])
    ids = [bank.pk for bank in banks]
    open_jobs = _open_jobs()
    hosts: dict[int, list[str]] = {}
    for tenant_id, host in (
        Domain.objects.filter(tenant_id__in=ids)
        .order_by("-is_primary")
        .values_list("tenant_id", "domain")
    ):
        hosts.setdefault(tenant_id, []).append(host)
    usage: dict[int, list[UsageRecord]] = {}
    for row in UsageRecord.objects.filter(bank_id__in=ids).order_by("-month", "meter"):
        usage.setdefault(row.bank_id, []).append(row)
    return [_overview(bank, hosts, usage, open_jobs) for bank in banks]


def _overview(
    bank: Bank,
    hosts: dict[int, list[str]],
    usage: dict[int, list[UsageRecord]],
    open_jobs: Counter[str],
) -> BankOverview:
    rows = usage.get(bank.pk, [])
    latest = rows[0].month if rows else None
    return BankOverview(
        id=bank.pk,
        name=bank.name,
        slug=bank.slug,
        state=bank.state,
        plan=bank.plan.name,
        hosts=tuple(hosts.get(bank.pk, ())),
        open_jobs=open_jobs[bank.schema_name],
        usage=tuple(
            Use(row.meter, row.month, row.amount, bank.plan.quotas.get(row.meter))
            for row in rows
            if row.month == latest
        ),
    )


def bank_overview(bank_id: str) -> BankOverview | None:
    """One bank with its onboarding steps; None when unknown."""
    bank = (
        Bank.objects.select_related("plan").filter(pk=bank_id).first()
        if bank_id.isdigit()
        else None
    )
    if bank is None:
        return None
    hosts = {
        bank.pk: list(
            Domain.objects.filter(tenant=bank)
            .order_by("-is_primary")
            .values_list("domain", flat=True)
        )
    }
    usage = {bank.pk: list(UsageRecord.objects.filter(bank=bank).order_by("-month", "meter"))}
    found = _overview(bank, hosts, usage, _open_jobs())
    steps = tuple(
        StepDone(step.key, step.finished_at)
        for step in ProvisioningStep.objects.filter(bank=bank).order_by("key")
    )
    return BankOverview(
        found.id,
        found.name,
        found.slug,
        found.state,
        found.plan,
        found.hosts,
        found.open_jobs,
        found.usage,
        steps,
    )


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One quota of a bank: used and limit (None: none), the share, and since when and until when it counts."""

    code: str
    kind: str
    label: str
    used: int
    limit: int | None
    counted_at: datetime | None
    renews_at: datetime | None
    by_override: bool

    @property
    def share(self) -> float | None:
        return self.used / self.limit if self.limit else None

    @property
    def warns(self) -> bool:
        """From 80 % on, and where a limit of nothing is set and used."""
        return self.limit is not None and self.used >= WARN_SHARE * self.limit and self.used > 0

    @property
    def percent(self) -> int:
        return min(999, round(100 * (self.share or 0.0)))


def quota_lines(schema: str) -> list[QuotaLine]:
    """All quotas of a bank with its use of the month, as counted last; read in the public scope."""
    moment = now()
    with public_scope():
        bank = Bank.objects.select_related("plan").get(schema_name=schema)
        overrides = list(QuotaOverride.objects.filter(bank=bank, ended_at=None))
        limits, month = in_force(bank, overrides, moment), use_of(bank, moment)
    plan = bank.plan.quotas
    return [
        QuotaLine(
            code=quota.code,
            kind=quota.kind,
            label=str(quota.label),
            used=month.used.get(quota.code, 0),
            limit=limits.get(quota.code),
            counted_at=month.counted_at if month.used else None,
            renews_at=month.renews_at if quota.kind == "monthly" else None,
            by_override=limits.get(quota.code) != plan.get(quota.code),
        )
        for quota in QUOTAS.values()
    ]
