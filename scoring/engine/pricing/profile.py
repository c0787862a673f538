"""Jurisdiction profiles: how a country counts the cost of credit, and its hard limits.

Every number is a field and can be replaced (`dataclasses.replace`, `with_product`); the three
profiles below are starting points. Sources:

- CN: interim measures on commercial banks' internet loans (2020): an unsecured consumer loan is at
  most 200,000 yuan and, when repaid at maturity, 12 months; notice on lending through partners (in
  force 1 October 2025): all-in cost computed for each offer, the market reads a ceiling of 24 %;
  People's Bank announcement 2021 No. 3 on showing the annualised rate.
- EU: Directive 2008/48/EC, Annex I (effective annual rate, at least one decimal place, half up).
- US: Regulation Z, 12 CFR 1026.22 and Appendix J (actuarial method, nominal annual rate). No
  federal ceiling on ordinary consumer credit; states have their own: see the text, set `products`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

CN_IRR_NOMINAL = "cn_irr_nominal"
CN_IRR_COMPOUND = "cn_irr_compound"
EU_EFFECTIVE = "eu_effective"
US_ACTUARIAL = "us_actuarial"
APR_METHODS = (CN_IRR_NOMINAL, CN_IRR_COMPOUND, EU_EFFECTIVE, US_ACTUARIAL)

UNSECURED_CONSUMER = "unsecured_consumer"


@dataclass(frozen=True, slots=True)
class ProductCaps:
    """Hard limits of one product; None means no limit.

    Amounts in minor units of the profile's currency, APR as an annual fraction by the profile's
    own method. `on_breach` is the outcome an approval becomes: `refer` or `decline`.
    """

    product: str
    max_amount_minor: int | None = None
    max_term_months: int | None = None
    max_all_in_apr: Decimal | None = None
    on_breach: str = "refer"

    def __post_init__(self) -> None:
        """Refuse a breach that would let the approval stand."""
        if self.on_breach not in ("refer", "decline"):
            raise ValueError("on_breach is 'refer' or 'decline'")


@dataclass(frozen=True, slots=True)
class JurisdictionProfile:
    """How one jurisdiction counts and limits the cost of credit.

    `apr_decimals` are the decimal places of the percentage shown (2 shows 9.69 %), rounded half
    up. Limits are always checked on the exact rate, never on the one shown.
    """

    code: str
    name: str
    currency: str
    apr_method: str
    apr_decimals: int = 2
    products: tuple[ProductCaps, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse an unknown method and doubled products."""
        if self.apr_method not in APR_METHODS:
            raise ValueError(f"apr_method is one of {APR_METHODS}")
        names = [caps.product for caps in self.products]
        if len(set(names)) != len(names):
            raise ValueError("each product is listed once")

    def caps_for(self, product: str) -> ProductCaps:
        """The limits of a product; an unlisted product has none."""
        for caps in self.products:
            if caps.product == product:
                return caps
        return ProductCaps(product)

    def with_product(self, caps: ProductCaps) -> JurisdictionProfile:
        """A copy with this product's limits added or replaced."""
        others = tuple(item for item in self.products if item.product != caps.product)
        return replace(self, products=(*others, caps))


CN = JurisdictionProfile(
    code="CN",
    name="China",
    currency="CNY",
    apr_method=CN_IRR_NOMINAL,
    products=(
        ProductCaps(
            UNSECURED_CONSUMER,
            max_amount_minor=200_000_00,
            max_term_months=12,
            max_all_in_apr=Decimal("0.24"),
        ),
    ),
    source="Interim measures on internet loans 2020; partner-lending notice in force 2025-10-01",
)
EU = JurisdictionProfile(
    code="EU",
    name="European Union",
    currency="EUR",
    apr_method=EU_EFFECTIVE,
    apr_decimals=1,
    source="Directive 2008/48/EC, Annex I",
)
US = JurisdictionProfile(
    code="US",
    name="United States",
    currency="USD",
    apr_method=US_ACTUARIAL,
    source="12 CFR 1026.22 and Appendix J",
)
PROFILES: dict[str, JurisdictionProfile] = {profile.code: profile for profile in (CN, EU, US)}
