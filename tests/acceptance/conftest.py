"""A sandbox home for each test, and the command bound to it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import cases
import pytest
import running
from cases import World
from paths import Places
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


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Homes in which a case stands in each state, each made when it is first asked for."""
    return Places(tmp_path_factory.mktemp("places"))


@pytest.fixture(scope="session")
def world_template(home_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, World]:
    """A home with an open call and two organisations, made once."""
    home = running.copied(home_template, tmp_path_factory.mktemp("world") / "home")
    return home, cases.furnished(home, partial(running.inline, home))


@pytest.fixture
def world(world_template: tuple[Path, World], tmp_path: Path) -> World:
    """A home of one's own with an open call, a municipality and the region (see cases.py)."""
    template, made = world_template
    home = running.copied(template, tmp_path / "home")
    return replace(made, home=home, inline=partial(running.inline, home), skede=partial(running.skede, home))
