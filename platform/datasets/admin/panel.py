"""What the overview page says about data: what waits for a person, and what came last."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from datasets import permissions, selectors
from datasets.states import LoadState

LOADS_SHOWN = 5
WAITING_SHOWN = 10


def data_panel(request: HttpRequest) -> str:
    """Datasets whose contract waits, and the newest loads."""
    waiting = selectors.dataset_rows(state=LoadState.NEEDS_CONTRACT)[:WAITING_SHOWN]
    context = {
        "waiting": [selectors.as_dataset(row) for row in waiting],
        "loads": [selectors.as_load(row) for row in selectors.load_rows()[:LOADS_SHOWN]],
        "may_upload": request.user.has_perm(permissions.UPLOAD),  # type: ignore[union-attr]
    }
    return render_to_string("datasets/panel.html", context, request=request)
