"""What callers send and get, as strict structures: unknown fields and wrong types are refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of everything a caller sends."""


class WishIn(_Strict, frozen=True):
    """What the applicant asks for, money in minor units of the bank's currency."""

    amount_minor: int | None = None
    term_months: int | None = None


class DecisionIn(_Strict, frozen=True):
    """One application. `application` and `customer` are the bank's own references.

    Without `customer` the application stands for its own person. `model` may be left out where one model decides.
    """

    application: str
    inputs: dict[str, bool | int | float | str | None]
    customer: str = ""
    model: str = ""
    kind: str = "decision"
    request: WishIn = WishIn()


class DecisionsIn(_Strict, frozen=True):
    """Up to 1,000 applications in one call: all are decided or none is."""

    applications: list[DecisionIn]


class HardRuleIn(_Strict, frozen=True):
    code: str
    field: str
    operator: str
    value: Any
    outcome: str = "decline"
    on_missing: str = "refer"
    label: str = ""


class GradeIn(_Strict, frozen=True):
    grade: str
    bound: Decimal | None = None


class PriceIn(_Strict, frozen=True):
    grade: str
    rate: Decimal
    limit_minor: int
    term_months: int


class InputIn(_Strict, frozen=True):
    name: str
    type: str = "number"
    nullable: bool = False
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    values: list[str] = []


class PolicyFormIn(_Strict, frozen=True):
    """The form of a policy as JSON; decimals may be numbers or texts."""

    name: str
    measure: str
    approve_at: Decimal
    refer_at: Decimal
    grades: list[GradeIn]
    prices: list[PriceIn]
    hard_rules: list[HardRuleIn] = []
    inputs: list[InputIn] = []
    minimum: Decimal | None = None
    maximum: Decimal | None = None


class ReasonIn(_Strict, frozen=True):
    """Words for one code; `feature` is the column or input it rests on."""

    feature: str
    en: str
    zh: str
    origin: str = "rule"


class PolicyIn(_Strict, frozen=True):
    """A draft: either `form` or `document` (JDM), with words for codes the catalogue does not know."""

    form: PolicyFormIn | None = None
    document: dict[str, Any] | None = None
    reasons: dict[str, ReasonIn] = {}
    note: str = ""
