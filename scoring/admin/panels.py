"""Scoring on the overview page: what to do next, what runs, what decides."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from charts.area import Size
from charts.picture import figure
from core.clock import now
from core.console.navigation import Panel, add_panels
from core.request import acting
from datasets import permissions as dataset_permissions
from scoring import permissions
from scoring.admin.pages import language
from scoring.admin.pictures import OutcomesByDay
from scoring.selectors import pages as selectors

DAYS = 14
CHART = Size(width=620, height=230)


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first steps; `url` is empty for who may not take it."""

    title: Any
    text: Any
    done: bool
    url: str
    label: Any


def _page(name: str, *arguments: str) -> str:
    return reverse(f"bank:{name}", args=arguments)


def first_steps(request: HttpRequest) -> str:
    """What a new bank does first; gone once it decides."""
    found = selectors.first_steps()
    if found.finished:
        return ""
    steps = _steps(found, request)
    following = next((place for place, step in enumerate(steps) if not step.done), len(steps))
    context = {"steps": steps, "next": following}
    return render_to_string("scoring/panels/first_steps.html", context, request=request)


def _steps(found: selectors.FirstSteps, request: HttpRequest) -> list[Step]:
    may = request.user.has_perm  # type: ignore[union-attr]
    version = found.newest_version and _page("scoring_modelversion_change", found.newest_version)
    policy = found.newest_policy and _page("scoring_policyversion_change", found.newest_policy)
    bring = (
        _page("datasets_dataset_changelist") if found.datasets else _page("datasets_dataset_add")
    )
    if found.waiting_contract:
        bring = _page("datasets_contract", found.waiting_contract)
    return [
        Step(
            _("Bring data"),
            _("A file of past applications with their outcome; confirm what its columns mean."),
            bool(found.ready_loads),
            bring if may(dataset_permissions.UPLOAD) or found.datasets else "",
            _("Confirm the contract") if found.waiting_contract else _("Open datasets"),
        ),
        Step(
            _("Train a model"),
            _("A scorecard or gradient boosting; progress shows while a worker trains."),
            bool(found.versions),
            _page("scoring_modelrun_add") if may(permissions.TRAIN) and found.ready_loads else "",
            _("Start a model run"),
        ),
        Step(
            _("Review and approve"),
            _("Read the report, submit it; another person approves, with a note."),
            bool(found.approved_versions),
            version,
            _("Open the report"),
        ),
        Step(
            _("Put policy and model to work"),
            _(
                "Cut-offs, prices and limits are approved likewise, then a credit officer deploys both."
            ),
            bool(found.live_policies and found.champions),
            policy if not found.live_policies else version,
            _("Open the policy") if not found.live_policies else _("Open the model"),
        ),
        Step(
            _("Decide"),
            _("Bank systems ask through REST; whole files are scored as a batch."),
            found.decisions,
            "/api/docs/",
            _("Read the API"),
        ),
    ]


def figures(request: HttpRequest) -> str:
    """Tiles and the picture of decisions by day."""
    zone = ZoneInfo(request.bank.time_zone)  # type: ignore[attr-defined]
    picture = OutcomesByDay(days=selectors.outcomes_by_day(DAYS, zone))
    context = {
        "today": selectors.outcomes_since(selectors.start_of_day(zone)),
        "week": selectors.outcomes_since(now() - timedelta(days=7)),
        "picture": figure(picture, key="days", lang=language(), wide=CHART),
        "may_see": request.user.has_perm(permissions.DECISION_VIEW),  # type: ignore[union-attr]
    }
    return render_to_string("scoring/panels/figures.html", context, request=request)


def reviews(request: HttpRequest) -> str:
    """What waits for an approval, for those who may give it."""
    may = request.user.has_perm  # type: ignore[union-attr]
    found = selectors.open_reviews(
        acting(request),
        models=may(permissions.APPROVE) or may(permissions.SUBMIT),
        policies=may(permissions.POLICY_APPROVE) or may(permissions.POLICY_CHANGE),
    )
    rows = [(review, _page(_REVIEW_PAGES[review.kind], review.id)) for review in found]
    waiting = sum(1 for review in found if _for_me(review, request))
    context = {"rows": rows, "waiting": waiting}
    return render_to_string("scoring/panels/reviews.html", context, request=request)


def _for_me(review: selectors.OpenReview, request: HttpRequest) -> bool:
    code = permissions.APPROVE if review.kind == "version" else permissions.POLICY_APPROVE
    return not review.own and bool(request.user.has_perm(code))  # type: ignore[union-attr]


_REVIEW_PAGES = {"version": "scoring_modelversion_change", "policy": "scoring_policyversion_change"}


def live(request: HttpRequest) -> str:
    """Models in a slot now."""
    rows = [
        (model, _page("scoring_modelversion_change", model.version_id))
        for model in selectors.live_models()
    ]
    return render_to_string("scoring/panels/live.html", {"rows": rows}, request=request)


def work(request: HttpRequest) -> str:
    """Jobs that run or wait; the panel asks for itself again while there are some."""
    pages = {"run": "scoring_modelrun_change", "batch": "scoring_batchrun_change"}
    rows = [(one.job, _page(pages[one.kind], one.id)) for one in selectors.open_work()]
    return render_to_string("scoring/panels/work.html", {"rows": rows}, request=request)


def register() -> None:
    """Called when the admin is loaded."""
    view, module = permissions.VIEW, "scoring"
    add_panels(
        "bank",
        Panel("scoring.first", view, first_steps, order=5, module=module),
        Panel("scoring.figures", view, figures, order=10, module=module),
        Panel("scoring.reviews", view, reviews, order=20, module=module),
        Panel("scoring.work", view, work, order=25, module=module),
        Panel("scoring.live", view, live, order=30, module=module),
    )
