from scoring.models.batches import BatchChunk, BatchRun
from scoring.models.decisions import Application, Decision
from scoring.models.policies import Policy, PolicyDeployment, PolicyVersion, ReasonCatalogue
from scoring.models.registry import Deployment, Model, ModelRun, ModelVersion

__all__ = [
    "Application",
    "BatchChunk",
    "BatchRun",
    "Decision",
    "Deployment",
    "Model",
    "ModelRun",
    "ModelVersion",
    "Policy",
    "PolicyDeployment",
    "PolicyVersion",
    "ReasonCatalogue",
]
