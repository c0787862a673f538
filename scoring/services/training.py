"""Training: a run is asked for, a worker trains, a version in development comes of it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts import policies
from audit.services import record
from core import storage
from core.actors import Actor
from core.errors import InvalidInput, NotFound, field_error
from core.ids import new_id
from datasets import selectors as datasets
from jobs.choices import Queue
from jobs.context import JobContext
from jobs.registry import JobKind
from jobs.services import start_job
from scoring import permissions
from scoring.choices import Family, ModelKind, Purpose
from scoring.engine.errors import EngineError
from scoring.engine.loading import load_scorer
from scoring.engine.spec import spec_from_document
from scoring.engine.training import TrainedModel, train
from scoring.models import Model, ModelRun, ModelVersion
from scoring.services.drafting import draft_policy
from scoring.services.metering import require_training
from scoring.services.people import key_of
from scoring.services.training_data import build_spec, read_frame

KIND = "scoring.train"


@transaction.atomic
def create_model(
    *,
    code: str,
    name: str,
    actor: Actor,
    purpose: str = Purpose.RISK,
    family: str = Family.APPLICATION,
    product: str = "",
) -> Model:
    """A new model, without a version yet. Raises `InvalidInput`."""
    policies.require(actor, permissions.TRAIN)
    model = Model(
        code=code, name=name.strip(), purpose=purpose, family=family, product=product,
        created_by=key_of(actor), created_by_label=actor.label,
    )  # fmt: skip
    _check_model(model)
    model.save(force_insert=True)
    record(
        actor=actor,
        action="scoring.model.create",
        target="model",
        target_id=str(model.id),
        detail={"code": code},
    )
    return model


def _check_model(model: Model) -> None:
    if (
        not model.code
        or len(model.code) > 60
        or not model.code.replace("-", "").replace("_", "").isalnum()
    ):
        raise field_error("/code", "invalid_code", "1 to 60 letters, digits, - and _.")
    if not model.code.isascii():
        raise field_error("/code", "invalid_code", "1 to 60 letters, digits, - and _.")
    if Model.objects.filter(code=model.code).exists():
        raise field_error("/code", "code_taken", "There is a model of this code.")
    if not model.name or len(model.name) > 120 or "\x00" in model.name + model.product:
        raise field_error("/name", "required", "A name of 1 to 120 characters is required.")
    if len(model.product) > 120:
        raise field_error("/product", "too_long", "At most 120 characters.")
    if model.purpose not in Purpose.values:
        raise field_error("/purpose", "unknown", f"One of {', '.join(Purpose.values)}.")
    if model.family not in Family.values:
        raise field_error("/family", "unknown", f"One of {', '.join(Family.values)}.")


@transaction.atomic
def start_model_run(
    *,
    model_id: str,
    load_id: str,
    kind: str,
    actor: Actor,
    spec: Mapping[str, Any] | None = None,
    seed: int = 42,
) -> ModelRun:
    """Check everything that can be checked now, then start the job. Raises `InvalidInput` with pointers."""
    policies.require(actor, permissions.TRAIN)
    model = Model.objects.filter(pk=model_id).first()
    if model is None:
        raise NotFound("No such model.")
    if kind not in ModelKind.values:
        raise field_error("/kind", "unknown", f"One of {', '.join(ModelKind.values)}.")
    load, contract = _ready_load(load_id)
    full = build_spec(contract=contract, kind=kind, options=spec or {}, seed=seed)
    require_training()
    run_id = new_id()
    job = start_job(
        kind=KIND,
        params={"run": str(run_id)},
        actor=actor,
        title=f"{model.name}: {ModelKind(kind).label}"[:200],
    )
    run: ModelRun = ModelRun.objects.create(
        id=run_id,
        model=model,
        kind=kind,
        load_id=load_id,
        dataset_name=f"{load.dataset_name} #{load.number}",
        spec=full.to_document(),
        seed=seed,
        job=job,
        created_by=key_of(actor),
        created_by_label=actor.label,
    )
    record(
        actor=actor, action="scoring.run.start", target="model_run", target_id=str(run.id),
        detail={"model": model.code, "kind": kind, "load": load_id, "seed": seed},
    )  # fmt: skip
    return run


def _ready_load(load_id: str) -> tuple[datasets.LoadView, Any]:
    try:
        load = datasets.get_load(load_id)
    except NotFound as error:
        raise field_error("/load", "unknown_load", "There is no such load.") from error
    if not load.is_ready:
        raise field_error("/load", "load_not_ready", f"The load is {load.state}.")
    return load, datasets.contract_of(load_id).contract


def run_training(job: JobContext) -> dict[str, Any]:
    """Handler of the job. Same rows, settings and seed give the same artefact, so a repeated attempt does no harm."""
    run = ModelRun.objects.select_related("model").get(pk=str(job.params["run"]))
    done = ModelVersion.objects.filter(run=run).first()
    if done is None:
        trained = _train(run, job)
        done = _keep(run, trained, job)
    return {"version": str(done.id), "number": done.number, "model": str(run.model_id)}


def _train(run: ModelRun, job: JobContext) -> TrainedModel:
    contract = datasets.contract_of(str(run.load_id)).contract
    try:
        spec = spec_from_document(run.spec)
        job.progress(0, 1, "reading")
        frame = read_frame(str(run.load_id), contract, spec)
        return train(frame, spec, job.progress)
    except EngineError as error:
        raise InvalidInput(str(error), code=error.code) from error


def _keep(run: ModelRun, trained: TrainedModel, job: JobContext) -> ModelVersion:
    """Artefact first, under this attempt's own name, then the row that makes it count."""
    path = f"scoring/models/{run.model_id}/{run.id}-{job.attempt}.json"
    with storage.open_writer(path, overwrite=True) as writer:
        writer.write(trained.artifact)
    scorer = load_scorer(trained.artifact, expected_hash=trained.model_hash)
    with job.fenced():
        model = Model.objects.select_for_update().get(pk=run.model_id)
        last = ModelVersion.objects.filter(model=model).aggregate(n=Max("number"))["n"] or 0
        report = trained.report.to_document()
        version: ModelVersion = ModelVersion.objects.create(
            model=model,
            number=last + 1,
            run=run,
            kind=run.kind,
            artifact_path=path,
            artifact_sha256=trained.model_hash,
            artifact_bytes=len(trained.artifact),
            spec=run.spec,
            report=report,
            inputs=[asdict(feature) for feature in scorer.features],
            trained_by=run.created_by,
            trained_by_label=run.created_by_label,
            **headline(report),
        )
        draft_policy(model=model, version=version, scorer=scorer, actor=job.actor)
        record(
            actor=job.actor, action="scoring.version.trained", target="model_version",
            target_id=str(version.id),
            detail={"model": model.code, "number": version.number, "sha256": version.artifact_sha256},
        )  # fmt: skip
    return version


def headline(report: Mapping[str, Any]) -> dict[str, float | None]:
    """AUC, Gini and KS with their intervals, of the last part: the test where there is one."""
    part = report["parts"][-1]
    out: dict[str, float | None] = {}
    for name in ("auc", "gini", "ks"):
        estimate = part[name]
        out |= {
            name: estimate["value"],
            f"{name}_low": estimate["low"],
            f"{name}_high": estimate["high"],
        }
    return out


JOB = JobKind(kind=KIND, queue=Queue.TRAINING, handler=run_training, unit="steps")
