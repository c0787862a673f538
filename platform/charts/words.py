"""Every word a picture says, keyed by its English text, with its simplified Chinese."""

from __future__ import annotations

from typing import Final, Literal

Lang = Literal["en", "zh-hans"]

_CHINESE: Final[dict[str, str]] = {
    # frame
    "No data": "暂无数据",
    "values left out, not numbers: {n}": "已略去无效数值：{n} 个",
    "first {shown} of {total} shown": "仅显示前 {shown} 项，共 {total} 项",
    "latest {shown} of {total} shown": "仅显示最近 {shown} 项，共 {total} 项",
    "Data table": "数据表",
    "Download CSV": "下载 CSV",
    "as of {value}": "截至 {value}",
    "n = {value}": "样本数 {value}",
    "model {value}": "模型 {value}",
    "Missing": "缺失",
    "Special": "特殊值",
    "Count": "数量",
    "Share": "占比",
    # discrimination
    "Score distribution by outcome": "评分分布（按结果）",
    "The less the two outcomes overlap across score bands, the better.": (
        "各分数段内好、坏客户各自的占比；重叠越少，区分度越好。"
    ),
    "Good": "好客户",
    "Bad": "坏客户",
    "Score": "评分",
    "Cut-off": "准入线",
    "Share of outcome": "占比",
    "From": "起",
    "To": "止",
    "Share of good": "好客户占比",
    "Share of bad": "坏客户占比",
    "ROC curve": "ROC 曲线",
    "Chance": "随机",
    "False positive rate": "假正率",
    "True positive rate": "真正率",
    "Split": "样本",
    "KS curve": "KS 曲线",
    "Cumulative share": "累计占比",
    "Cumulative good": "累计好客户",
    "Cumulative bad": "累计坏客户",
    "Distance": "差值",
    "Cumulative gains": "累计增益曲线",
    "Perfect": "理想",
    "Riskiest share of customers": "按风险由高到低的客户占比",
    "Share of bads captured": "捕获的坏客户占比",
    "Depth": "客户占比",
    "Captured": "捕获占比",
    "Lift": "提升度",
    "Cumulative lift": "累计提升度",
    "No lift": "无提升",
    # calibration
    "Calibration by decile": "分箱校准",
    "Predicted bad rate": "预测坏账率",
    "Observed bad rate": "实际坏账率",
    "Perfectly calibrated": "完全校准",
    "Group": "分组",
    "Lower bound": "区间下限",
    "Upper bound": "区间上限",
    # stability
    "Population stability": "群体稳定性（PSI）",
    "PSI by feature": "各特征 PSI",
    "PSI": "PSI",
    "Period": "期间",
    "Feature": "特征",
    "watch {value}": "关注 {value}",
    "act {value}": "行动 {value}",
    "Vintage curves": "账龄（Vintage）曲线",
    "Months on book": "账龄（月）",
    "Cumulative bad rate": "累计坏账率",
    "Vintage": "放款批次",
    "Drift since the last load": "与上次入库相比的漂移",
    # bins
    "WOE and bad rate by bin": "分箱 WOE 与坏账率",
    "Bin": "分箱",
    "Share of rows": "样本占比",
    "Bad rate": "坏账率",
    "WOE": "WOE",
    "Points": "分值",
    "Rows": "行数",
    "Bads": "坏客户数",
    "Kind": "类别",
    "ordinary": "普通",
    "special": "特殊值",
    "missing": "缺失",
    "Information value": "信息值（IV）",
    "IV": "IV",
    "weak below {value}": "低于 {value} 为弱",
    "suspicious above {value}": "高于 {value} 存疑",
    # policy
    "Reason codes": "原因代码频次",
    "Code": "代码",
    "Reason": "原因",
    "Decisions": "决策数",
    "Approval rate against bad rate": "通过率与坏账率",
    "Approval rate": "通过率",
    "Bad rate among approved": "通过客户坏账率",
    "Cut-off {value}": "准入线 {value}",
    "Swap set": "冠军/挑战者置换分析",
    "Champion approves": "冠军通过",
    "Champion declines": "冠军拒绝",
    "Challenger approves": "挑战者通过",
    "Challenger declines": "挑战者拒绝",
    "Swap in": "换入",
    "Swap out": "换出",
    "Both approve": "均通过",
    "Both decline": "均拒绝",
    "bad rate {value}": "坏账率 {value}",
    "bad rate unknown": "坏账率未知",
    "Cell": "单元",
    # datasets
    "Completeness by column": "各列完整率",
    "Completeness": "完整率",
    "Column": "列",
    "Required": "要求",
    "required {value}": "要求 {value}",
    "Data quality": "数据质量",
    "Field": "字段",
    "Value distribution": "取值分布",
    "Value": "取值",
    "Missing rate and bad rate": "缺失与坏账率",
    "Bad rate, value missing": "缺失时坏账率",
    "Bad rate, value present": "有值时坏账率",
    "Missing share": "缺失率",
    "Rows in, loaded and quarantined": "入库行数与隔离行数",
    "Rows in": "收到行数",
    "Loaded": "已入库",
    "Quarantined": "已隔离",
    "Unaccounted": "去向不明",
    "Load": "批次",
    # operations
    "Use against quota": "配额使用情况",
    "Bank": "银行",
    "Used": "已用",
    "Quota": "配额",
    "Use": "使用率",
    "no quota": "无配额",
    "Banks by health": "银行健康状况",
    "healthy": "正常",
    "degraded": "降级",
    "failing": "故障",
    "suspended": "已暂停",
    "Health": "健康状况",
    "Banks": "银行数",
    "Jobs by state": "任务状态",
    "Queue": "队列",
    "queued": "排队中",
    "running": "运行中",
    "succeeded": "成功",
    "failed": "失败",
    "cancelled": "已取消",
}


def say(lang: Lang, english: str, **values: object) -> str:
    """Words in that language; ``values`` fill the braces.

    Raises KeyError for words without a translation, ValueError for an unknown language.
    """
    chinese = _CHINESE[english]
    if lang not in ("en", "zh-hans"):
        raise ValueError(f"unknown language: {lang!r}")
    words = english if lang == "en" else chinese
    return words.format(**values) if values else words


def heads(lang: Lang, *english: str) -> tuple[str, ...]:
    """Several words: a table's header."""
    return tuple(say(lang, one) for one in english)
