"""May this person use a password here? Single sign-on registers its rule; emergency administrators stand outside it.

# in another app's ready():
sign_in_rules.register_password_rule("single_sign_on", lambda person: "" if ... else "Log in at your bank.")
"""

from collections.abc import Callable
from typing import Any

# A rule gets the person and returns "" (allowed) or the reason, shown to the person, why no password is taken.
PasswordRule = Callable[[Any], str]

_rules: dict[str, PasswordRule] = {}


def register_password_rule(name: str, rule: PasswordRule) -> None:
    """Add a rule under a name; the same name again replaces it."""
    _rules[name] = rule


def forget_password_rule(name: str) -> None:
    _rules.pop(name, None)


def password_refusal(person: Any) -> str:
    """Why this person may not use a password in the scope in force; "" when they may.

    An emergency administrator with a sealed credential always may: that is what the seal is for.
    """
    if person.emergency_slot is not None:
        return ""
    for rule in _rules.values():
        if reason := rule(person):
            return reason
    return ""


def may_use_password(person: Any) -> bool:
    return not password_refusal(person)
