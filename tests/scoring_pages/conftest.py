"""Pages on top of the trained portfolio of tests/scoring."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from core.tenancy import bank_scope
from scoring.models import Decision, ModelVersion
from tests.scoring import portfolio
from tests.scoring.conftest import (
    _own_files,
    _train_once,
    decide,
    live,
    load,
    model,
    version,
)

__all__ = ["_own_files", "_train_once", "decide", "live", "load", "model", "version"]


@pytest.fixture
def decided(live: ModelVersion, decide: Callable[..., Any]) -> list[Decision]:
    """Twenty decisions of the live version, newest first."""
    for place, row in enumerate(portfolio.rows(20)):
        decide(inputs_of(live, row), key=f"k{place}", application=f"A{place}")
    return list(Decision.objects.order_by("-id"))


def inputs_of(version: ModelVersion, row: dict[str, object]) -> dict[str, Any]:
    """What the version reads of a row of the portfolio."""
    return {i["name"]: None if row[i["name"]] == "" else row[i["name"]] for i in version.inputs}


@pytest.fixture
def page(bank, staff) -> Callable[..., Any]:
    """page(role, path, data=None) -> the answer; with data it is a POST. Its `text` is the decoded body."""
    browsers: dict[str, Client] = {}

    def ask(role: str, path: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        browser = (
            browsers.setdefault(role, staff(bank, role)) if role not in browsers else browsers[role]
        )
        answer = browser.get(path, **more) if data is None else browser.post(path, data, **more)
        answer.text_ = "" if answer.streaming else answer.content.decode()
        return answer

    ask.browsers = browsers  # type: ignore[attr-defined]
    ask.scope = bank_scope  # type: ignore[attr-defined]
    return ask
