"""Pages of compliance on a bank's admin site."""

from compliance.admin import retention
from compliance.admin.erasures import ErasureAdmin
from compliance.admin.holds import HoldAdmin
from compliance.admin.retention import PurgeAdmin
from compliance.models import Erasure, LegalHold, PurgeRun
from core.console import bank_site

bank_site.register(Erasure, ErasureAdmin)
bank_site.register(LegalHold, HoldAdmin)
bank_site.register(PurgeRun, PurgeAdmin)
bank_site.add_pages(retention.pages)
