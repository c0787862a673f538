"""The sentences of findings, in English and Chinese, each under a stable code."""

from __future__ import annotations

from typing import Any

from datasets.choices import Severity
from datasets.contracts import Finding

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR

TEXTS: dict[str, tuple[Severity, str, str]] = {
    "words_in_numbers": (
        WARNING,
        "{column}: {share:.1%} numeric, {n:,} text values ({words}). Read as a number; words that "
        "repeat are proposed as special codes, others are quarantined.",
        "{column}：{share:.1%} 为数值，另有 {n:,} 个文本值（{words}）。"
        "按数值读取，重复出现的文本建议设为特殊代码，其余隔离。",
    ),
    "special_codes": (
        WARNING,
        "{column}: {codes} look like codes, not numbers ({n:,} rows). They are proposed as "
        "special codes; please name them.",
        "{column}：{codes} 疑似代码而非数值（{n:,} 行）。建议设为特殊代码，请补充含义。",
    ),
    "mixed_date_order": (
        WARNING,
        "{column}: day and month cannot be told apart in the sample; read as {format}.",
        "{column}：样本中无法区分日与月，按 {format} 读取。",
    ),
    "target_proposed": (
        WARNING,
        "{column} looks like the target: {values}. If {bad} means bad, the bad rate is "
        "{bad_rate:.2%}; if it means good, it is {other_rate:.2%}. Confirm the direction.",
        "{column} 疑似目标变量：{values}。若 {bad} 表示坏，坏账率为 {bad_rate:.2%}；若表示好，则为 "
        "{other_rate:.2%}。请确认方向。",
    ),
    "encoding_unsure": (
        WARNING,
        "The encoding was guessed as {encoding}; check that names and words read well.",
        "文件编码推测为 {encoding}，请检查列名与文字是否正常。",
    ),
    "near_unique_text": (
        WARNING,
        "{column}: {distinct:,} different texts in {n:,} rows. Nearly unique text must not be "
        "binned; make it an id or ignore it.",
        "{column}：{n:,} 行中有 {distinct:,} 个不同文本。近乎唯一的文本不可分箱，请设为标识或忽略。",
    ),
    "constant_column": (
        INFO,
        "{column} has one value only ({value}).",
        "{column} 只有一个取值（{value}）。",
    ),
    "mostly_missing": (
        WARNING,
        "{column}: {share:.1%} of the rows have no value.",
        "{column}：{share:.1%} 的行缺失。",
    ),
    "bad_rate": (
        INFO,
        "With {bad} as bad in {column}, the bad rate is {bad_rate:.2%} ({n_bad:,} of {n:,}).",
        "以 {column} 中的 {bad} 为坏，坏账率为 {bad_rate:.2%}（{n_bad:,} / {n:,}）。",
    ),
    "direction_suspect": (
        WARNING,
        "{column}: {bad_rate:.2%} of the rows would be bad. Perhaps {bad} means good; reversed, "
        "the bad rate would be {other_rate:.2%}.",
        "{column}：{bad_rate:.2%} 的行被视为坏。{bad} 可能表示好；反向后坏账率为 {other_rate:.2%}。",
    ),
    "direction_undeclared": (
        ERROR,
        "{column} is the target, but which values are bad is not declared. {rates}",
        "{column} 为目标变量，但未声明哪些取值为坏。{rates}",
    ),
    "unresolved_target": (
        WARNING,
        "{column}: the outcome of {n:,} rows ({share:.1%}) is not known; they take no part in "
        "rates.",
        "{column}：{n:,} 行（{share:.1%}）结果未知，不参与比率计算。",
    ),
    "leak_suspected": (
        ERROR,
        "{column} alone separates bad from good with AUC {auc:.3f}. Perhaps it is known only "
        "after the decision.",
        "{column} 单独区分好坏的 AUC 为 {auc:.3f}，可能在决策之后才可知。",
    ),
    "known_after_decision": (
        WARNING,
        "{column} is known only after the decision and must not be used for training (AUC alone "
        "{auc}).",
        "{column} 在决策之后才可知，不得用于训练（单变量 AUC {auc}）。",
    ),
    "informative_missing": (
        WARNING,
        "{column}: the bad rate is {missing_rate:.2%} where it is missing ({n:,} rows) and "
        "{present_rate:.2%} where it is present. Missing carries information; keep it as a bin.",
        "{column}：缺失时坏账率 {missing_rate:.2%}（{n:,} 行），有值时 {present_rate:.2%}。缺失含有信息，应单独成箱。",
    ),
    "complete_case_filter": (
        WARNING,
        "Keeping only complete rows would remove {rows:,} rows ({row_share:.1%}) and {bads:,} bads "
        "({bad_share:.1%}); the bad rate would go from {bad_rate:.2%} to {complete_rate:.2%}.",
        "只保留完整行将剔除 {rows:,} 行（{row_share:.1%}）和 {bads:,} 个坏样本（{bad_share:.1%}），"
        "坏账率由 {bad_rate:.2%} 变为 {complete_rate:.2%}。",
    ),
    "policy_group": (
        WARNING,
        "{n:,} rows have the code {code} in all of {columns} columns. A group without a file is "
        "a policy group, not a score group{rate}.",
        "{n:,} 行在 {columns} 个列中均为代码 {code}。无征信记录的群体应按政策处理，而非评分{rate}。",
    ),
    "duplicate_rows": (
        WARNING,
        "{n:,} rows repeat an earlier row in every field but ids.",
        "{n:,} 行除标识外与之前的行完全相同。",
    ),
    "implausible_zero": (
        WARNING,
        "{column}: {n:,} rows have 0, while the next smallest value is {next:g}. Zero is probably "
        "not a measurement.",
        "{column}：{n:,} 行为 0，而次小值为 {next:g}。0 可能并非真实取值。",
    ),
    "mixed_units": (
        WARNING,
        "{column}: {share:.1%} of the values lie between 0 and 1.5, but {n:,} are larger, up to "
        "{maximum:g}. Perhaps fractions are mixed with per cent or amounts.",
        "{column}：{share:.1%} 的取值在 0 到 1.5 之间，但有 {n:,} 个更大，最大 {maximum:g}。"
        "可能混用了比例与百分数或金额。",
    ),
    "extreme_values": (
        WARNING,
        "{column}: the largest value is {maximum:.3g} while 99 % are at most {p99:.3g}.",
        "{column}：最大值为 {maximum:.3g}，而 99 % 的取值不超过 {p99:.3g}。",
    ),
    "right_censoring": (
        WARNING,
        "Recent months ({months}) have a bad rate of {late_rate:.2%} against {early_rate:.2%} "
        "before. They have had less time to go bad: compare at the same months on book.",
        "近期月份（{months}）坏账率 {late_rate:.2%}，此前为 {early_rate:.2%}。近期样本表现期不足，应按相同账龄比较。",
    ),
    "vintages_thin_out": (
        WARNING,
        "Recent months ({months}) hold {late:,.0f} rows a month against {early:,.0f} before. If "
        "only resolved loans are in the file, late vintages are not comparable.",
        "近期月份（{months}）月均 {late:,.0f} 行，此前为 {early:,.0f} 行。若文件仅含已结清贷款，近期批次不可比。",
    ),
    "future_dates": (
        ERROR,
        "{column}: {n:,} rows are dated after {as_of}.",
        "{column}：{n:,} 行日期晚于 {as_of}。",
    ),
    "stale_data": (
        WARNING,
        "The newest row is of {newest}, {days:,} days before {as_of}.",
        "最新一行日期为 {newest}，距 {as_of} 已 {days:,} 天。",
    ),
    "missing_months": (
        WARNING,
        "{column}: no rows in {months}.",
        "{column}：{months} 无数据。",
    ),
    "drift": (
        WARNING,
        "{column}: the distribution moved against the last load (PSI {psi:.3f}).",
        "{column}：与上次加载相比分布发生变化（PSI {psi:.3f}）。",
    ),
    "schema_change": (
        WARNING,
        "{column}: {change} since the last load.",
        "{column}：与上次加载相比 {change_zh}。",
    ),
    "values_refused": (
        WARNING,
        "{column}: {n:,} rows were quarantined for this column.",
        "{column}：因该列被隔离 {n:,} 行。",
    ),
    "identity_proposed": (
        WARNING,
        "{column} looks like personal identity; it is proposed to be stored encrypted.",
        "{column} 疑似个人身份信息，建议加密存储。",
    ),
    "protected_suspected": (
        WARNING,
        "{column} may be a protected characteristic; consider the role protected or prohibited.",
        "{column} 可能为受保护特征，请考虑设为受保护或禁用。",
    ),
    "time_proposed": (
        INFO,
        "{column} is proposed as the time of the decision.",
        "{column} 建议作为决策时间。",
    ),
    "quarantined_rows": (
        WARNING,
        "{n:,} of {rows:,} rows ({share:.2%}) were quarantined; the commonest reason is {reason}.",
        "{rows:,} 行中有 {n:,} 行（{share:.2%}）被隔离，最常见原因：{reason}。",
    ),
}


def finding(
    code: str,
    /,
    *,
    column: str | None = None,
    proposal: dict[str, Any] | None = None,
    severity: Severity | None = None,
    **facts: Any,
) -> Finding:
    """A finding of a known code with its sentences filled in. Raises KeyError on unknown codes."""
    usual, english, chinese = TEXTS[code]
    words = {"column": column or "", **facts}
    return Finding(
        code=code,
        severity=severity or usual,
        message=english.format(**words),
        message_zh=chinese.format(**words),
        column=column,
        facts=facts,
        proposal=proposal or {},
    )
