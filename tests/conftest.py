"""What holds for all tests: Hypothesis measures no time, since a loaded machine would fail what is right."""

import postgres_server
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("skede", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("skede")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the place of the run's database server, which is started when a test first asks for it."""
    postgres_server.begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let it go."""
    postgres_server.end_run()
