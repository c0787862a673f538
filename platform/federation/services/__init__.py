from federation.services.errors import AnswerInvalid, ProviderDown, SignInRefused
from federation.services.logout import end_by_token, logout_address, remember_login
from federation.services.openid import (
    Arrival,
    Attempt,
    arrive,
    authorization_address,
    forget_endpoints,
    new_attempt,
    subject_of,
)
from federation.services.people import link_person, person_of
from federation.services.provider import ProviderRules, active_provider, save_provider
from federation.services.rules import password_refusal, way_in

__all__ = [
    "AnswerInvalid",
    "Arrival",
    "Attempt",
    "ProviderDown",
    "ProviderRules",
    "SignInRefused",
    "active_provider",
    "arrive",
    "authorization_address",
    "end_by_token",
    "forget_endpoints",
    "link_person",
    "logout_address",
    "new_attempt",
    "password_refusal",
    "person_of",
    "remember_login",
    "save_provider",
    "subject_of",
    "way_in",
]
