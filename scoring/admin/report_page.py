"""What a model report's page says around its pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from charts.area import Size
from charts.markup import Markup
from charts.picture import About, figure
from scoring.admin.pages import language
from scoring.admin.report_pictures import (
    BINS,
    bin_label,
    bins_picture,
    last_part,
    overview,
    part_name,
)
from scoring.models import ModelVersion

CARD = Size(width=560, height=310)
WIDE_BINS = Size(width=860, height=330)
# Pictures drawn at once; the others when their row is opened.
BINS_OPEN = 3
GROUPS = (
    ("discrimination", _("Discrimination"), ("distribution", "roc", "ks", "gains")),
    ("calibration", _("Lift and calibration"), ("lift", "calibration")),
    ("features", _("Characteristics"), ("iv", "psi")),
)
REASONS = {
    "low_iv": _("Too little information"),
    "correlated": _("Correlated with a stronger one"),
    "protected": _("Protected characteristic"),
    "prohibited": _("Prohibited"),
    "known_after_decision": _("Known only after the decision"),
    "wrong_sign": _("Its weight contradicts its bins"),
    "beyond_max_features": _("Beyond the most characteristics allowed"),
}
LEVELS = {"stable": _("stable"), "watch": _("watch"), "shifted": _("shifted")}
TRENDS = {
    "ascending": _("rises"),
    "descending": _("falls"),
    "none": _("free"),
    "auto": _("automatic"),
    "peak": _("peak"),
    "valley": _("valley"),
}


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One characteristic with its bins; `picture` is empty until it is asked for."""

    place: int
    name: str
    used: bool
    iv: float
    auc: float
    trend: Any
    demanded: Any
    importance: float
    missing_rate: float
    csi: float | None
    bins: list[dict[str, Any]]
    picture: Markup | str


def report_context(row: ModelVersion, csv_url: Callable[[str], str]) -> dict[str, Any]:
    """Everything the template shows of a report; `csv_url` gives the download of a picture by key."""
    report = row.report
    drawn = overview(report)
    about = _about(row)
    figures = {
        key: figure(
            picture,
            key=key,
            lang=language(),
            about=about[key == "iv"],
            wide=CARD,
            csv_url=csv_url(key),
        )
        for key, picture in drawn.items()
    }
    return {
        "version": row,
        "report": report,
        "test": last_part(report),
        "test_name": part_name(last_part(report)),
        "test_words": words_of_test(report),
        "parts": [{**part, "label": part_name(part)} for part in report["parts"]],
        "groups": [
            {"key": key, "title": title, "figures": [figures[k] for k in keys if k in figures]}
            for key, title, keys in GROUPS
        ],
        "features": _features(row, csv_url),
        "dropped": [
            {**entry, "words": REASONS.get(entry["reason"], entry["reason"])}
            for entry in report["dropped"]
        ],
        "settings": _settings(row),
        "psi_level": LEVELS.get(report["psi"]["level"], report["psi"]["level"])
        if report["psi"]
        else "",
        "base_points": _base_points(report),
        "max_importance": max((f["importance"] for f in report["features"]), default=0) or 1,
    }


def bins_figure(row: ModelVersion, place: int, csv_url: str) -> FeatureRow:
    """One characteristic with its picture drawn."""
    return _feature(row, place, csv_url, drawn=True)


def _about(row: ModelVersion) -> tuple[About, About]:
    """Under the pictures of the test, and under those of the training rows."""
    version = f"{row.model.code} v{row.number}"
    day = row.created_at.date().isoformat()
    test, train = last_part(row.report), row.report["parts"][0]
    return (
        About(rows=test["rows"], as_of=day, version=version, note=part_name(test)),
        About(rows=train["rows"], as_of=day, version=version, note=part_name(train)),
    )


def words_of_test(report: Any) -> str:
    """Which rows the figures of the last part stand on."""
    name = last_part(report)["name"]
    if name == "out_of_time":
        return _now("Rows from %(boundary)s on, which training never saw.") % {
            "boundary": str(report["boundary"])[:10]
        }
    if name == "out_of_sample":
        return _now(
            "Rows set aside at random. No column has the time role, so there is no out-of-time figure."
        )
    return _now("No rows were set aside for a test: these figures are of the part named.")


def _features(row: ModelVersion, csv_url: Callable[[str], str]) -> list[FeatureRow]:
    used = [place for place, f in enumerate(row.report["features"]) if f["used"]]
    return [
        _feature(row, place, csv_url(f"{BINS}{place}"), drawn=rank < BINS_OPEN)
        for rank, place in enumerate(used)
    ]


def _feature(row: ModelVersion, place: int, csv_url: str, *, drawn: bool) -> FeatureRow:
    entry = row.report["features"][place]
    demanded = {f["name"]: f["trend"] for f in row.spec["features"]}.get(entry["name"], "auto")
    picture: Markup | str = ""
    if drawn:
        picture = figure(
            bins_picture(entry), key=f"bins{place}", lang=language(), about=_about(row)[1],
            wide=WIDE_BINS, csv_url=csv_url,
        )  # fmt: skip
    return FeatureRow(
        place=place,
        name=entry["name"],
        used=entry["used"],
        iv=entry["iv"],
        auc=entry["auc"],
        trend=TRENDS.get(entry["trend"], entry["trend"]),
        demanded=TRENDS[demanded] if demanded in ("ascending", "descending") else "",
        importance=entry["importance"],
        missing_rate=entry["missing_rate"],
        csi=entry["csi"]["psi"]["value"] if entry["csi"] else None,
        bins=[{**b, "label": bin_label(b)} for b in entry["bins"] if b["count"] or b["points"]],
        picture=picture,
    )


def _base_points(report: Any) -> bool:
    """Whether the bins carry points: they do for a scorecard only."""
    return any(b["points"] is not None for f in report["features"] for b in f["bins"])


def _settings(row: ModelVersion) -> list[tuple[str, Any]]:
    """What was asked for, flat, without what belongs to the other kind of model."""
    spec, out = row.spec, []
    for key, value in spec.items():
        if key in ("features", "kind", "scorecard", "boosting"):
            continue
        if isinstance(value, dict):
            out += [(f"{key}.{name}", v) for name, v in value.items()]
        elif value is not None:
            out.append((key, value))
    out += [(f"{row.kind}.{name}", v) for name, v in spec.get(row.kind, {}).items()]
    return out
