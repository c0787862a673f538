"""Filters of the lists."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from datasets.states import LoadState


class LastStateFilter(SimpleListFilter):
    """Datasets by what became of their newest load."""

    title = _("newest load")
    parameter_name = "last_state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return LoadState.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(last_state=self.value()) if self.value() else queryset
