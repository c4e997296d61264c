"""A sandbox home for each test, and the command bound to it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import running
from running import Ran


@pytest.fixture(scope="session")
def home_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sandbox home with the workflows that ship, made once; tests copy it."""
    return running.build_home(tmp_path_factory.mktemp("template") / "home")


@pytest.fixture
def home(home_template: Path, tmp_path: Path) -> Path:
    """A sandbox home of one's own; its clock stands at `running.START`, one login per role."""
    return running.copied(home_template, tmp_path / "home")


@pytest.fixture
def skede(home: Path) -> Callable[..., Ran]:
    """`skede(*args, as_="officer", input=None)`: the real command, as a process."""
    return partial(running.skede, home)


@pytest.fixture
def inline(home: Path) -> Callable[..., Ran]:
    """`inline(*args, as_="officer")`: the same command in this process, faster."""
    return partial(running.inline, home)
