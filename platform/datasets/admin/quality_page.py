"""What a load's page says about its quality: figures, findings, pictures, columns."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.urls import reverse

from charts.area import Size
from charts.markup import Markup
from charts.picture import About, Picture, figure
from core.errors import NotFound
from datasets import labels, pictures, selectors
from datasets.contracts import DataContract, QualityReport
from datasets.states import LoadState

COLUMNS_A_PAGE = 12
LOADS_COMPARED = 8
# Below this share of complete rows the page says what dropping the others would do.
WORTH_SAYING = 0.98
SMALL = Size(width=520, height=260)
COLUMN_PREFIX = "column-"


@dataclass(frozen=True, slots=True)
class FindingLine:
    severity: str
    label: Any
    column: str
    text: str


def quality_context(load: selectors.LoadView, page: str) -> dict[str, Any]:
    """Everything the quality part shows; empty while there is no report."""
    try:
        report = selectors.quality_of(load.id)
    except NotFound:
        return {"report": None}
    contract = selectors.contract_of(load.id).contract
    columns = Paginator(report.profiles, COLUMNS_A_PAGE).get_page(page or 1)
    return {
        "report": report,
        "target": report.target,
        "target_words": _target_words(report, contract),
        "dropping_hides": _dropping_hides(report),
        "findings": _findings(report),
        "overview": _overview(load, report, contract),
        "columns": columns,
        "histograms": _histograms(load, report, contract, columns.start_index() - 1),
        "reasons": _reasons(load),
        "vintages": report.vintages,
    }


def _findings(report: QualityReport) -> list[FindingLine]:
    """Most urgent first."""
    ordered = sorted(report.findings, key=lambda f: labels.SEVERITY_ORDER.index(f.severity))
    return [
        FindingLine(
            f.severity, labels.SEVERITIES[f.severity], f.column or "", labels.finding_text(f)
        )
        for f in ordered
    ]


def _target_words(report: QualityReport, contract: DataContract) -> dict[str, str]:
    """Which values mean bad and which good, as written in the contract."""
    if report.target is None:
        return {}
    column = contract.column(report.target.column)
    return {
        "bad": ", ".join(map(str, column.bad_values)),
        "good": ", ".join(map(str, column.good_values)),
    }


def _dropping_hides(report: QualityReport) -> bool:
    """Whether keeping complete rows only would cost enough to be worth a sentence."""
    target = report.target
    return target is not None and target.complete_rows < WORTH_SAYING * report.rows


def _overview(
    load: selectors.LoadView, report: QualityReport, contract: DataContract
) -> list[Markup]:
    return [
        _figure(load, report, key, picture)
        for key, picture in pictures.overview(report, contract, _compared(load)).items()
    ]


def _compared(load: selectors.LoadView) -> list[selectors.LoadView]:
    """This load and the ready ones before it, oldest first."""
    rows = selectors.load_rows(dataset_id=load.dataset_id, state=LoadState.READY)
    found = [selectors.as_load(r) for r in rows.filter(number__lte=load.number)[:LOADS_COMPARED]]
    return found[::-1]


def _histograms(
    load: selectors.LoadView, report: QualityReport, contract: DataContract, start: int
) -> list[Markup]:
    drawn = []
    for place in range(max(start, 0), min(start + COLUMNS_A_PAGE, len(report.profiles))):
        picture = _histogram(report, contract, place)
        if picture is not None:
            drawn.append(_figure(load, report, f"{COLUMN_PREFIX}{place}", picture, wide=SMALL))
    return drawn


def _histogram(report: QualityReport, contract: DataContract, place: int) -> Picture | None:
    profile = report.profiles[place]
    meanings = {c.name: c.special_codes for c in contract.columns}.get(profile.name, {})
    return pictures.histogram(profile, meanings=meanings, lang=labels.chart_language())


def _figure(
    load: selectors.LoadView, report: QualityReport, key: str, picture: Picture, **more: Any
) -> Markup:
    return figure(
        picture,
        key=key,
        lang=labels.chart_language(),
        about=About(rows=report.rows, as_of=report.as_of),
        csv_url=reverse("admin:datasets_load_picture", args=[load.id, key]),
        **more,
    )


def _reasons(load: selectors.LoadView) -> list[tuple[Any, int]]:
    """Why rows were refused, the commonest first."""
    counts = selectors.summary_of(load.id).get("reasons", {})
    named = [(labels.REASONS.get(reason, reason), n) for reason, n in counts.items()]
    return sorted(named, key=lambda pair: -pair[1])


def picture_csv(load: selectors.LoadView, key: str) -> HttpResponse:
    """The table of one picture. Raises Http404 when the load has no such picture."""
    try:
        report = selectors.quality_of(load.id)
    except NotFound as error:
        raise Http404 from error
    contract = selectors.contract_of(load.id).contract
    place = key.removeprefix(COLUMN_PREFIX)
    if place != key and place.isascii() and place.isdigit() and int(place) < len(report.profiles):
        picture = _histogram(report, contract, int(place))
    else:
        picture = pictures.overview(report, contract, _compared(load)).get(key)
    if picture is None:
        raise Http404
    table = picture.table(lang=labels.chart_language())
    answer = HttpResponse(table.csv(), content_type="text/csv; charset=utf-8")
    name = f"{load.dataset_name}-{load.number}-{key}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
