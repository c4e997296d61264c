"""Drawing a workflow: nothing is left out, nothing in a title can break out, and boxes do not overlap."""

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from judging import ROOT, definition, toy

from engine.core.build import build
from engine.core.definition import Definition
from engine.core.layout import HEIGHT, WIDTH, arrows, columns, lay_out
from engine.diagram import dot, mermaid, svg
from engine.readers.toml import read_definition

NAMES = "{http://www.w3.org/2000/svg}"
HOSTILE = '"]; evil\n--> <script>alert(1)</script> & : # \\ } état'


def permit() -> Definition:
    made, faults = build(read_definition(ROOT / "docs" / "examples" / "building_permit.toml")[0])
    assert not faults
    assert made
    return made


def hostile() -> Definition:
    plain = toy("tiny")
    for table in (plain["state"]["written"], plain["transition"][0], plain["opening"][0], plain):
        table["title"] = {"sv": HOSTILE, "en": HOSTILE}
    plain["phases"]["work"] = {"sv": HOSTILE, "en": HOSTILE}
    return definition(plain)


def drawing(of: Definition, **more: object) -> ElementTree.Element:
    return ElementTree.fromstring(svg(of, "en", **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("form", [mermaid, dot, svg])
@pytest.mark.parametrize("lang", ["sv", "en"])
def test_every_state_and_every_event_is_in_the_drawing(form: object, lang: str) -> None:
    of = permit()

    text = form(of, lang)  # type: ignore[operator]

    flat = re.sub(r"</text><text[^>]*>", " ", text)
    for state in of.states.values():
        assert state.title[lang] in flat
    for move in of.transitions:
        assert move.title[lang] in flat or move.is_opening


def test_arrows_of_the_same_two_states_are_one() -> None:
    found = {(a.source, a.target): a for a in arrows(permit(), "en")}

    assert found["completion", "received"].titles == ("Supply completion", "Completion period over")
    assert len(found) == len(arrows(permit(), "en"))


def test_a_side_step_returns_by_an_arrow_of_its_own_to_each_state_it_is_entered_from() -> None:
    back = {(a.source, a.target) for a in arrows(definition(toy("side_steps")), "en") if a.back}

    assert {target for source, target in back if source == "paused"} == {"begun", "checked", "asked"}


def test_phases_stand_in_their_order_and_the_longest_way_runs_to_the_right() -> None:
    placed = columns(permit())

    assert list(dict.fromkeys(phase for phase, _ in placed)) == [
        "application", "preparation", "decision", "building", "closed"
    ]  # fmt: skip
    assert placed[0][1] == ["received"]
    assert placed[1][1] == ["completion"]
    assert {state for _, states in placed for state in states} == set(permit().states)


def test_no_two_boxes_overlap_and_long_arrows_run_below_the_boxes_they_pass() -> None:
    of = permit()

    sheet = lay_out(of, arrows(of, "en"))

    for (x1, y1), (x2, y2) in combinations(sheet.spots.values(), 2):
        assert abs(x1 - x2) >= WIDTH or abs(y1 - y2) >= HEIGHT
    lane = sheet.lanes["withdrawn", True]
    passed = [y for x, y in sheet.spots.values() if sheet.spots["received"][0] < x < sheet.spots["withdrawn"][0]]
    assert lane > max(passed) + HEIGHT


def test_the_svg_is_an_image_with_a_title_and_a_description() -> None:
    root = drawing(permit(), current="granted")

    assert root.get("role") == "img"
    assert root.get("lang") == "en"
    named = (root.get("aria-labelledby") or "").split()
    title, described = (root.find(f".//*[@id='{name}']") for name in named)
    assert title is not None
    assert title.text == "Building permit"
    assert described is not None
    assert (described.text or "").startswith("Permit granted: the case is here. Transitions: Received → ")


def test_the_state_of_the_case_stands_out_and_visited_ones_are_marked() -> None:
    root = drawing(permit(), current="granted", visited=frozenset({"received", "granted"}))

    titles = [(g.findtext(f"{NAMES}title") or "") for g in root.iter(f"{NAMES}g")]
    assert [t for t in titles if "the case is here" in t] == [
        "Permit granted – the case is here – stays: Announce the decision"
    ]
    assert [t for t in titles if "visited" in t] == ["Received – visited"]
    thick = [r for r in root.iter(f"{NAMES}rect") if r.get("stroke-width") == "3"]
    assert len(thick) == 1


def test_the_text_forms_mark_the_state_of_the_case() -> None:
    marked = {"current": "granted", "visited": frozenset({"received"})}

    chart, graph = mermaid(permit(), "en", **marked), dot(permit(), "en", **marked)  # type: ignore[arg-type]

    assert "class s_granted current" in chart
    assert "class s_received visited" in chart
    assert 's_granted [label="Permit granted", fillcolor="#1b4f72", fontcolor="#ffffff"]' in graph


def test_a_title_cannot_break_out_of_the_svg() -> None:
    root = drawing(hostile(), current="written")

    tags = {element.tag.removeprefix(NAMES) for element in root.iter()}
    assert tags == {"svg", "title", "desc", "defs", "marker", "path", "rect", "text", "g"}
    assert HOSTILE.replace("\n", " ") in {element.text for element in root.iter(f"{NAMES}title")}


def test_a_title_cannot_break_out_of_the_text_forms() -> None:
    chart, graph = mermaid(hostile(), "en"), dot(hostile(), "en")

    assert not any(sign in re.sub(r"#\d+;", "", chart) for sign in ("<script", "evil\n", '"]', "\\"))
    assert len(chart.splitlines()) == len(mermaid(definition(toy("tiny")), "en").splitlines())
    outside = re.sub(r'"(?:\\.|[^"\\])*"', "", graph)
    assert "evil" not in outside
    assert outside.count("{") == outside.count("}")


def test_the_same_definition_is_drawn_the_same_every_time() -> None:
    assert svg(permit(), "sv", "granted") == svg(permit(), "sv", "granted")


def test_a_definition_that_is_not_sound_can_still_be_drawn() -> None:
    plain = toy("tiny")
    plain["transition"][0]["to"] = "gone"
    plain["opening"][0]["to"] = "nowhere"

    assert "Written" in svg(definition(plain), "en")
