"""Pages of datasets on a bank's admin site."""

from core.console import bank_site
from datasets.admin.dataset import DatasetAdmin
from datasets.admin.load import LoadAdmin
from datasets.models import Dataset, DatasetLoad

bank_site.register(Dataset, DatasetAdmin)
bank_site.register(DatasetLoad, LoadAdmin)
