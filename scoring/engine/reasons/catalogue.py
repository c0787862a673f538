"""The catalogue of reasons a bank may give: one stable code per feature or rule, in two languages.

A bank may edit the texts, never the codes: stored decisions keep codes, and a code means the same
feature for ever.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from scoring.engine.reasons.errors import ReasonRefusedError
from scoring.engine.reasons.vague import why_vague

MODEL, RULE = "model", "rule"
HIGHER, LOWER, UNKNOWN = "higher_is_worse", "lower_is_worse", ""
CODE_LENGTH = 48
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,79}")
_VAGUE_CODES = frozenset({"OTHER", "OTHERS", "MISC", "UNKNOWN", "UNSPECIFIED", "GENERAL", "NONE"})

INTERNAL_CODES = frozenset(
    {
        "SCORE_BELOW_CUTOFF",
        "SCORE_IN_REVIEW_BAND",
        "PD_ABOVE_CUTOFF",
        "PD_IN_REVIEW_BAND",
        "POLICY_NO_RULE_MATCHED",
        "POLICY_OFFER_INCOMPLETE",
        "CAP_AMOUNT",
        "CAP_TERM",
        "CAP_ALL_IN_APR",
        "CAP_CURRENCY",
    }
)
"""Codes that steer the process but say nothing about the customer: the model's reasons take over.

Hard limits of a jurisdiction (`CAP_...`) stop a policy that grants too much, not a customer.
"""


@dataclass(frozen=True, slots=True)
class Reason:
    """One specific reason: what was looked at, and the words for it.

    `feature` is the column or input it rests on; `origin` is `model` for a scored feature and
    `rule` for a policy rule.
    """

    code: str
    feature: str
    text_en: str
    text_zh: str
    origin: str = MODEL


@dataclass(frozen=True, slots=True)
class FeatureLabel:
    """What the data contract says of a column: its name, its labels, which way is worse."""

    name: str
    label_en: str = ""
    label_zh: str = ""
    trend: str = UNKNOWN


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Reasons by code; model features are found by name. Built by `build_catalogue` only."""

    reasons: Mapping[str, Reason]
    by_feature: Mapping[str, Reason]
    internal: frozenset[str] = INTERNAL_CODES

    def edited(
        self, code: str, *, text_en: str | None = None, text_zh: str | None = None
    ) -> Catalogue:
        """A copy with other words for one code. Raises `ReasonRefusedError`."""
        if code not in self.reasons:
            raise ReasonRefusedError(((code, "there is no such code"),))
        old = self.reasons[code]
        new = replace(
            old,
            text_en=old.text_en if text_en is None else text_en,
            text_zh=old.text_zh if text_zh is None else text_zh,
        )
        others = [new if item.code == code else item for item in self.reasons.values()]
        return build_catalogue(others, internal=self.internal)

    def with_reasons(self, extra: Iterable[Reason]) -> Catalogue:
        """A copy with more reasons. Raises `ReasonRefusedError`."""
        return build_catalogue((*self.reasons.values(), *extra), internal=self.internal)


def build_catalogue(
    reasons: Iterable[Reason], *, internal: frozenset[str] = INTERNAL_CODES
) -> Catalogue:
    """Check every reason and index it. Raises `ReasonRefusedError` with all that is wrong."""
    listed = tuple(reasons)
    problems = [(item.code, why) for item in listed for why in _problems(item, internal)]
    by_code = {item.code: item for item in listed}
    by_feature = {item.feature: item for item in listed if item.origin == MODEL}
    if len(by_code) != len(listed):
        doubled = sorted({i.code for i in listed if by_code[i.code] is not i})
        problems += [(code, "the code is listed twice") for code in doubled]
    for item in listed:
        if item.origin == MODEL and by_feature[item.feature] is not item:
            problems.append((item.code, f"feature {item.feature!r} has two reasons"))
    if problems:
        raise ReasonRefusedError(tuple(problems))
    return Catalogue(by_code, by_feature, internal)


def default_catalogue(columns: Iterable[FeatureLabel]) -> Catalogue:
    """A first catalogue from a data contract, one reason a feature, meant to be edited."""
    return build_catalogue(default_reason(column) for column in columns)


def default_reason(column: FeatureLabel) -> Reason:
    """The reason of one feature: its label and, where the trend is known, which way was worse."""
    english = column.label_en.strip() or _spoken(column.name)
    chinese = column.label_zh.strip() or english
    ending_en, ending_zh = {
        HIGHER: (" is too high", "过高"),
        LOWER: (" is too low", "过低"),
    }.get(column.trend, (" as reported", "不利于授信"))
    return Reason(
        code=reason_code(column.name),
        feature=column.name,
        text_en=f"{english[:1].upper()}{english[1:]}{ending_en}",
        text_zh=f"{chinese}{ending_zh}",
    )


def missing_reason(column: FeatureLabel) -> Reason:
    """The reason for a rule that found a required figure missing (`MISSING_<FIELD>`)."""
    english = column.label_en.strip() or _spoken(column.name)
    chinese = column.label_zh.strip() or english
    return Reason(
        code="MISSING_" + re.sub(r"[^A-Za-z0-9]+", "_", column.name).upper(),
        feature=column.name,
        text_en=f"{english[:1].upper()}{english[1:]} was not provided",
        text_zh=f"未提供{chinese}",
        origin=RULE,
    )


def reason_code(feature: str) -> str:
    """The stable code of a feature: depends on its name alone.

    A lower-case name of letters, digits and underscores gives itself in capitals; any other name
    gets four hexadecimal digits of its SHA-256, so that two names never share a code by accident.
    """
    slug = re.sub(r"[^A-Za-z0-9]+", "_", feature).strip("_").upper()
    plain = feature == slug.lower() and len(slug) <= CODE_LENGTH and slug[:1].isalpha()
    if plain and slug not in _VAGUE_CODES:
        return f"F_{slug}"
    digest = hashlib.sha256(feature.encode()).hexdigest()[:4].upper()
    return "_".join(part for part in ("F", slug[:CODE_LENGTH].strip("_"), digest) if part)


def _problems(item: Reason, internal: frozenset[str]) -> list[str]:
    found = []
    if not _CODE.fullmatch(item.code) or item.code in _VAGUE_CODES:
        found.append("a code is capital letters, digits and underscores, and names something")
    if item.code in internal:
        found.append("the code only steers the process; it is no reason for a customer")
    if not item.feature.strip():
        found.append("a reason rests on a feature")
    if item.origin not in (MODEL, RULE):
        found.append("the origin is model or rule")
    for text, language in ((item.text_en, "en"), (item.text_zh, "zh")):
        why = why_vague(text, language=language)
        if why:
            found.append(why)
    return found


def _spoken(name: str) -> str:
    """A column name as words: `num_past_due` or `NumPastDue` becomes `num past due`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.split(r"[\W_]+", spaced)).strip().lower() or name
