"""How many people and API clients a bank has."""

from accounts.models import ApiClient, User
from core.metering import StandingMeter, register_standing


def people() -> int:
    """Those who can log in, or have been invited to."""
    return User.objects.filter(is_active=True).count()


def api_clients() -> int:
    return ApiClient.objects.filter(is_active=True).count()


def register_meters() -> None:
    """Called once at start-up."""
    register_standing("accounts", StandingMeter("people", people))
    register_standing("accounts", StandingMeter("api_clients", api_clients))
