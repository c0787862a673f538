from tenants.provisioning import database, versions
from tenants.provisioning.registry import Proof, Spec, Step, ordered, register
from tenants.provisioning.steps import SCHEMA_STEPS, register_own_steps

__all__ = [
    "SCHEMA_STEPS",
    "Proof",
    "Spec",
    "Step",
    "database",
    "ordered",
    "register",
    "register_own_steps",
    "versions",
]
