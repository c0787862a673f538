"""Reasons: specific, stable, in order, at most four, only what truly counted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.engine.policy import compile_policy, document_from_form, load_policy
from scoring.engine.policy.form import DECLINE_CODE, REFER_CODE
from scoring.engine.policy.invariants import CODE_AMOUNT, CODE_APR, CODE_CURRENCY, CODE_TERM
from scoring.engine.policy.result import CODE_INCOMPLETE_OFFER, CODE_NO_RULE
from scoring.engine.reasons import (
    HIGHER,
    INTERNAL_CODES,
    LOWER,
    CatalogueGapError,
    FeatureLabel,
    ModelReason,
    Reason,
    ReasonRefusedError,
    build_catalogue,
    default_catalogue,
    default_reason,
    missing_reason,
    principal_reasons,
    reason_code,
    why_vague,
)

from .documents import good, ruled_form

COLUMNS = [
    FeatureLabel("duration", "loan duration", "贷款期限", HIGHER),
    FeatureLabel("income", "monthly income", "月收入", LOWER),
    FeatureLabel("num_past_due", "", ""),
    FeatureLabel("housing", "housing situation", "住房情况"),
    FeatureLabel("savings", "savings balance", "储蓄余额", LOWER),
]
RULES = [
    Reason("UNDER_AGE", "age", "Applicant is under 18 years old", "申请人未满十八岁", "rule"),
    Reason("REGION", "region", "Address is outside the area served", "住址不在服务区域", "rule"),
    missing_reason(FeatureLabel("delinquencies", "number of delinquencies", "逾期次数")),
]
CATALOGUE = default_catalogue(COLUMNS).with_reasons(RULES)


def chosen(model, hits=(), k=4):
    reasons = principal_reasons([ModelReason(*item) for item in model], hits, CATALOGUE, k)
    assert [item.rank for item in reasons] == list(range(1, len(reasons) + 1))
    return [item.reason.code for item in reasons]


# ---- the default catalogue ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("column", "code", "english", "chinese"),
    [
        (COLUMNS[0], "F_DURATION", "Loan duration is too high", "贷款期限过高"),
        (COLUMNS[1], "F_INCOME", "Monthly income is too low", "月收入过低"),
        (COLUMNS[2], "F_NUM_PAST_DUE", "Num past due as reported", "num past due不利于授信"),
        (
            FeatureLabel("NumberOfTimes90DaysLate"),
            "F_NUMBEROFTIMES90DAYSLATE_8468",
            "Number of times90 days late as reported",
            "number of times90 days late不利于授信",
        ),
    ],
)
def test_a_default_reason_comes_from_the_columns_labels(column, code, english, chinese):
    reason = default_reason(column)
    assert reason.code == code
    assert (reason.text_en, reason.text_zh) == (english, chinese)
    assert reason.feature == column.name


def test_codes_depend_on_the_name_alone():
    assert reason_code("duration") == "F_DURATION"
    assert reason_code("Duration") == reason_code("Duration") != "F_DURATION"
    assert reason_code("other").startswith("F_OTHER_")
    assert reason_code("收入").startswith("F_")
    assert reason_code("duration.in.month") != reason_code("duration_in_month")
    assert reason_code("duration") == default_reason(COLUMNS[0]).code


@settings(max_examples=200, deadline=None)
@given(names=st.lists(st.text(min_size=1, max_size=30), unique=True, max_size=8))
def test_any_column_name_gives_a_usable_code(names):
    for name in names:
        assert reason_code(name) == reason_code(name)
        assert reason_code(name).isascii()
        assert reason_code(name).upper() == reason_code(name)


# ---- what is no reason -------------------------------------------------------------------------
VAGUE_EN = [
    "", "  ", "?", "-", "ok", "Other", "OTHER REASONS", "other.", "Misc", "N/A", "Unspecified",
    "Credit score", "Score too low", "Your score is too low.", "Internal policy",
    "Bank's internal policies", "Our internal standards", "Failed to achieve a qualifying score",
    "Insufficient score", "Credit scoring system", "Declined by the model", "Other factors",
    "Machine learning result", "You do not qualify", "Did not meet our criteria",
    "Overall risk assessment", "ＯＴＨＥＲ", "o t h e r" + "!" * 400,
]  # fmt: skip
VAGUE_ZH = [
    "", "无", "其他", "其它原因", "综合评分不足", "您的综合评分不足", "综合评估未通过", "评分过低",
    "内部政策", "不符合我行内部政策", "系统评分未达标", "模型评分低", "不符合要求", "资质不足",
    "审核未通过", "其他因素", "算法决定", "１",
]  # fmt: skip


@pytest.mark.parametrize("text", VAGUE_EN)
def test_vague_english_is_refused(text):
    assert why_vague(text, language="en")
    with pytest.raises(ReasonRefusedError) as caught:
        CATALOGUE.edited("F_DURATION", text_en=text)
    assert caught.value.problems[0][0] == "F_DURATION"


@pytest.mark.parametrize("text", VAGUE_ZH)
def test_vague_chinese_is_refused(text):
    assert why_vague(text, language="zh")
    with pytest.raises(ReasonRefusedError):
        CATALOGUE.edited("F_DURATION", text_zh=text)


@pytest.mark.parametrize(
    "text",
    [
        "Number of recent inquiries on credit bureau report",
        "Length of employment",
        "Income insufficient for amount of credit requested",
        "Delinquent past or present credit obligations with others",
        "Unable to verify residence",
        "Other installment plans at banks or stores",
        "Collection action or judgment",
    ],
)
def test_specific_reasons_of_the_regulations_own_form_stand(text):
    """Sample wordings of Regulation B, Appendix C, form C-1."""
    assert why_vague(text, language="en") == ""


def test_texts_may_be_edited_and_codes_may_not():
    edited = CATALOGUE.edited("F_DURATION", text_en="The term asked for is too long")
    assert edited.reasons["F_DURATION"].text_en == "The term asked for is too long"
    assert edited.reasons["F_DURATION"].text_zh == "贷款期限过高"
    assert edited.by_feature["duration"] is edited.reasons["F_DURATION"]
    assert CATALOGUE.reasons["F_DURATION"].text_en == "Loan duration is too high"
    with pytest.raises(ReasonRefusedError):
        CATALOGUE.edited("NO_SUCH", text_en="Length of employment")


@pytest.mark.parametrize(
    "bad",
    [
        Reason("OTHER", "x", "Length of employment", "工作年限"),
        Reason("lower", "x", "Length of employment", "工作年限"),
        Reason("A B", "x", "Length of employment", "工作年限"),
        Reason("", "x", "Length of employment", "工作年限"),
        Reason("SCORE_BELOW_CUTOFF", "x", "Length of employment", "工作年限"),
        Reason("F_X", " ", "Length of employment", "工作年限"),
        Reason("F_X", "x", "Length of employment", "工作年限", origin="guess"),
    ],
)
def test_bad_entries_are_refused(bad):
    with pytest.raises(ReasonRefusedError):
        build_catalogue([bad])


def test_one_code_and_one_feature_have_one_reason():
    one = Reason("F_X", "x", "Length of employment", "工作年限")
    with pytest.raises(ReasonRefusedError, match="twice"):
        build_catalogue([one, Reason("F_X", "y", "Length of residence", "居住年限")])
    with pytest.raises(ReasonRefusedError, match="two reasons"):
        build_catalogue([one, Reason("F_Y", "x", "Length of residence", "居住年限")])


# ---- the choice --------------------------------------------------------------------------------
def test_the_worst_come_first_at_most_four_and_only_those_that_hurt():
    model = [("duration", 3.0), ("income", 9.0), ("num_past_due", 0.5), ("housing", 4.0),
             ("savings", 1.0)]  # fmt: skip
    assert chosen(model) == ["F_INCOME", "F_HOUSING", "F_DURATION", "F_SAVINGS"]
    assert chosen([("duration", 0.0), ("income", -1.0)]) == []
    assert chosen([("duration", 1e-9), ("income", 0.0)]) == ["F_DURATION"]
    assert chosen([]) == []


def test_equal_ones_are_ordered_by_name():
    assert chosen([("savings", 1.0), ("duration", 1.0)]) == ["F_DURATION", "F_SAVINGS"]


def test_rules_that_decided_come_first():
    model = [("duration", 3.0), ("income", 9.0), ("housing", 4.0)]
    assert chosen(model, ["UNDER_AGE", "REGION"]) == [
        "UNDER_AGE",
        "REGION",
        "F_INCOME",
        "F_HOUSING",
    ]
    assert chosen(model, ["UNDER_AGE", "UNDER_AGE"]) == chosen(model, ["UNDER_AGE"])
    assert chosen(model, ["REGION"], k=1) == ["REGION"]


def test_codes_that_only_steer_are_passed_over():
    assert chosen([("income", 1.0)], ["SCORE_BELOW_CUTOFF"]) == ["F_INCOME"]


def test_every_code_that_says_nothing_to_a_customer_is_internal():
    steering = {DECLINE_CODE, REFER_CODE, CODE_NO_RULE, CODE_INCOMPLETE_OFFER}
    limits = {CODE_AMOUNT, CODE_TERM, CODE_APR, CODE_CURRENCY}
    assert steering | limits <= INTERNAL_CODES


def test_a_feature_a_rule_has_named_is_not_repeated():
    catalogue = CATALOGUE.with_reasons(
        [Reason("TOO_LONG", "duration", "Term asked for is above the maximum", "期限超限", "rule")]
    )
    found = principal_reasons(
        [ModelReason("duration", 9.0), ModelReason("income", 1.0)], ["TOO_LONG"], catalogue
    )
    assert [item.reason.code for item in found] == ["TOO_LONG", "F_INCOME"]


def test_a_missing_reason_is_an_error_and_never_an_invented_text():
    with pytest.raises(CatalogueGapError) as caught:
        chosen([("unknown_feature", 9.0), ("income", 1.0)], ["NO_SUCH_RULE"])
    assert caught.value.missing == ("NO_SUCH_RULE", "unknown_feature")
    assert chosen([("unknown_feature", -9.0), ("income", 1.0)]) == ["F_INCOME"]


@pytest.mark.parametrize("k", [0, 5, -1])
def test_one_to_four_reasons_are_given(k):
    with pytest.raises(ValueError, match="1 to 4"):
        chosen([("income", 1.0)], k=k)


def test_reasons_of_a_real_decision():
    policy = compile_policy(load_policy(document_from_form(ruled_form())))
    model = [("income", 9.0), ("duration", 2.0)]
    assert chosen(model, policy.evaluate(good(age=17)).codes) == [
        "UNDER_AGE",
        "F_INCOME",
        "F_DURATION",
    ]
    assert chosen(model, policy.evaluate(good(score=500)).codes) == ["F_INCOME", "F_DURATION"]
    assert chosen(model, policy.evaluate(good(delinquencies=None)).codes)[0] == (
        "MISSING_DELINQUENCIES"
    )


@settings(max_examples=100, deadline=None)
@given(
    model=st.lists(
        st.tuples(st.sampled_from([c.name for c in COLUMNS]), st.floats(-10, 10)),
        unique_by=lambda item: item[0],
    ),
    hits=st.lists(st.sampled_from(["UNDER_AGE", "REGION", "SCORE_BELOW_CUTOFF"])),
    k=st.integers(1, 4),
)
def test_whatever_happens_reasons_are_few_ordered_and_true(model, hits, k):
    reasons = principal_reasons([ModelReason(*item) for item in model], hits, CATALOGUE, k)
    assert len(reasons) <= k
    assert len({item.reason.feature for item in reasons}) == len(reasons)
    shortfalls = dict(model)
    scored = [item for item in reasons if item.shortfall is not None]
    assert [item.shortfall for item in scored] == sorted(
        (item.shortfall for item in scored), reverse=True
    )
    assert all(shortfalls[item.reason.feature] > 0 for item in scored)
    assert reasons[len(reasons) - len(scored) :] == tuple(scored)
