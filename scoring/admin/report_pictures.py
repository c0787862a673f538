"""The pictures of a model report, made from the stored report and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from charts.picture import Picture
from charts.pictures.bins import IvRanking, WoeBin, WoeBins
from charts.pictures.calibration import CalibrationCurve, CalibrationGroup, CalibrationSplit
from charts.pictures.discrimination import KsCurve, RocCurves, RocSplit, ScoreDistribution
from charts.pictures.gains import GainsCurve, GainsSplit, LiftCurve
from charts.pictures.stability import PsiByFeature

Report = Mapping[str, Any]
# Honest names: what has no time is never called out of time.
PARTS = {
    "train": _("Train"),
    "validation": _("Validation"),
    "out_of_time": _("Out of time"),
    "out_of_sample": _("Out of sample"),
}
BINS = "bins-"
_DISTRIBUTION_BANDS = 20


def last_part(report: Report) -> Mapping[str, Any]:
    """The test where there is one, else the last part."""
    return report["parts"][-1]  # type: ignore[no-any-return]


def part_name(part: Mapping[str, Any]) -> str:
    return str(PARTS.get(part["name"], part["name"]))


def picture_of(report: Report, key: str) -> Picture:
    """One picture by its key. Raises KeyError."""
    if key.startswith(BINS):
        return bins_picture(report["features"][int(key.removeprefix(BINS))])
    return _MAKERS[key](report)


def overview(report: Report) -> dict[str, Picture]:
    """Every picture but the bins, in the order of the page; those without data are left out."""
    return {key: make(report) for key, make in _MAKERS.items() if key != "psi" or _csi(report)}


def _distribution(report: Report) -> Picture:
    rows = _merged(last_part(report)["distribution"])
    edges = [row[0] for row in rows] + ([rows[-1][1] + 1] if rows else [])
    return ScoreDistribution(
        edges=edges, good=[row[2] for row in rows], bad=[row[3] for row in rows]
    )


def _merged(rows: Sequence[Sequence[int]]) -> list[tuple[int, int, int, int]]:
    """Neighbouring bands put together, so that a small test does not look like noise."""
    step = max(1, -(-len(rows) // _DISTRIBUTION_BANDS))
    groups = [rows[place : place + step] for place in range(0, len(rows), step)]
    return [
        (group[0][0], group[-1][1], sum(r[2] for r in group), sum(r[3] for r in group))
        for group in groups
    ]


def _roc(report: Report) -> Picture:
    return RocCurves(
        splits=tuple(
            RocSplit(
                name=part_name(part),
                false_positive=[point["goods"] for point in part["roc"]],
                true_positive=[point["bads"] for point in part["roc"]],
                auc=part["auc"]["value"],
                auc_low=part["auc"]["low"],
                auc_high=part["auc"]["high"],
            )
            for part in report["parts"]
        )
    )


def _ks(report: Report) -> Picture:
    part = last_part(report)
    # The curve runs over the negated score: the riskiest come first.
    points = part["ks_curve"]
    return KsCurve(
        score=[-point["threshold"] for point in points],
        good=[point["goods"] for point in points],
        bad=[point["bads"] for point in points],
        ks_low=part["ks"]["low"],
        ks_high=part["ks"]["high"],
    )


def _gain_splits(report: Report) -> tuple[GainsSplit, ...]:
    return tuple(
        GainsSplit(
            name=part_name(part),
            depth=[0.0, *(row["cumulative_share"] for row in part["gains"])],
            captured=[0.0, *(row["cumulative_bads"] for row in part["gains"])],
        )
        for part in report["parts"]
    )


def _gains(report: Report) -> Picture:
    return GainsCurve(splits=_gain_splits(report), base_rate=last_part(report)["bad_rate"])


def _lift(report: Report) -> Picture:
    return LiftCurve(splits=_gain_splits(report))


def _calibration(report: Report) -> Picture:
    return CalibrationCurve(splits=tuple(_calibration_split(part) for part in report["parts"][-1:]))


def _calibration_split(part: Mapping[str, Any]) -> CalibrationSplit:
    return CalibrationSplit(
        name=part_name(part),
        groups=[
            CalibrationGroup(
                label=gettext("Group %(n)s") % {"n": row["group"]},
                predicted=row["predicted"],
                observed=row["observed"]["value"],
                low=row["observed"]["low"],
                high=row["observed"]["high"],
                rows=row["count"],
            )
            for row in part["calibration"]
        ],
    )


def _iv(report: Report) -> Picture:
    features = report["features"]
    return IvRanking(
        features=tuple(f["name"] for f in features), values=[f["iv"] for f in features]
    )


def _csi(report: Report) -> list[Mapping[str, Any]]:
    return [f for f in report["features"] if f["used"] and f["csi"]]


def _psi(report: Report) -> Picture:
    measured = _csi(report)
    return PsiByFeature(
        features=tuple(f["name"] for f in measured),
        values=[f["csi"]["psi"]["value"] for f in measured],
    )


_MAKERS = {
    "distribution": _distribution,
    "roc": _roc,
    "ks": _ks,
    "gains": _gains,
    "lift": _lift,
    "calibration": _calibration,
    "iv": _iv,
    "psi": _psi,
}


def bins_picture(feature: Mapping[str, Any]) -> WoeBins:
    """The bins of one characteristic; bins that caught no row in training are left out."""
    total = sum(entry["count"] for entry in feature["bins"]) or 1
    bins = [_bin(entry, total) for entry in feature["bins"] if entry["count"]]
    return WoeBins(characteristic=feature["name"], bins=tuple(bins))


def _bin(entry: Mapping[str, Any], total: int) -> WoeBin:
    return WoeBin(
        label=bin_label(entry),
        share=entry["count"] / total,
        bad_rate=entry["bad_rate"],
        woe=entry["woe"],
        points=entry["points"],
        kind=_bin_kind(entry["kind"]),
        rows=entry["count"],
        bads=entry["bads"],
    )


def bin_label(entry: Mapping[str, Any]) -> str:
    """A bin's own label, the two fixed ones in the reader's language."""
    fixed = {"missing": gettext("Missing"), "other": gettext("Other values")}
    return fixed.get(entry["kind"], entry["label"])


def _bin_kind(kind: str) -> Literal["ordinary", "special", "missing"]:
    if kind == "missing":
        return "missing"
    return "special" if kind in ("special", "other") else "ordinary"
