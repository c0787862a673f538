from core.console.base import PolicyAdmin, shown_errors
from core.console.service_page import ServicePage
from core.console.sites import bank_site, ops_site

__all__ = ["PolicyAdmin", "ServicePage", "bank_site", "ops_site", "shown_errors"]
