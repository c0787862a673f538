"""One bank with one of everything, built once; each request of a test is undone by the test."""

from collections.abc import Iterator

import pytest

from tests.isolation.world import World, worlds_in


@pytest.fixture(scope="package")
def world(
    django_db_setup, django_db_blocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Alpha's. Not to be used together with `db`, which closes the connection at its end."""
    folder = tmp_path_factory.mktemp("world")
    with django_db_blocker.unblock(), worlds_in(folder, "bank_alpha") as (found,):
        yield found
