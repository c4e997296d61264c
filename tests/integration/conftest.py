"""Where the contract of the store is tested: on both databases."""

from collections.abc import Iterator
from pathlib import Path

import postgres_server
import pytest
import store_samples
from store_samples import Place

from engine.store.unit_of_work import SqlStore


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty database at the newest schema: a file, and again one on a server."""
    if request.param == "sqlite":
        yield store_samples.new_database(tmp_path)
        return
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def store(place: Place) -> Iterator[SqlStore]:
    """A store with one published definition, on each database."""
    made = store_samples.furnished(place)
    yield made
    made.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[SqlStore]:
    """The same on the file `skede.db` alone, for what is so on SQLite only."""
    made = store_samples.new_store(tmp_path)
    yield made
    made.close()
