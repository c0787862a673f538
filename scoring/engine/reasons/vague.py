"""Words that are no reason.

12 CFR 1002.9(b)(2): the statement of reasons must be specific; that the action rests on internal
standards or policies, or that the applicant failed to reach a qualifying score, is insufficient.
CFPB circulars 2022-03 and 2023-03: this holds for any model, and a listed sample reason that does
not say what truly counted does not do either. The Chinese wordings are those customers are
commonly left with, such as 综合评分不足 (overall score too low).
"""

from __future__ import annotations

import re
import unicodedata

MIN_LETTERS = {"en": 3, "zh": 2}
MAX_LENGTH = 300

_WHOLE = frozenset(
    {
        "other", "others", "other reason", "other reasons", "misc", "miscellaneous", "various",
        "various reasons", "unspecified", "unknown", "unknown reason", "none", "n a", "na", "tbd",
        "general", "reason", "reasons", "policy", "policies", "score", "credit score", "model",
        "risk", "credit risk", "high risk", "not eligible", "ineligible", "declined", "rejected",
        "see above", "feature", "variable", "value",
        "其他", "其它", "其他原因", "其它原因", "无", "未知", "不详", "综合原因",
        "政策", "政策原因", "评分", "信用评分", "模型", "风险", "信用风险", "高风险",
        "不符合要求", "不符合条件", "拒绝",
        "资质不足", "综合资质不足", "系统原因",
    }
)  # fmt: skip
_WITHIN = (
    "internal polic", "internal standard", "internal criteria", "internal model", "our policy",
    "bank policy", "lending policy", "credit policy", "company policy", "qualifying score",
    "insufficient score", "score too low", "score is too low", "low score", "below cut off",
    "below cutoff", "score below", "scoring system", "scoring model", "the model", "the algorithm",
    "algorithm decided", "machine learning", "other factor", "other reason", "various factor",
    "does not meet our", "did not meet our", "do not meet our", "not qualify", "overall assessment", "overall risk",
    "综合评分", "综合评估", "综合考虑", "综合审核", "评分不足", "评分过低", "评分未达", "评分不够",
    "内部政策", "内部标准", "内部规定", "内部模型", "银行政策", "信贷政策", "系统评分", "模型评分",
    "算法", "其他因素", "其它因素", "不符合我行", "未达到我行", "未通过审核", "审核未通过",
)  # fmt: skip


def why_vague(text: str, *, language: str) -> str:
    """Why this text is no specific reason, or an empty string when it may stand."""
    plain = _normal(text)
    letters = sum(char.isalpha() for char in plain)
    if letters < MIN_LETTERS[language]:
        return f"the {language} text is empty or too short to be specific"
    if len(text) > MAX_LENGTH:
        return f"the {language} text is longer than {MAX_LENGTH} characters"
    if plain in _WHOLE:
        return f"{text!r} is not specific"
    for phrase in _WITHIN:
        if phrase in plain:
            return f"{text!r} gives {phrase!r} as a reason, which is not specific"
    return ""


def _normal(text: str) -> str:
    """Lower case, full-width forms folded, punctuation and runs of space made one space."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]+", " ", folded).strip()
