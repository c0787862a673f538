from core.console.base import PolicyAdmin
from core.console.sites import bank_site, ops_site

__all__ = ["PolicyAdmin", "bank_site", "ops_site"]
