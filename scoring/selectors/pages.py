"""What the pages of scoring show beyond single rows: the overview, open reviews, what is still to do."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from core.actors import Actor
from core.clock import now
from datasets import selectors as datasets
from jobs.choices import OPEN_STATES
from jobs.selectors import JobView
from jobs.selectors import as_view as job_view
from scoring.choices import Outcome, Slot, Stage
from scoring.models import (
    BatchRun,
    Decision,
    Deployment,
    ModelRun,
    ModelVersion,
    PolicyDeployment,
    PolicyVersion,
)
from scoring.selectors.live import live_at

_HEAVY = ("report", "spec", "inputs")
_VERSION_HEAVY = tuple(f"version__{name}" for name in _HEAVY)


@dataclass(frozen=True, slots=True)
class LiveModel:
    """A version in a slot now, with its figures on the test part."""

    version_id: str
    model: str
    number: int
    kind: Any
    slot: str
    slot_label: Any
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    ks: float | None
    ks_low: float | None
    ks_high: float | None
    live_since: datetime
    days_live: int
    days_since_training: int


@dataclass(frozen=True, slots=True)
class OpenReview:
    """A version that waits for another person. `own` when the reader made or submitted it."""

    kind: str
    id: str
    title: str
    submitted_by: str
    submitted_at: datetime | None
    own: bool


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Decisions by outcome over a time; `approval_rate` None without a decision."""

    approve: int
    refer: int
    decline: int

    @property
    def total(self) -> int:
        return self.approve + self.refer + self.decline

    @property
    def approval_rate(self) -> float | None:
        return self.approve / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """How far a bank has come; ids lead to the next step."""

    datasets: int
    ready_loads: int
    waiting_contract: str
    running_trainings: int
    versions: int
    newest_version: str
    approved_versions: int
    live_policies: int
    newest_policy: str
    champions: int
    decisions: bool

    @property
    def finished(self) -> bool:
        return self.decisions and bool(self.champions)


@dataclass(frozen=True, slots=True)
class Work:
    """A job of scoring or intake that is still open, and the page that shows it."""

    job: JobView
    kind: str
    id: str


def live_models() -> list[LiveModel]:
    """Every version in a slot now, champions first."""
    moment = now()
    rows = (
        Deployment.objects.filter(valid_from__lte=moment)
        .filter(Q(valid_to=None) | Q(valid_to__gt=moment))
        .select_related("version", "model")
        .defer(*_VERSION_HEAVY)
        .order_by("slot", "model__name", "-valid_from")
    )
    return [_live(row, moment) for row in rows]


def _live(row: Deployment, moment: datetime) -> LiveModel:
    version = row.version
    return LiveModel(
        version_id=str(version.id),
        model=row.model.name,
        number=version.number,
        kind=version.get_kind_display(),
        slot=row.slot,
        slot_label=row.get_slot_display(),
        auc=version.auc,
        auc_low=version.auc_low,
        auc_high=version.auc_high,
        ks=version.ks,
        ks_low=version.ks_low,
        ks_high=version.ks_high,
        live_since=row.valid_from,
        days_live=(moment - row.valid_from).days,
        days_since_training=(moment - version.created_at).days,
    )


def outcomes_since(moment: datetime) -> Outcomes:
    """Decisions since a moment, by outcome."""
    rows = Decision.objects.filter(decided_at__gte=moment).order_by()
    found = dict(rows.values_list("outcome").annotate(n=Count("id")))
    return Outcomes(**{name: found.get(name, 0) for name in Outcome.values})


def start_of_day(zone: tzinfo) -> datetime:
    """When today began where the bank is."""
    return now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def outcomes_by_day(days: int, zone: tzinfo) -> list[tuple[date, Outcomes]]:
    """The last `days` days of that time zone, oldest first, days without a decision included."""
    begin = start_of_day(zone) - timedelta(days=days - 1)
    first = begin.date()
    rows = Decision.objects.filter(decided_at__gte=begin).order_by()
    counted: dict[Any, dict[str, int]] = {}
    found = rows.annotate(day=TruncDate("decided_at", tzinfo=zone)).values_list("day", "outcome")
    for day, outcome, n in found.annotate(n=Count("id")):
        counted.setdefault(day, {})[outcome] = n
    every = [first + timedelta(days=place) for place in range(days)]
    return [
        (day, Outcomes(**{o: counted.get(day, {}).get(o, 0) for o in Outcome.values}))
        for day in every
    ]


def open_reviews(actor: Actor, *, models: bool, policies: bool) -> list[OpenReview]:
    """What waits for an approval, oldest first."""
    mine = f"{actor.kind}:{actor.id}"
    out: list[OpenReview] = []
    if models:
        rows = ModelVersion.objects.filter(stage=Stage.REVIEW).select_related("model")
        for row in rows.defer(*_HEAVY):
            own = mine in (row.trained_by, row.submitted_by)
            title = f"{row.model.name} v{row.number}"
            out.append(_review("version", row, title, own))
    if policies:
        found = PolicyVersion.objects.filter(stage=Stage.REVIEW).select_related("policy")
        for policy in found.defer("document"):
            own = mine in (policy.authored_by, policy.submitted_by)
            out.append(_review("policy", policy, f"{policy.policy.name} v{policy.number}", own))
    return sorted(out, key=lambda r: r.submitted_at or now())


def _review(kind: str, row: Any, title: str, own: bool) -> OpenReview:
    return OpenReview(kind, str(row.id), title, row.submitted_by_label, row.submitted_at, own)


def first_steps() -> FirstSteps:
    """Where a new bank stands between its first file and its first decision."""
    moment = now()
    in_force = Q(valid_from__lte=moment) & (Q(valid_to=None) | Q(valid_to__gt=moment))
    newest = ModelVersion.objects.order_by("-id").values_list("id", flat=True).first()
    policy = PolicyVersion.objects.order_by("-id").values_list("id", flat=True).first()
    waiting = (
        datasets.load_rows(state="needs_contract").values_list("dataset_id", flat=True).first()
    )
    approved = (Stage.APPROVED, Stage.LIVE)
    return FirstSteps(
        datasets=datasets.dataset_rows().count(),
        ready_loads=datasets.load_rows(state="ready").count(),
        waiting_contract=str(waiting or ""),
        running_trainings=ModelRun.objects.filter(job__state__in=OPEN_STATES).count(),
        versions=ModelVersion.objects.count(),
        newest_version=str(newest or ""),
        approved_versions=ModelVersion.objects.filter(stage__in=approved).count(),
        live_policies=PolicyDeployment.objects.filter(in_force).count(),
        newest_policy=str(policy or ""),
        champions=Deployment.objects.filter(in_force, slot=Slot.CHAMPION).count(),
        decisions=Decision.objects.exists(),
    )


def open_work(limit: int = 8) -> list[Work]:
    """Training, batches and intake that are still running or queued, newest first."""
    out = [
        Work(job_view(run.job), "run", str(run.id))
        for run in ModelRun.objects.filter(job__state__in=OPEN_STATES)
        .select_related("job")
        .defer("spec")[:limit]
    ]
    out += [
        Work(job_view(batch.job), "batch", str(batch.id))
        for batch in BatchRun.objects.filter(job__state__in=OPEN_STATES).select_related("job")[
            :limit
        ]
    ]
    return sorted(out, key=lambda w: w.job.id, reverse=True)[:limit]


def run_rows() -> QuerySet[ModelRun]:
    """Model runs with what their list shows."""
    rows = ModelRun.objects.select_related("model", "job", "version")
    return rows.defer("spec", *_VERSION_HEAVY).order_by("-id")


def version_rows() -> QuerySet[ModelVersion]:
    """Model versions without their large documents."""
    return ModelVersion.objects.select_related("model").defer(*_HEAVY).order_by("-id")


def policy_rows() -> QuerySet[PolicyVersion]:
    """Policy versions without their flows."""
    rows = PolicyVersion.objects.select_related("policy", "policy__model")
    return rows.defer("document").order_by("-id")


def batch_rows() -> QuerySet[BatchRun]:
    """Batch runs with what their list shows."""
    rows = BatchRun.objects.select_related("model", "model_version", "policy_version", "job")
    heavy = [f"model_version__{name}" for name in _HEAVY]
    return rows.defer(*heavy, "policy_version__document").order_by("-id")


def ready_load_choices(limit: int = 200) -> list[tuple[str, str]]:
    """(id, words) of loads that can be trained on or scored, newest first."""
    found = [datasets.as_load(row) for row in datasets.load_rows(state="ready")[:limit]]
    return [
        (load.id, f"{load.dataset_name} #{load.number} · {load.file_name} · {load.rows_good:,}")
        for load in found
    ]


def champion_choices() -> list[tuple[str, str]]:
    """(model id, words) of models that can score now."""
    return [
        (live.model_id, f"{live.model_name} ({live.model_code} v{live.number})")
        for live in live_at()
        if live.slot == Slot.CHAMPION
    ]


def slots_of(version_id: Any) -> list[Deployment]:
    """Slots a version holds now or will hold."""
    rows = Deployment.objects.filter(version_id=version_id)
    return list(rows.filter(Q(valid_to=None) | Q(valid_to__gt=now())).order_by("valid_from"))


def live_policy_version(policy_id: Any) -> PolicyVersion | None:
    """The version of a policy that is in force now."""
    moment = now()
    row = (
        PolicyDeployment.objects.filter(policy_id=policy_id, valid_from__lte=moment)
        .filter(Q(valid_to=None) | Q(valid_to__gt=moment))
        .select_related("version")
        .first()
    )
    return row.version if row else None
