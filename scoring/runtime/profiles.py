"""The bank's jurisdiction profile: how the cost of credit is counted, and its hard limits."""

from dataclasses import replace

from core.tenancy import BankContext
from scoring.engine.pricing import PROFILES, JurisdictionProfile


def bank_profile(bank: BankContext) -> JurisdictionProfile:
    """The profile of the bank's jurisdiction in the bank's currency."""
    return replace(PROFILES[bank.jurisdiction], currency=bank.currency)
