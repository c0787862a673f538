"""Two banks with the same objects, built once; each request of a test is undone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.isolation.world import BANKS, World, worlds_in


@pytest.fixture(scope="package")
def worlds(
    django_db_setup, django_db_blocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, ...]]:
    """(Alpha's, Beta's). Not to be used together with `db`, which closes the connection at its end."""
    folder: Path = tmp_path_factory.mktemp("worlds")
    with django_db_blocker.unblock(), worlds_in(folder, *BANKS) as pair:
        yield pair
