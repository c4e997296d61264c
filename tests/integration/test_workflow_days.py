"""A workflow that is published and not yet in force is told as such, and not as unknown."""

from datetime import date
from pathlib import Path

import pytest
from errands import ADMIN, OFFICER, TOY, Desk, build_home

from engine.app.advance import Given
from engine.app.open_case import open_case
from engine.app.publish import publish
from engine.core.errors import NotFound
from engine.readers.toml import read_definition


@pytest.mark.parametrize("name", ["visit", "Besök"])
def test_a_workflow_of_tomorrow_says_from_which_day_it_is_valid(tmp_path: Path, name: str) -> None:
    desk = Desk(build_home(tmp_path / "template"), tmp_path / "home")
    visit = TOY.with_name("visit.toml")
    publish(desk.office, ADMIN, {visit.name: read_definition(visit)}, date(2021, 5, 1))

    with pytest.raises(NotFound) as early:
        open_case(desk.office, OFFICER, name, "Ett besök", Given())
    with pytest.raises(NotFound) as unknown:
        open_case(desk.office, OFFICER, "visitt", "Ett besök", Given())

    assert early.value.says == "workflow_too_early"
    assert (early.value.params["workflow"], early.value.params["day"]) == ("visit", "2021-05-01")
    assert unknown.value.says == "workflow_unknown_near"
