"""Pages of scoring on a bank's admin site."""

from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from core.console import bank_site
from core.console.navigation import NavItem, add_items
from core.console.sites import PanoramaSite
from scoring import permissions
from scoring.admin import panels
from scoring.admin.batches import BatchAdmin
from scoring.admin.decisions import DecisionAdmin
from scoring.admin.live_panels import work_panel
from scoring.admin.monitoring import change_definition, monitoring, picture_csv
from scoring.admin.policies import PolicyAdmin
from scoring.admin.runs import RunAdmin
from scoring.admin.versions import VersionAdmin
from scoring.models import BatchRun, Decision, ModelRun, ModelVersion, PolicyVersion

bank_site.register(ModelRun, RunAdmin)
bank_site.register(ModelVersion, VersionAdmin)
bank_site.register(PolicyVersion, PolicyAdmin)
bank_site.register(Decision, DecisionAdmin)
bank_site.register(BatchRun, BatchAdmin)


def _pages(site: PanoramaSite) -> list[URLPattern]:
    wrap = site.admin_view
    return [
        path("scoring/in-progress/", wrap(work_panel), name="scoring_work"),
        path("scoring/monitoring/", wrap(monitoring), name="scoring_monitoring"),
        path(
            "scoring/monitoring/<uuid:object_id>/",
            wrap(monitoring),
            name="scoring_monitoring_model",
        ),
        path(
            "scoring/monitoring/<uuid:object_id>/<str:key>.csv",
            wrap(picture_csv),
            name="scoring_monitoring_picture",
        ),
        path("scoring/default-definition/", wrap(change_definition), name="scoring_definition"),
    ]


bank_site.add_pages(_pages)
panels.register()

_RISK = _("Risk scoring")
_MODULE = "scoring"
add_items(
    "bank",
    NavItem(_("Model runs"), "model_training", "scoring_modelrun_changelist", permissions.VIEW, _RISK, 20, _MODULE),
    NavItem(_("Models"), "insights", "scoring_modelversion_changelist", permissions.VIEW, _RISK, 21, _MODULE),
    NavItem(_("Policies"), "rule", "scoring_policyversion_changelist", permissions.VIEW, _RISK, 22, _MODULE),
    NavItem(
        _("Decisions"), "gavel", "scoring_decision_changelist", permissions.DECISION_VIEW, _RISK, 23, _MODULE
    ),
    NavItem(_("Outcomes"), "monitoring", "scoring_monitoring", permissions.VIEW, _RISK, 25, _MODULE),
    NavItem(_("Batches"), "stacks", "scoring_batchrun_changelist", permissions.VIEW, _RISK, 24, _MODULE),
)  # fmt: skip
