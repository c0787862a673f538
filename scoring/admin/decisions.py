"""Decisions: found by outcome, day, grade and version, explained, opened and replayed."""

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.console import shown_errors
from core.console.csv_list import Cells
from core.request import acting
from scoring import permissions, services
from scoring.admin.pages import ObjectPage, language, moment
from scoring.choices import Outcome
from scoring.models import Decision, ModelVersion
from scoring.selectors import decisions as selectors
from scoring.selectors.outcomes import outcomes_of

OUTCOME_LABELS = {Outcome.APPROVE: "success", Outcome.REFER: "warning", Outcome.DECLINE: "danger"}
NODES = {
    "decisionTableNode": _("Decision table"),
    "expressionNode": _("Expressions"),
    "switchNode": _("Switch"),
    "inputNode": _("Inputs"),
    "outputNode": _("Answer"),
}


class GradeFilter(SimpleListFilter):
    """Grades are a policy's own words."""

    title = _("grade")
    parameter_name = "grade"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        found = Decision.objects.exclude(grade="").order_by("grade")
        return [(grade, grade) for grade in found.values_list("grade", flat=True).distinct()[:50]]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(grade=self.value()) if self.value() else queryset


class VersionFilter(SimpleListFilter):
    """By name and number; the rows themselves are large and stay where they are."""

    title = _("model version")
    parameter_name = "version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        found = ModelVersion.objects.filter(decisions__isnull=False).order_by(
            "model__name", "-number"
        )
        rows = found.values_list("id", "model__name", "number").distinct()[:100]
        return [(str(key), f"{name} v{number}") for key, name, number in rows]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        known = {key for key, _words in self.lookup_choices}
        return queryset.filter(model_version_id=self.value()) if self.value() in known else queryset


class DecisionAdmin(ObjectPage):
    """Every answer as it was given; what a person sent is opened on demand, and each look is written down."""

    view_permission = permissions.DECISION_VIEW
    list_display = (
        "show_id", "show_outcome", "score", "show_pd", "grade", "show_offer", "show_versions", "client_label",
        "show_decided",
    )  # fmt: skip
    list_filter: ClassVar[list[Any]] = [
        "outcome",
        GradeFilter,
        VersionFilter,
        "kind",
        "decided_at",
    ]
    search_fields = ("id",)
    search_help_text = _("The bank's own application reference, whole, or a decision's id")
    ordering = ("-id",)
    page_template = "scoring/decision.html"
    csv_header = (
        "decision", "decided at", "outcome", "score", "pd", "grade", "model", "model version", "policy version",
        "asked by", "codes",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return selectors.decision_rows()

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        return row and Decision.objects.select_related(
            "model", "model_version", "policy_version"
        ).get(pk=row.pk)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        term = search_term.strip()
        if not term or "\x00" in term:
            return queryset, False
        by_reference = selectors.decision_rows(reference=term).values("pk")
        found = queryset.filter(pk__in=by_reference)
        return (
            (found, False)
            if found.exists()
            else super().get_search_results(request, queryset, term)
        )

    def csv_row(self, row: Decision) -> Cells:
        view = selectors.as_view(row)
        return (
            view.id, view.decided_at.isoformat(), view.outcome, view.score, view.pd, view.grade, view.model,
            view.model_version, view.policy_version, view.client, " ".join(view.codes),
        )  # fmt: skip

    @display(description=_("Decision"), header=True)
    def show_id(self, row: Decision) -> list[str]:
        return [str(row.pk)[-12:], row.model.code]

    @display(description=_("Outcome"), ordering="outcome", label=OUTCOME_LABELS)
    def show_outcome(self, row: Decision) -> tuple[str, Any]:
        return row.outcome, row.get_outcome_display()

    @display(description=_("PD"), ordering="pd")
    def show_pd(self, row: Decision) -> str:
        return f"{row.pd:.2%}"

    @display(description=_("Offer"))
    def show_offer(self, row: Decision) -> str:
        offer = row.output["offer"]
        if not offer:
            return "–"
        amount = Decimal(offer["amount_minor"]) / 100
        return f"{amount:,.0f} {offer['currency']} · {offer['apr_percent']}%"

    @display(description=_("Decided"), ordering="decided_at")
    def show_decided(self, row: Decision) -> str:
        return moment(row.decided_at)

    @display(description=_("Versions"))
    def show_versions(self, row: Decision) -> str:
        return f"v{row.model_version.number} · P{row.policy_version.number}"

    def named(self, row: Decision) -> str:
        return _now("Decision %(id)s") % {"id": str(row.pk)[-12:]}

    # --- the page ---------------------------------------------------------------------------------------
    def page_context(self, request: HttpRequest, row: Decision) -> dict[str, Any]:
        view = selectors.as_view(row)
        return {
            "decision": view,
            "outcomes": outcomes_of(row.application_id),
            "outcome_label": row.get_outcome_display(),
            "steps": _steps(view),
            "watched": [
                {**w, "pd": float.fromhex(w["pd"]) if w["pd"] else None} for w in view.watched
            ],
            "catalogue_sha256": row.output["versions"]["reasons"],
            "chinese_first": language() == "zh-hans",
        }

    def get_urls(self) -> list[URLPattern]:
        wrap, one = self.admin_site.admin_view, "<uuid:object_id>"
        own = [
            path(f"{one}/inputs/", wrap(self.inputs), name="scoring_decision_inputs"),
            path(f"{one}/replay/", wrap(self.replay), name="scoring_decision_replay"),
        ]
        return [*own, *super().get_urls()]

    def inputs(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page with what the person sent: a read of personal data, so it is asked for and recorded."""
        row = self.row_or_404(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        with shown_errors(request):
            found = services.reveal_inputs(
                decision_id=str(row.pk), actor=acting(request), purpose="admin page"
            )
            return self.shown(request, row, inputs=found)
        return self.shown(request, row)

    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page with the outcome of deciding once more on what is stored."""
        row = self.row_or_404(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        with shown_errors(request):
            found = services.replay_decision(decision_id=str(row.pk), actor=acting(request))
            return self.shown(request, row, replay=found)
        return self.shown(request, row)


def _steps(view: selectors.DecisionView) -> list[dict[str, Any]]:
    """The nodes the decision went through, each with the rules that hit there."""
    by_node: dict[str, list[Any]] = {}
    for hit in view.hits:
        by_node.setdefault(hit["node"], []).append(hit)
    return [
        {
            **step,
            "words": NODES.get(step["type"], step["type"]),
            "hits": by_node.get(step["node"], []),
        }
        for step in view.trace
    ]
