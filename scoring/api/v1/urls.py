"""Routes of scoring below /api/v1/."""

from django.urls import path, register_converter

from scoring.api.v1 import batches, decisions, models, outcomes, policies

BASE = "scoring"


class ResultKind:
    """The kind of a results file, by the end of its name."""

    regex = "csv|parquet"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ResultKind, "result_kind")

urlpatterns = [
    path(f"{BASE}/decisions", decisions.DecisionList.as_view(), name="decision-list"),
    path(f"{BASE}/decisions:batch", decisions.DecisionBatch.as_view(), name="decision-batch"),
    path(
        f"{BASE}/decisions/<uuid:decision_id>",
        decisions.DecisionDetail.as_view(),
        name="decision-detail",
    ),
    path(
        f"{BASE}/decisions/<uuid:decision_id>/replay",
        decisions.DecisionReplay.as_view(),
        name="decision-replay",
    ),
    path(
        f"{BASE}/decisions/<uuid:decision_id>/outcomes",
        outcomes.DecisionOutcomes.as_view(),
        name="decision-outcomes",
    ),
    path(f"{BASE}/outcomes", outcomes.OutcomeIntake.as_view(), name="outcome-intake"),
    path(
        f"{BASE}/models/<uuid:model_id>/performance",
        outcomes.ModelPerformance.as_view(),
        name="model-performance",
    ),
    path(f"{BASE}/models", models.ModelList.as_view(), name="model-list"),
    path(f"{BASE}/models/<uuid:model_id>", models.ModelDetail.as_view(), name="model-detail"),
    path(
        f"{BASE}/models/<uuid:model_id>/policy-draft",
        policies.PolicyDraft.as_view(),
        name="policy-draft",
    ),
    path(f"{BASE}/model-runs", models.RunList.as_view(), name="model-run-list"),
    path(f"{BASE}/model-runs/<uuid:run_id>", models.RunDetail.as_view(), name="model-run-detail"),
    path(f"{BASE}/model-versions", models.VersionList.as_view(), name="model-version-list"),
    path(
        f"{BASE}/model-versions/<uuid:version_id>",
        models.VersionDetail.as_view(),
        name="model-version-detail",
    ),
    path(
        f"{BASE}/model-versions/<uuid:version_id>/report",
        models.VersionReport.as_view(),
        name="model-version-report",
    ),
    path(
        f"{BASE}/model-versions/<uuid:version_id>:submit",
        models.VersionSubmit.as_view(),
        name="model-version-submit",
    ),
    path(f"{BASE}/live", models.Live.as_view(), name="scoring-live"),
    path(f"{BASE}/policies", policies.PolicyList.as_view(), name="policy-list"),
    path(f"{BASE}/policies:validate", policies.PolicyCheck.as_view(), name="policy-validate"),
    path(
        f"{BASE}/policies/<uuid:version_id>",
        policies.PolicyDetail.as_view(),
        name="policy-detail",
    ),
    path(f"{BASE}/batches", batches.BatchList.as_view(), name="batch-list"),
    path(f"{BASE}/batches/<uuid:batch_id>", batches.BatchDetail.as_view(), name="batch-detail"),
    path(
        f"{BASE}/batches/<uuid:batch_id>/results.<result_kind:kind>",
        batches.BatchResults.as_view(),
        name="batch-results",
    ),
]
