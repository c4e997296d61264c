"""Building a definition: the shape of every key, the canonical text, and the fast way back."""

import copy
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.core.build import build, canonical, digest_of, draft, from_canonical
from engine.core.definition import Definition
from engine.readers.toml import read_definition

TOYS = Path(__file__).parent.parent / "toys"
Plain = dict[str, Any]


def toy(name: str) -> Plain:
    plain, _ = read_definition(TOYS / f"{name}.toml")
    return plain


def built(plain: Plain) -> Definition:
    definition, faults = build(plain)
    assert not faults
    assert definition
    return definition


@pytest.mark.parametrize("name", ["tiny", "side_steps", "approvals"])
def test_reading_back_the_canonical_text_gives_the_same_definition(name: str) -> None:
    plain = toy(name)

    direct = built(plain)
    stored = from_canonical(canonical(plain))

    assert stored == direct
    for table in ("phases", "states", "fields"):
        assert list(getattr(stored, table)) == list(getattr(direct, table))
    assert list(stored.phases) == list(plain["phases"])


def test_the_order_of_records_and_criteria_survives_the_canonical_text() -> None:
    stored = from_canonical(canonical(toy("approvals")))

    assert list(stored.fields["conditions"].item) == ["text", "due_on"]
    assert stored.review
    assert list(stored.review.criteria) == ["early", "broad"]


def test_the_canonical_text_has_sorted_keys_no_spaces_and_plain_letters() -> None:
    text = canonical(toy("tiny"))

    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert "Påbörjat" in canonical(toy("side_steps"))


def test_the_digest_is_that_of_the_canonical_text() -> None:
    plain = toy("tiny")

    assert built(plain).digest == digest_of(canonical(plain))
    assert len(built(plain).digest) == 44


@pytest.mark.parametrize("name", ["tiny", "side_steps", "approvals"])
def test_building_leaves_the_plain_data_as_it_was(name: str) -> None:
    plain = toy(name)

    build(plain)

    assert plain == toy(name)


def test_the_digest_does_not_know_where_a_table_came_from() -> None:
    plain = toy("tiny")

    assert canonical({**plain, "uses": "shared/programme.toml"}) == canonical(plain)


def test_another_order_of_phases_is_another_definition() -> None:
    plain = toy("tiny")
    turned = {**plain, "phases": dict(reversed(plain["phases"].items()))}

    assert built(turned).digest != built(plain).digest


def test_a_star_means_every_state_that_is_not_final() -> None:
    definition = built(toy("side_steps"))

    assert definition.edges("remark")[0].source == ("begun", "checked", "paused", "asked")
    assert definition.deadlines["handling"].while_in == ("begun", "checked", "paused", "asked")


def test_exceptions_are_left_out_of_the_states_that_are_meant() -> None:
    assert built(toy("side_steps")).edges("ask")[0].source == ("begun", "checked")


def test_an_opening_without_a_target_leads_to_the_initial_state() -> None:
    (opening,) = built(toy("tiny")).openings()

    assert opening.target == "written"
    assert opening.is_opening


def test_a_guard_keeps_its_parameters_apart_from_who_may_waive_it() -> None:
    (guard,) = built(toy("approvals")).edges("grant")[0].guards

    assert guard.name == "document_filed@1"
    assert guard.params == {"kind": "application"}
    assert guard.waivable_by == ("head",)


def test_what_a_passed_deadline_fires_is_kept_with_its_delay() -> None:
    deadline = built(toy("tiny")).deadlines["reading"]

    assert (deadline.then, deadline.then_after) == ("discard", "30 days")


def test_a_whole_number_as_a_bound_is_kept_as_text() -> None:
    assert built(toy("approvals")).fields["amount"].minimum == "1"


def _set(*path: str | int, to: Any) -> Callable[[Plain], None]:
    def change(plain: Plain) -> None:
        *parents, last = path
        table: Any = plain
        for key in parents:
            table = table[key]
        table[last] = to

    return change


def _drop(*path: str | int) -> Callable[[Plain], None]:
    def change(plain: Plain) -> None:
        *parents, last = path
        table: Any = plain
        for key in parents:
            table = table[key]
        del table[last]

    return change


SHAPES = [
    (_set("colour", to="red"), "colour", "unknown key “colour”", "known here"),
    (_set("transitions", to=[]), "transitions", "unknown key", "did you mean “transition”?"),
    (_set("transition", 0, "titel", to="x"), "transition[1].titel", "unknown key", "did you mean “title”?"),
    (_set("state", "written", "ower", to="x"), "state.written.ower", "unknown key", "did you mean “owner”?"),
    (_drop("name"), "", "“name” is missing", None),
    (_drop("title", "en"), "title", "“en” is missing", None),
    (_drop("state", "written", "title", "sv"), "state.written.title", "“sv” is missing", None),
    (_set("title", "en", to="  "), "title.en", "is empty", "leave the key out"),
    (_set("title", to="Letter"), "title", "expected a table", None),
    (_set("name", to="Big Letter"), "name", "is not a name", None),
    (_set("version", to=0), "version", "not between", None),
    (_set("version", to=1.5), "version", "found a decimal number", None),
    (_set("version", to=True), "version", "found a flag", None),
    (_set("state", "Bad id", to={"title": {"sv": "a", "en": "a"}, "phase": "work", "owner": "head"}),
     "state.Bad id", "is not a name", None),
    (_set("state", "written", "owner", to="boss"), "state.written.owner", "is not one of applicant", None),
    (_set("state", "written", "final", to="no"), "state.written.final", "expected true or false", None),
    (_set("fields", "subject", "type", to="txt"), "fields.subject.type", "is not one of", "did you mean “text”?"),
    (_set("transition", 0, "by", to="officer"), "transition[1].by", "expected a list", "put it in [ ]"),
    (_set("transition", 0, "by", to=["officer", "officer"]), "transition[1].by", "listed twice", None),
    (_set("transition", 0, "from", to=[]), "transition[1].from", "names no state", 'write "*"'),
    (_set("transition", 0, "from", to={"except": ["gone"]}), "transition[1].from", "no state “gone”", None),
    (_set("transition", 0, "from", to={"except": ["read"]}), "transition[1].from", "is final", "leave it out"),
    (_set("transition", 0, "to", to="@back"), "transition[1].to", "is not a state, “@same”", None),
    (_set("transition", 0, "set", to={"subject": 0.5}), "transition[1].set.subject", "decimal number", "in quotes"),
    (_set("transition", 0, "guards", to=[{"name": "late@1", "x": [[]]}]), "transition[1].guards[1].x", "a list", None),
    (_set("transition", 0, "guards", to=[{"name": "late"}]), "transition[1].guards[1].name", "with its version", None),
    (_set("transition", 0, "limit", to={"field": "x", "head": 5}), "transition[1].limit.head", "an amount", "500000"),
    (_set("transition", 0, "limit", to={"field": "x", "head": "much"}), "transition[1].limit.head", "“much”", "500000"),
    (_set("transition", 0, "approvals", to={"count": 1}), "transition[1].approvals.count", "not between", None),
    (_set("deadline", 0, "remind", to=["3 days"]), "deadline[1].remind", "is not a step in days", None),
    (_set("deadline", 0, "escalate", to={"+0d": ["head"]}), "deadline[1].escalate.+0d", "is not a step", None),
    (_set("deadline", 0, "then", to="discard"), "deadline[1].then", "expected a table", None),
]  # fmt: skip


@pytest.mark.parametrize(("change", "path", "message", "hint"), SHAPES)
def test_a_fault_of_shape_is_told_with_its_place(
    change: Callable[[Plain], None], path: str, message: str, hint: str | None
) -> None:
    plain = copy.deepcopy(toy("tiny"))
    change(plain)

    definition, faults = build(plain)

    assert definition is None
    (fault,) = [f for f in faults if f.path == path]
    assert message in fault.message
    assert hint is None or (fault.hint and hint in fault.hint)


def test_a_date_of_toml_is_refused_with_the_advice_to_quote_it(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('[fields.a]\ntype = "date"\ntitle = { sv = "a", en = "a" }\nminimum = 2026-01-01\n', "utf-8")

    _, faults = build(read_definition(path)[0])

    (fault,) = [f for f in faults if f.path == "fields.a.minimum"]
    assert "found a date or time" in fault.message
    assert fault.hint == 'write it in quotes: "2026-01-01"'


def test_a_second_deadline_of_the_same_name_is_a_fault() -> None:
    plain = toy("tiny")
    plain["deadline"].append(plain["deadline"][0])

    _, faults = build(plain)

    assert [(f.path, f.message) for f in faults] == [("deadline[2].name", "there is another deadline “reading”")]


def test_all_faults_of_shape_are_found_in_one_reading() -> None:
    plain = toy("tiny")
    for change, *_ in (SHAPES[0], SHAPES[8], SHAPES[10], SHAPES[14], SHAPES[17], SHAPES[29]):
        change(plain)

    _, faults = build(plain)

    assert {f.path for f in faults} >= {
        "colour", "title", "version", "state.written.owner", "transition[1].by", "deadline[1].remind"
    }  # fmt: skip


def test_something_can_be_made_of_nothing_so_that_its_faults_can_be_told() -> None:
    definition, faults = draft({})

    assert definition.states == {}
    assert {f.message for f in faults} >= {"“name” is missing", "“state” is missing"}


def test_a_large_definition_is_read_back_in_milliseconds() -> None:
    plain = toy("approvals")
    plain["transition"] = [{**t, "event": f"{t['event']}_{i}"} for i in range(15) for t in plain["transition"]]
    plain["fields"] = {f"{k}_{i}": v for i in range(6) for k, v in plain["fields"].items()}
    text = canonical(plain)

    took = []
    for _ in range(30):
        began = time.process_time()
        from_canonical(text)
        took.append(time.process_time() - began)

    # A few milliseconds where the machine is its own; what is guarded against is a reading that grows out of hand.
    assert min(took) < 0.02
