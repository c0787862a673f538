from tenants.provisioning import database
from tenants.provisioning.registry import Spec, Step, ordered, register
from tenants.provisioning.steps import register_own_steps

__all__ = ["Spec", "Step", "database", "ordered", "register", "register_own_steps"]
