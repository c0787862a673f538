"""Reading compliance: evaluated data, bound to the bank it was read in."""

from compliance.selectors.erasures import ErasureView, as_erasure, erasure_rows, get_erasure
from compliance.selectors.holds import (
    HoldView,
    as_hold,
    get_hold,
    held,
    hold_rows,
    holds_against,
    holds_on_person,
)
from compliance.selectors.retention import (
    KindView,
    PurgeView,
    as_purge,
    days_in_force,
    get_purge,
    kind_views,
    purge_rows,
)

__all__ = [
    "ErasureView",
    "HoldView",
    "KindView",
    "PurgeView",
    "as_erasure",
    "as_hold",
    "as_purge",
    "days_in_force",
    "erasure_rows",
    "get_erasure",
    "get_hold",
    "get_purge",
    "held",
    "hold_rows",
    "holds_against",
    "holds_on_person",
    "kind_views",
    "purge_rows",
]
