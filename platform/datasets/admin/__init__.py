"""Pages of datasets on a bank's admin site."""

from core.console import bank_site
from core.console.navigation import Panel, add_panels
from datasets import permissions
from datasets.admin.dataset import DatasetAdmin
from datasets.admin.load import LoadAdmin
from datasets.admin.panel import data_panel
from datasets.models import Dataset, DatasetLoad

bank_site.register(Dataset, DatasetAdmin)
bank_site.register(DatasetLoad, LoadAdmin)
add_panels("bank", Panel("datasets", permissions.VIEW, data_panel, 30))
