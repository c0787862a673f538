"""Measuring a load once, against the last one, and keeping the report."""

from datetime import date

from core.clock import now
from datasets import contracts
from datasets.choices import Severity
from datasets.contracts import DataContract, IntakeSummary
from datasets.engine import quality_report
from datasets.models import DatasetLoad, QualityReport
from datasets.services.files import reading
from datasets.states import LoadState


def measure(
    *, load: DatasetLoad, contract: DataContract, summary: IntakeSummary, data_path: str
) -> contracts.QualityReport:
    """The report of converted data, with drift against the dataset's last ready load."""
    with reading(data_path) as data:
        return quality_report(
            data,
            contract,
            summary,
            previous=last_report(load),
            as_of=_as_of(load),
        )


def _as_of(load: DatasetLoad) -> date:
    """The day the data stands for: said by who sent it, else the day it came."""
    return load.as_of or now().date()


def last_report(load: DatasetLoad) -> contracts.QualityReport | None:
    """The report of the ready load before this one, or None."""
    row = (
        QualityReport.objects.filter(
            load__dataset_id=load.dataset_id,
            load__state=LoadState.READY,
            load__number__lt=load.number,
        )
        .order_by("-load__number")
        .first()
    )
    return contracts.report_from_json(row.body) if row else None


def store_report(*, load: DatasetLoad, report: contracts.QualityReport) -> QualityReport:
    """Keep the report, with what lists show in columns."""
    severities = [finding.severity for finding in report.findings]
    row: QualityReport = QualityReport.objects.create(
        load=load,
        body=contracts.to_json(report).decode(),
        completeness=report.completeness,
        validity=report.validity,
        uniqueness=report.uniqueness,
        timeliness=report.timeliness,
        stability=report.stability,
        bad_rate=report.target.bad_rate if report.target else None,
        errors=severities.count(Severity.ERROR),
        warnings=severities.count(Severity.WARNING),
        duplicate_rows=report.duplicate_rows,
    )
    return row
