"""What holds for all tests: Hypothesis measures no time, since a loaded machine would fail what is right."""

import os
from collections.abc import Iterator

import homes
import measuring
import postgres_server
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("skede", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("skede")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--postgresql`: the homes of all tests are on PostgreSQL."""
    parser.addoption("--postgresql", action="store_true", help="put the homes of all tests on PostgreSQL")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the place of the run's database server, which is started when a test first asks for it."""
    if hasattr(config, "workerinput"):
        measuring.keep_to_this_process()
    if config.getoption("--postgresql"):
        os.environ[homes.VARIABLE] = "postgresql"
    postgres_server.begin_run()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, what is said of SQLite's files alone is left out."""
    if not homes.on_postgresql():
        return
    skip = pytest.mark.skip(reason="tells of a file of SQLite")
    for item in items:
        if item.get_closest_marker("sqlite"):
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def _homes_of_this_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Drop the databases of the homes that a test had."""
    asked = homes.on_postgresql() and "tmp_path" in request.fixturenames
    folder = request.getfixturevalue("tmp_path") if asked else None
    yield
    if folder is not None:
        homes.forget(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let it go."""
    postgres_server.end_run()
