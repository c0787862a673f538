"""Reason catalogues: texts change by a new version, never in place."""

import hashlib
from collections.abc import Mapping
from typing import Any

from core.errors import FieldError, InvalidInput
from scoring.engine.artifact import canonical
from scoring.engine.reasons import ReasonRefusedError
from scoring.models import Model, ReasonCatalogue
from scoring.runtime.bundle import catalogue_from_entries

Entries = Mapping[str, Mapping[str, Any]]


def newest_entries(model: Model) -> dict[str, dict[str, Any]]:
    """The newest texts of a model, empty when there are none."""
    row = ReasonCatalogue.objects.filter(model=model).order_by("-number").first()
    return dict(row.entries) if row else {}


def keep_catalogue(*, model: Model, entries: Entries, author: tuple[str, str]) -> ReasonCatalogue:
    """The newest catalogue when it says the same, else a new one. Raises `InvalidInput` about vague texts.

    Called with the model's row locked, or with numbers that cannot race.
    """
    if "\\u0000" in canonical(entries).decode():
        raise InvalidInput("A text holds a NUL character.", code="nul_character")
    try:
        catalogue_from_entries(entries)
    except ReasonRefusedError as error:
        faults = [FieldError(f"/reasons/{code}", error.code, why) for code, why in error.problems]
        raise InvalidInput("The reasons cannot be given to a customer.", errors=faults) from error
    digest = hashlib.sha256(canonical(entries)).hexdigest()
    newest = ReasonCatalogue.objects.filter(model=model).order_by("-number").first()
    if newest is not None and newest.sha256 == digest:
        return newest
    created: ReasonCatalogue = ReasonCatalogue.objects.create(
        model=model,
        number=newest.number + 1 if newest else 1,
        entries=entries,
        sha256=digest,
        created_by=author[0],
        created_by_label=author[1],
    )
    return created
