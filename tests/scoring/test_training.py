"""What a run may be asked for, and what comes of it."""

import json

import pytest

from core import storage
from core.errors import InvalidInput, NotFound, Unavailable
from core.ids import new_id
from jobs.choices import JobState
from jobs.models import Job
from jobs.services import cancel_job, run_job
from scoring import selectors, services
from scoring.models import ModelVersion, ReasonCatalogue
from scoring.runtime import bundles
from scoring.services import training
from tests.scoring.conftest import ANALYST, train_version

pytestmark = pytest.mark.django_db


def start(model, load, **more):
    return services.start_model_run(
        model_id=str(model.id), load_id=str(load.id), actor=ANALYST, **{"kind": "scorecard", **more}
    )


@pytest.mark.parametrize(
    ("more", "pointer", "code"),
    [
        ({"kind": "forest"}, "/kind", "unknown"),
        ({"spec": {"features": ["income", "late"]}}, "/spec/features/1", "excluded_column"),
        ({"spec": {"features": ["gender"]}}, "/spec/features/0", "excluded_column"),
        ({"spec": {"features": ["bad"]}}, "/spec/features/0", "excluded_column"),
        ({"spec": {"features": ["loan"]}}, "/spec/features/0", "excluded_column"),
        ({"spec": {"features": ["nothing"]}}, "/spec/features/0", "unknown_column"),
        ({"spec": {"features": []}}, "/spec/features", "no_features"),
        ({"spec": {"features": "income"}}, "/spec/features", "invalid"),
        ({"spec": {"exclude": ["x"]}}, "/spec/exclude/0", "unknown_column"),
        ({"spec": {"exclude": [["income"]]}}, "/spec/exclude/0", "unknown_column"),
        ({"spec": {"features": [{"name": ["income"]}]}}, "/spec/features/0", "unknown_column"),
        ({"spec": {"split": 5}}, "/spec", "invalid_spec"),
        ({"spec": {"scale": {"base_odds": "x"}}}, "/spec", "invalid_spec"),
        ({"spec": {"target": "income"}}, "/spec/target", "no_target"),
        ({"spec": {"time_column": "income"}}, "/spec/time_column", "unknown_column"),
        ({"spec": {"surprise": 1}}, "/spec/surprise", "unknown_field"),
        ({"spec": {"split": {"test": 0.9}}}, "/spec", "invalid_spec"),
        ({"seed": -1}, "/spec", "invalid_spec"),
    ],
)
def test_faults_are_named_and_nothing_starts(model, load, more, pointer, code):
    before = Job.objects.count()
    with pytest.raises(InvalidInput) as error:
        start(model, load, **more)
    assert (pointer, code) in [(e.pointer, e.code) for e in error.value.errors]
    assert Job.objects.count() == before


def test_unknown_model_and_load(model, load):
    with pytest.raises(NotFound):
        services.start_model_run(
            model_id=str(new_id()), load_id=str(load.id), kind="scorecard", actor=ANALYST
        )
    with pytest.raises(InvalidInput) as error:
        services.start_model_run(
            model_id=str(model.id), load_id=str(new_id()), kind="scorecard", actor=ANALYST
        )
    assert error.value.errors[0].pointer == "/load"


def test_a_version_knows_what_it_was_made_of(version):
    report = selectors.version_report(str(version.id))
    assert report.row.stage == "develop"
    assert report.dataset == "loans #1"
    assert {i["name"] for i in report.inputs} <= {"income", "tenure", "debt_ratio", "region"}
    dropped = {d["name"]: d["reason"] for d in report.report["dropped"]}
    assert dropped["late"] == "known_after_decision"
    assert dropped["gender"] == "protected"
    with storage.open_reader(version.artifact_path) as reader:
        assert json.loads(reader.readall())["kind"] == "scorecard"
    draft = version.policies.get()
    assert (draft.stage, draft.source, draft.number) == ("draft", "generated", 1)
    texts = ReasonCatalogue.objects.get().entries
    assert texts["F_INCOME"]["zh"].startswith("月收入")


def test_same_data_and_seed_give_the_same_bytes(model, load, monkeypatch):
    first = train_version(model, load)
    from scoring.engine.training import train as real

    monkeypatch.setattr(training, "train", real)
    second = train_version(model, load)
    assert second.number == 2
    assert second.artifact_sha256 == first.artifact_sha256
    assert train_version(model, load, seed=7).artifact_sha256 != first.artifact_sha256


def test_cancel_stops_a_run_and_leaves_no_version(model, load, monkeypatch):
    run = start(model, load)
    from scoring.engine.training import train as real

    def train(frame, spec, progress):
        Job.objects.filter(pk=run.job_id).update(state=JobState.CANCELLING)
        job_progress.append(progress)
        return real(frame, spec, _cancelled)

    def _cancelled(done, total, text):
        from jobs.context import JobCancelled

        raise JobCancelled

    job_progress: list[object] = []
    monkeypatch.setattr(training, "train", train)
    assert run_job(job_id=str(run.job_id)) == JobState.CANCELLED
    assert job_progress
    assert ModelVersion.objects.count() == 0


def test_cancel_before_it_starts(model, load):
    run = start(model, load)
    cancel_job(job_id=str(run.job_id), actor=ANALYST)
    assert run_job(job_id=str(run.job_id)) is None
    assert selectors.get_run(str(run.id)).job.state == "cancelled"


def test_data_without_both_outcomes_fail_in_words(model, load, monkeypatch):
    run = start(model, load, spec={"features": ["region"], "scorecard": {"min_iv": 1.0}})
    assert run_job(job_id=str(run.job_id)) == JobState.FAILED
    job = selectors.get_run(str(run.id)).job
    assert job.error_code == "training_failed"
    assert job.error
    assert ModelVersion.objects.count() == 0


def test_an_altered_artefact_is_never_loaded(version):
    bundles.forget()
    with storage.open_writer(version.artifact_path, overwrite=True) as writer:
        writer.write(b"{}")
    with pytest.raises(Unavailable):
        bundles.scorer_of(version)
