"""Which pages ask for a fresh second factor; modules register theirs at start-up.

require_fresh("scoring_version_approve", "scoring_policy_approve")   # the question and the answer
require_fresh("accounts_user_change", on="post")                     # a page that is also read
"""

from typing import Literal

_views: dict[str, str] = {}


def require_fresh(*views: str, on: Literal["all", "post"] = "all") -> None:
    """Name views by their URL name without the site's name space."""
    for view in views:
        _views[view] = on


def needs_fresh_factor(view: str, method: str) -> bool:
    """True when this request may only be made shortly after a second factor was shown."""
    on = _views.get(view)
    return on == "all" or (on == "post" and method not in ("GET", "HEAD"))


def fresh_views() -> dict[str, str]:
    return dict(_views)
