"""One small, valid example of every named picture."""

from __future__ import annotations

from charts.picture import Picture
from charts.pictures.bins import IvRanking, WoeBin, WoeBins
from charts.pictures.calibration import CalibrationCurve, CalibrationGroup, CalibrationSplit
from charts.pictures.discrimination import KsCurve, RocCurves, RocSplit, ScoreDistribution
from charts.pictures.gains import GainsCurve, GainsSplit, LiftCurve
from charts.pictures.operations import (
    BanksByHealth,
    JobsByState,
    QueueJobs,
    QuotaUse,
    UseAgainstQuota,
)
from charts.pictures.policy import ApprovalTrade, Reason, ReasonFrequency, SwapCell, SwapSet
from charts.pictures.quality import (
    CodeCount,
    ColumnCompleteness,
    LoadRows,
    LoadStrip,
    MissingAgainstBad,
    MissingEffect,
    QualityHeatMap,
    ValueHistogram,
)
from charts.pictures.stability import (
    LoadDrift,
    PsiByFeature,
    PsiOverTime,
    PsiSeries,
    Vintage,
    VintageCurves,
)

HOSTILE = "<script>alert(1)</script>\"'&\x00\ud800]]>"


def pictures(name: str = "PAY_0") -> list[Picture]:
    """Every picture, with ``name`` wherever a caller's text can stand."""
    split = GainsSplit(name=name, depth=(0.0, 0.1, 0.5, 1.0), captured=(0.0, 0.3, 0.8, 1.0))
    group = CalibrationGroup(label=name, predicted=0.1, observed=0.12, low=0.08, high=0.17, rows=90)
    return [
        ScoreDistribution(edges=(400, 500, 600, 700), good=(1, 5, 9), bad=(4, 3, 1), cut_off=550),
        RocCurves(
            splits=(
                RocSplit(
                    name=name,
                    false_positive=(0.0, 0.2, 1.0),
                    true_positive=(0.0, 0.6, 1.0),
                    auc=0.7,
                    auc_low=0.68,
                    auc_high=0.72,
                ),
            )
        ),
        KsCurve(score=(400, 500, 600, 700), good=(0.0, 0.1, 0.4, 1.0), bad=(0.0, 0.5, 0.7, 1.0)),
        GainsCurve(splits=(split,), base_rate=0.2),
        LiftCurve(splits=(split,)),
        CalibrationCurve(splits=(CalibrationSplit(name=name, groups=(group,)),)),
        PsiOverTime(
            periods=("2026-01", "2026-02", name),
            series=(PsiSeries(name=name, values=(0.02, None, 0.3)),),
        ),
        PsiByFeature(features=(name, "AGE"), values=(0.12, 0.3)),
        LoadDrift(features=(name,), values=(0.01,)),
        VintageCurves(
            vintages=(Vintage(name=name, months=(0, 1, 2), bad_rate=(0.0, 0.01, 0.02)),), note=name
        ),
        WoeBins(
            characteristic=name,
            bins=(
                WoeBin(label=name, share=0.6, bad_rate=0.1, woe=0.3, points=12, rows=60, bads=6),
                WoeBin(label="b", share=0.3, bad_rate=0.3, woe=-0.4, points=-9, low=0.2, high=0.4),
                WoeBin(label="", share=0.1, bad_rate=None, woe=None, kind="missing"),
            ),
        ),
        IvRanking(features=(name, "AGE", "SEX"), values=(0.6, 0.3, 0.01)),
        ReasonFrequency(
            reasons=(Reason(code="R1", text=name, count=3), Reason(code="R2", text="b", count=8)),
            decisions=10,
        ),
        ApprovalTrade(
            cut_off=(500, 550, 600),
            approval_rate=(0.9, 0.6, 0.3),
            bad_rate=(0.1, 0.06, 0.03),
            current=550,
        ),
        SwapSet(
            both_approve=SwapCell(rows=80, bad_rate=0.05),
            swap_in=SwapCell(rows=6),
            swap_out=SwapCell(rows=4, bad_rate=0.2),
            both_decline=SwapCell(rows=10),
        ),
        ColumnCompleteness(columns=(name, "b"), completeness=(0.9, 0.5), required=(0.95, None)),
        QualityHeatMap(
            fields=(name, "b"), columns=("1", name), values=((1.0, 0.5), (None, 0.9)), floor=0.4
        ),
        ValueHistogram(
            column=name, edges=(0, 1, 2), counts=(5, 3), codes=(CodeCount(label=name, count=2),)
        ),
        MissingAgainstBad(
            effects=(
                MissingEffect(
                    column=name, missing_share=0.2, bad_rate_missing=0.3, bad_rate_present=0.1
                ),
            )
        ),
        LoadStrip(loads=(LoadRows(label=name, rows_in=100, loaded=90, quarantined=7),)),
        UseAgainstQuota(
            uses=(QuotaUse(label=name, used=9, quota=10), QuotaUse(label="b", used=3, quota=None))
        ),
        BanksByHealth(healthy=4, degraded=1),
        JobsByState(queues=(QueueJobs(queue=name, queued=2, succeeded=7, failed=1),)),
    ]


def empty_pictures() -> list[Picture]:
    """Every picture that takes sequences, with none of anything."""
    return [
        ScoreDistribution(edges=(), good=(), bad=()),
        RocCurves(splits=()),
        RocCurves(splits=(RocSplit(name="a", false_positive=(), true_positive=(), auc=0.5),)),
        KsCurve(score=(), good=(), bad=()),
        GainsCurve(splits=()),
        LiftCurve(splits=()),
        CalibrationCurve(splits=()),
        PsiOverTime(periods=(), series=()),
        PsiByFeature(features=(), values=()),
        LoadDrift(features=(), values=()),
        VintageCurves(vintages=()),
        WoeBins(characteristic="a", bins=()),
        IvRanking(features=(), values=()),
        ReasonFrequency(reasons=()),
        ApprovalTrade(cut_off=(), approval_rate=(), bad_rate=(), current=5),
        ColumnCompleteness(columns=(), completeness=()),
        QualityHeatMap(fields=(), columns=(), values=()),
        ValueHistogram(column="a", edges=(), counts=()),
        MissingAgainstBad(effects=()),
        LoadStrip(loads=()),
        UseAgainstQuota(uses=()),
        JobsByState(queues=()),
    ]
