from scoring.models.batches import BatchChunk, BatchRun
from scoring.models.decisions import Application, Decision
from scoring.models.outcomes import DefaultDefinition, OutcomeObservation
from scoring.models.policies import Policy, PolicyDeployment, PolicyVersion, ReasonCatalogue
from scoring.models.registry import Deployment, Model, ModelRun, ModelVersion

__all__ = [
    "Application",
    "BatchChunk",
    "BatchRun",
    "Decision",
    "DefaultDefinition",
    "Deployment",
    "Model",
    "ModelRun",
    "ModelVersion",
    "OutcomeObservation",
    "Policy",
    "PolicyDeployment",
    "PolicyVersion",
    "ReasonCatalogue",
]
