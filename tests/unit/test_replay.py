"""An entry held against its definition: what was decided by the rules passes, and each forgery breaks a rule."""

from typing import Any

import pytest
from builders import Story, a_definition, an_actor, an_upload, edge
from msgspec.structs import replace

from engine.app.replay import Rules, against_rules
from engine.core.case import Case
from engine.core.entry import Entry, parse

BIND = edge("bind", needs={}, spawns=[], fires=[], plans=[], limit={"field": "amount"}, notify=[])


def matter() -> Story:
    """Opened (1), filed (2), weighed (3), bound by two (4, 5), remarked on (6)."""
    given = {"subject": "S", "amount": "1.00", "kind": "small", "ready_on": "2021-06-01"}
    story = Story(a_definition("matter", BIND)).open(set=given)
    story.fire("file", uploads=(an_upload("application"),))
    story.fire("weigh")
    story.fire("bind", "head")
    story.fire("bind", an_actor("officer", person="p:77"))
    story.fire("remark")
    return story


def aside() -> Story:
    """Begun (1), paused (2), taken up again (3)."""
    story = Story(a_definition("side_steps"), reference="E-1").open("begin", set={})
    story.fire("pause", "head")
    story.fire("resume", "head")
    return story


STORIES = {"matter": matter, "aside": aside}


def steps(story: Story) -> list[tuple[Case | None, Entry]]:
    return [
        (before, parse(line)) for before, (line, _) in zip([None, *story.cases], story.lines, strict=False)
    ]  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_what_was_decided_by_the_rules_breaks_none(name: str) -> None:
    story = STORIES[name]()

    assert [against_rules(story.definition, case, entry) for case, entry in steps(story)] == [None] * len(story.lines)


def test_who_waived_a_rule_fired_the_event_by_right() -> None:
    story = Story(a_definition("matter", BIND)).open(
        set={"subject": "S", "amount": "200.00", "kind": "small", "ready_on": "2021-06-01"}
    )
    story.fire("file", uploads=(an_upload("application"),))
    story.fire("weigh", "head", override=("no_more_than",), note="Ordföranden vill")

    before, entry = steps(story)[-1]

    assert entry.role == "head"
    assert against_rules(story.definition, before, entry) is None


FORGED: list[tuple[str, int, dict[str, Any], str]] = [
    ("matter", 1, {"event": "grant"}, "replay_no_edge"),
    ("matter", 2, {"event": "weigh"}, "replay_no_edge"),
    ("matter", 2, {"source": "filed"}, "replay_source"),
    ("matter", 2, {"target": "closed"}, "replay_target"),
    ("matter", 2, {"role": "auditor"}, "replay_role"),
    ("matter", 2, {"role": "system"}, "replay_role"),
    ("matter", 2, {"body": {"guards": ["nothing@1"]}}, "replay_guards"),
    ("matter", 3, {"body": {"guards": ["no_more_than@1"], "waived": ["other@1"]}}, "replay_waived"),
    ("matter", 3, {"role": "head"}, "replay_role"),
    ("matter", 3, {"role": "secretary", "body": {"waived": ["no_more_than@1"]}}, "replay_role"),
    ("matter", 3, {"act": "approve", "target": None}, "replay_no_approval"),
    ("matter", 4, {"target": "bound"}, "replay_no_approval"),
    ("matter", 5, {"body": {"people": ["p:11"]}}, "replay_same_person"),
    ("matter", 6, {"target": "closed"}, "replay_target"),
    ("matter", 6, {"body": {"final": True}}, "replay_final"),
    ("matter", 6, {"body": {"set": {"bribe": "1.00"}}}, "replay_field_unknown"),
    ("matter", 6, {"body": {"set": {"story": "Anna Ask"}}}, "replay_field_place"),
    ("matter", 6, {"body": {"private": ["subject"]}}, "replay_field_place"),
    ("matter", 6, {"act": "note"}, "replay_not_a_move"),
    ("aside", 2, {"body": {"back": []}}, "replay_remembered"),
    ("aside", 3, {"target": "checked"}, "replay_target"),
    ("aside", 3, {"body": {"back": ["begun"]}}, "replay_remembered"),
]


@pytest.mark.parametrize(("name", "n", "changes", "code"), FORGED)
def test_a_forged_entry_breaks_a_rule(name: str, n: int, changes: dict[str, Any], code: str) -> None:
    story = STORIES[name]()
    before, entry = steps(story)[n - 1]
    body = {**entry.body, **changes.get("body", {})}

    found = against_rules(story.definition, before, replace(entry, **{**changes, "body": body}))

    assert found is not None
    assert found.code == code


def test_nobody_acts_who_was_recused() -> None:
    story = matter()
    before, entry = steps(story)[2]
    assert before is not None

    found = against_rules(story.definition, replace(before, recused=("p:11",)), entry)

    assert found is not None
    assert (found.code, found.params["person"]) == ("replay_recused", "p:11")


def test_no_case_returns_that_remembers_no_place() -> None:
    story = aside()
    before, entry = steps(story)[2]
    assert before is not None

    found = against_rules(story.definition, replace(before, back=()), entry)

    assert found is not None
    assert found.code == "replay_nothing_remembered"


def test_what_another_case_caused_and_what_was_imported_asks_for_no_role() -> None:
    story = matter()
    before, entry = steps(story)[2]

    caused = replace(entry, role="system", body={**entry.body, "cause": "M-2021-0009#3"})
    imported = replace(entry, role="admin", target="bound", body={**entry.body, "imported": True, "guards": []})

    assert against_rules(story.definition, before, caused) is None
    assert against_rules(story.definition, before, imported) is None


def test_rules_that_are_remembered_say_what_rules_that_are_asked_say() -> None:
    remembered = Rules()
    for story in (matter(), aside()):
        for before, entry in [*steps(story), *steps(story)]:
            for changed in (entry, *forgeries(before, entry)):
                expected = against_rules(story.definition, before, changed)
                assert remembered.broken(story.definition, before, changed) == expected, changed


def forgeries(before: Case | None, entry: Entry) -> list[Entry]:
    """The entry with each thing changed that a rule looks at."""
    bodies: list[dict[str, Any]] = [
        {"guards": ["nothing@1"]}, {"waived": ["nothing@1"]}, {"set": {"bribe": "1"}}, {"private": ["subject"]},
        {"final": True}, {"back": ["nowhere"]}, {"imported": {"ref": "x"}}, {"cause": "x"}, {"people": ["p:77"]},
    ]  # fmt: skip
    return [
        replace(entry, role="auditor"), replace(entry, role="system"), replace(entry, target="granted"),
        replace(entry, event="other"), replace(entry, source="other"), replace(entry, act="note"),
        replace(entry, act="approve"), replace(entry, act="mail"),
        *(replace(entry, body={**entry.body, **body}) for body in bodies),
    ]  # fmt: skip
