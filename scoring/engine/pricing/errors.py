"""Typed errors of the pricing engine."""

from __future__ import annotations


class PricingError(Exception):
    """Base of every error raised by `scoring.engine.pricing`."""

    code = "pricing_error"


class TermsRefusedError(PricingError):
    """The terms make no loan: a negative amount, no instalment, fees above the amount."""

    code = "pricing_terms_refused"


class AprUndefinedError(PricingError):
    """The cash flows have no internal rate: nothing is advanced or nothing is paid back."""

    code = "pricing_apr_undefined"
