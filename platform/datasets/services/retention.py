"""Loads as a kind of record: their files go, what was counted about them stays."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from audit.services import record
from core import storage
from core.actors import system_actor
from core.retention import Held, Piece, RecordKind, Rule, Survey, register_kind
from datasets.models import DatasetLoad
from datasets.states import LoadState

KIND = "datasets.load"


def _old(before: datetime) -> QuerySet[DatasetLoad]:
    done = [LoadState.READY, LoadState.FAILED]
    return DatasetLoad.objects.filter(created_at__lt=before, state__in=done)


def _survey(before: datetime, held: Held) -> Survey:
    rows = _old(before)
    return Survey(rows.count(), rows.filter(dataset_id__in=list(held.datasets)).count())


def _purge(piece: Piece) -> int:
    rows = _old(piece.before).exclude(dataset_id__in=list(piece.held.datasets))
    loads = list(rows.select_for_update().order_by("id")[: min(piece.limit, 100)])
    for load in loads:
        _purge_one(load, piece.reason)
    return len(loads)


def _purge_one(load: DatasetLoad, reason: str) -> None:
    paths = {load.data_path, load.quarantine_path, f"{load.quarantine_path}.csv"}
    others = DatasetLoad.objects.filter(raw_path=load.raw_path).exclude(pk=load.pk)
    if not others.exclude(state=LoadState.PURGED).exists():
        paths.add(load.raw_path)
    for path in sorted(p for p in paths if p and p != ".csv"):
        storage.retire(path)
    load.state, load.data_path, load.quarantine_path, load.raw_path = LoadState.PURGED, "", "", ""
    load.save(update_fields=["state", "data_path", "quarantine_path", "raw_path"])
    record(
        actor=system_actor("retention"), action="datasets.load.purge", target="dataset_load",
        target_id=str(load.id), detail={"reason": reason},
    )  # fmt: skip


def register_records() -> None:
    """Called once at start-up."""
    register_kind(
        RecordKind(
            code=KIND,
            label=_("Files of datasets"),
            note=_("Raw file, rows and quarantine are shredded; counts and quality report stay."),
            rules={
                "": Rule(1_827, 30, "house rule"),
                "US": Rule(1_827, 761, "Reg B, 12 CFR 1002.12(b): 25 months; see the text"),
            },
            survey=_survey,
            purge=_purge,
            order=30,
        )
    )
