"""More rows of everything in a bank, copied from what its world has, so that a page has more to show."""

from typing import Any

from django.db import models

from accounts.models import ApiClient, User
from core.ids import new_id
from datasets.models import DataContractVersion, Dataset, DatasetLoad, QualityReport
from jobs.models import Job, JobLog
from scoring import services as scoring
from scoring.models import (
    Application,
    BatchChunk,
    BatchRun,
    Decision,
    Model,
    ModelRun,
    ModelVersion,
    Policy,
    PolicyVersion,
    ReasonCatalogue,
)
from tests.isolation.world import World, acting_as


def grow(world: World, first: int, count: int) -> None:
    """Rows `first` to `first + count - 1` of every list, and as many children of every detail page."""
    for n in range(first, first + count):
        _data(world, n)
        _registry(world, n)
        _answers(world, n)
        User.objects.create(email=f"more-{n}@bank.test", name=f"More {n}", roles=["compliance"])
        ApiClient.objects.create(
            name=f"more {n}",
            client_id=f"more{n}",
            client_type="confidential",
            authorization_grant_type="client-credentials",
        )


def copied(row: models.Model, **changes: Any) -> Any:
    """The row once more under a new key."""
    fields = {
        f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key
    }
    return type(row).objects.create(id=new_id(), **{**fields, **changes})


def _job(world: World, n: int) -> Job:
    job: Job = copied(Job.objects.get(pk=world.ids["job"]), title=f"Job {n}")
    return job


def _data(world: World, n: int) -> None:
    first = Dataset.objects.get(pk=world.ids["dataset"])
    load = DatasetLoad.objects.get(pk=world.ids["load"])
    contract = DataContractVersion.objects.get(dataset=first)
    report = QualityReport.objects.get(load=load)
    other = copied(first, name=f"more-{n}", title=f"More {n}")
    copied(contract, dataset_id=other.id)
    for dataset in (first, other):
        more = copied(load, dataset_id=dataset.id, number=100 + n, job_id=_job(world, n).id)
        copied(report, load_id=more.id)
    JobLog.objects.create(job_id=world.ids["job"], text=f"line {n}")


def _registry(world: World, n: int) -> None:
    first = Model.objects.get(pk=world.ids["model"])
    version = ModelVersion.objects.get(pk=world.ids["draft"])
    run = ModelRun.objects.get(pk=version.run_id)
    policy = PolicyVersion.objects.get(pk=world.ids["policy"])
    catalogue = ReasonCatalogue.objects.get(pk=policy.catalogue_id)
    other = copied(first, code=f"more-{n}", name=f"More {n}")
    _version(world, n, first, version, run)
    made = _version(world, n, other, version, run)
    second = Policy.objects.create(model=other, name=f"More {n}", created_by="user:1")
    draft = {
        "stage": "draft", "submitted_by": "", "submitted_by_label": "", "submitted_at": None,
        "approved_by": "", "approved_by_label": "", "approved_at": None, "review_note": "",
    }  # fmt: skip
    words = copied(catalogue, model_id=other.id, number=100 + n)
    _ = copied(policy, policy_id=policy.policy_id, number=100 + n, **draft)
    flow = copied(
        policy, policy_id=second.id, number=100 + n, model_version_id=made.id,
        catalogue_id=words.id, **draft,
    )  # fmt: skip
    _deploy(world, made, flow)


def _deploy(world: World, made: ModelVersion, flow: PolicyVersion) -> None:
    analyst, validator, officer = (
        acting_as(world, role) for role in ("risk_analyst", "model_validator", "credit_officer")
    )
    scoring.submit_for_review(version_id=str(made.id), actor=analyst)
    scoring.approve_version(version_id=str(made.id), actor=validator, note="Sound.")
    scoring.submit_policy(version_id=str(flow.id), actor=analyst)
    scoring.approve_policy(version_id=str(flow.id), actor=validator, note="Sound.")
    scoring.deploy_policy(version_id=str(flow.id), actor=officer)
    scoring.deploy_version(version_id=str(made.id), slot="champion", actor=officer)


def _version(
    world: World, n: int, model: Model, version: ModelVersion, run: ModelRun
) -> ModelVersion:
    again = copied(run, model_id=model.id, job_id=_job(world, n).id)
    made: ModelVersion = copied(version, model_id=model.id, run_id=again.id, number=100 + n)
    return made


def _answers(world: World, n: int) -> None:
    decision = Decision.objects.get(pk=world.ids["decision"])
    application = Application.objects.get(pk=decision.application_id)
    other = copied(application, reference_index=f"{n:032d}".encode())
    copied(decision, application_id=other.id, idempotency_key=f"more-{n}")
    batch = BatchRun.objects.get(pk=world.ids["batch"])
    copied(batch, job_id=_job(world, n).id)
    chunk = BatchChunk.objects.filter(run=batch).first()
    copied(chunk, number=100 + n, first_row=10**6 + n)
