"""The bank's jurisdiction profile: how the cost of credit is counted, and its hard limits."""

from dataclasses import replace

from core.tenancy import BankContext
from scoring.engine.pricing import PROFILES, JurisdictionProfile


def profile_for(jurisdiction: str, currency: str) -> JurisdictionProfile:
    """The profile of a jurisdiction in a currency. Raises KeyError on an unknown one."""
    return replace(PROFILES[jurisdiction], currency=currency)


def bank_profile(bank: BankContext) -> JurisdictionProfile:
    """The profile of the bank's jurisdiction in the bank's currency."""
    return profile_for(bank.jurisdiction, bank.currency)
