"""A real browser on the shared stack. Without chromium the tests are skipped by name."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.watched import Watched, open_browser
from tests.stack_fixtures import stack

__all__ = ["stack"]
CHROMIUM = Path("/usr/bin/chromium")
SHOTS = Path(__file__).resolve().parents[2] / ".run" / "screenshots"


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with open_browser(CHROMIUM) as running:
        yield running


@pytest.fixture
def visitor(browser: Any) -> Iterator[Callable[..., Watched]]:
    """visitor(bank, "analyst") -> that person's own browser window, logged in and watched for faults."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    opened: list[Watched] = []

    def enter(bank: Any, person: str) -> Watched:
        window = Watched(browser, bank.url, SHOTS)
        opened.append(window)
        window.log_in(bank.emails[person], bank.password, bank.code)
        return window

    yield enter
    for window in opened:
        window.close()
