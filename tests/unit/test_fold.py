"""The log folds to the case that it describes, also when what was personal is gone, and a log that leaps is refused."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from builders import NOW, OWNER, Story, a_definition, an_actor, an_upload, edge
from msgspec.structs import replace

from engine.core.case import TAKEN_BACK
from engine.core.chain import commitment, genesis, leaf_hash
from engine.core.command import Amend, Correct, Note, Recuse, Sign
from engine.core.entry import Entry, line
from engine.core.errors import LogTampered
from engine.core.fold import apply, fold, is_quiet, numbered
from engine.core.plain import (
    approval_from_plain,
    approval_to_plain,
    deadline_from_plain,
    deadline_to_plain,
    document_from_plain,
    document_to_plain,
    instant,
    instant_or_none,
    party_from_plain,
    party_to_plain,
    read_or_none,
    review_from_plain,
    review_to_plain,
    signature_from_plain,
    signature_to_plain,
)  # fmt: skip
from engine.core.snapshot import to_json


def told() -> Story:
    """A story that uses personal values, documents, signatures, and a recusal."""
    contract = an_upload("contract", sender="anna@k.example")
    story = Story().open(set={"subject": "S", "amount": "1.00", "story": "Anna"}, uploads=(contract,))
    story.give(Sign, who="owner.signatory", person="p:2", document="contract", signed_on=date(2021, 3, 1))
    story.give(Recuse, person="p:77", note="Granne")
    story.give(Amend, set={"story": "Anna och Bo"}, note="Fler")
    story.fire("file", uploads=(an_upload("application", 2),))
    return story


def entry(n: int = 1, act: str = "open", **more: Any) -> Entry:
    at = instant(NOW)
    values: dict[str, Any] = {"actor": "u:1", "auth": "x", "wf": "matter@2", "target": "drafted", **more}
    return Entry(act, "M-1", n, at, at, **values)


def test_nothing_folds_to_nothing() -> None:
    assert fold([]) is None


def test_each_part_of_the_log_folds_to_the_case_as_it_was() -> None:
    story = told()

    for n, case in enumerate(story.cases, 1):
        assert fold(story.lines[:n]) == case


def test_what_was_erased_is_absent_and_known_to_be() -> None:
    story = told()
    erased = [(text, None) for text, _ in story.lines]

    case = fold(erased)

    assert case is not None
    assert case.erased == ("story",)
    assert "story" not in case.data
    assert (case.documents[0].name, case.documents[0].sender) == ("", None)
    assert (case.state, case.signatures, case.deadlines) == (
        story.here.state, story.here.signatures, story.here.deadlines,
    )  # fmt: skip


def test_a_value_given_after_the_erasure_is_there_again() -> None:
    story = told()
    first = [(story.lines[0][0], None), *story.lines[1:]]

    case = fold(first)

    assert case is not None
    assert (case.data["story"], case.erased) == ("Anna och Bo", ())


def test_a_personal_value_that_was_emptied_is_absent_and_not_erased() -> None:
    story = told()
    story.give(Amend, by=an_actor("officer"), set={"story": ""}, note="Bort")

    assert "story" not in story.here.data
    assert story.here.erased == ()


def test_what_is_restored_by_an_undo_reads_as_erased_once_it_is() -> None:
    story = told()
    story.give(Correct, entry=5, undo=True, note="Fel")
    assert story.here.data["story"] == "Anna och Bo"

    case = fold([(text, None) for text, _ in story.lines])

    assert case is not None
    assert (case.state, case.erased) == ("drafted", ("story",))


def test_a_field_without_a_value_leaves_the_data() -> None:
    story = Story(a_definition("matter", edge("remark", takes=["reason"]))).open()
    story.fire("remark", set={"reason": "x"})

    assert "reason" not in story.fire("remark", set={"reason": ""}).case.data


# A log that leaps


@pytest.mark.parametrize("first", [entry(2), entry(1, "advance")])
def test_a_case_begins_with_its_opening(first: Entry) -> None:
    with pytest.raises(LogTampered, match="begins with an opening"):
        apply(None, first, None, "")


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (entry(3, "note", target=None), "entry 2 is missing before it"),
        (entry(2, "advance", source="weighed", target="closed"), "it leaves weighed, but the case was in drafted"),
        (entry(2), "open cannot follow here: the case is drafted"),
    ],
)
def test_an_entry_follows_the_one_before_it(then: Entry, words: str) -> None:
    case = apply(None, entry(), None, "")

    with pytest.raises(LogTampered, match=words):
        apply(case, then, None, "")


def test_an_import_that_was_undone_leaves_no_case_and_may_be_brought_in_again() -> None:
    imported = entry(body={"title": "T", "imported": {"opened_at": "2020-01-01T00:00:00.000000Z"}})
    lines = [imported, entry(2, "import_undone", target=None)]
    assert fold((line(e), None) for e in lines) is None

    gone = apply(apply(None, imported, None, ""), lines[1], None, "")
    assert (gone.state, gone.n, gone.revision, gone.taken_back) == (TAKEN_BACK, 2, 2, True)
    with pytest.raises(LogTampered, match="note cannot follow here"):
        apply(gone, entry(3, "note"), None, "")

    again = apply(gone, entry(3, body={"title": "Igen"}), None, "")
    assert (again.title, again.state, again.revision, again.n) == ("Igen", "drafted", 3, 3)


def test_an_imported_case_was_opened_where_it_came_from() -> None:
    case = apply(None, entry(body={"imported": {"opened_at": "2020-01-01T00:00:00.000000Z"}}), None, "")

    assert (case.opened_at.year, case.entered_at) == (2020, NOW)


def test_a_refusal_in_the_log_counts_as_an_entry_and_not_as_a_change() -> None:
    case = apply(None, entry(), None, "")

    after = apply(case, entry(2, "refused", source="drafted", target=None, event="file"), None, "h")

    assert (after.n, after.revision, after.head, after.state) == (2, 1, "h", "drafted")
    assert "file" not in after.events


# Parts as plain JSON


def parts() -> list[tuple[Any, Callable[[Any], Any], Callable[[Any], Any]]]:
    case = told().here
    bare = replace(OWNER, people={}, since=None, until=None)
    ended = replace(OWNER, since=date(2021, 1, 1), until=date(2021, 2, 1))
    story = Story(a_definition("matter", edge("file", approvals={"count": 2}, needs={}))).open()
    story.fire("file")
    return [
        (case.deadlines[0], deadline_to_plain, deadline_from_plain),
        (replace(case.deadlines[0], item=2, stopped_days=3, extended_to="2021-09-01", fired_at=NOW, then_at=NOW,
                 passed_at=NOW, next_reminder_at=None), deadline_to_plain, deadline_from_plain),
        (case.signatures[0], signature_to_plain, signature_from_plain),
        (OWNER, party_to_plain, party_from_plain),
        (bare, party_to_plain, party_from_plain),
        (ended, party_to_plain, party_from_plain),
        (story.here.approvals[0], approval_to_plain, approval_from_plain),
    ]  # fmt: skip


def test_every_part_of_a_case_comes_back_from_the_log_as_it_was() -> None:
    for part, to_plain, from_plain in parts():
        assert from_plain(json.loads(json.dumps(to_plain(part)))) == part


def test_a_document_comes_back_with_the_names_that_the_payload_keeps() -> None:
    document = told().here.documents[0]

    plain = document_to_plain(document)

    assert document_from_plain(plain, {"name": document.name, "sender": document.sender}) == document
    assert document_from_plain(plain, None) == replace(document, name="", sender=None)


def test_a_review_comes_back() -> None:
    raw = {"person": "p:1", "scores": {"a": 1}, "n": 3}

    assert review_to_plain(review_from_plain(raw)) == raw


def test_an_instant_may_be_missing() -> None:
    assert instant_or_none(None) is None
    assert read_or_none(None) is None
    assert read_or_none(instant_or_none(NOW)) == NOW


# What a draft writes


def test_an_entry_may_carry_a_note_or_none() -> None:
    story = Story().open()
    decision = story.give(Note, note="Hej")
    assert decision is not None
    assert decision.payload == {"note": "Hej"}
    assert story.lines[0][1] is None


def test_the_snapshot_of_a_folded_case_is_that_of_the_case() -> None:
    story = told()
    folded = fold(story.lines)
    assert folded is not None

    assert to_json(folded, frozenset({"story"})) == to_json(story.here, frozenset({"story"}))


# Hashes


def test_hashes_bind_the_line_the_log_and_the_payload() -> None:
    assert leaf_hash("") == "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="
    assert genesis("a", "M-1") != genesis("b", "M-1")
    assert commitment(b"s", "x") != commitment(b"t", "x")


@pytest.mark.parametrize("act", ["mail", "refused", "skipped"])
def test_a_quiet_entry_leaves_a_case_as_it_was_but_for_its_number(act: str) -> None:
    case = told().case
    assert case is not None
    later = instant(NOW + timedelta(days=900))
    quiet = replace(entry(case.n + 1, act, target=None), at=later, occ=later)

    assert is_quiet(case, quiet)
    assert numbered(case, quiet.n, "head", later) == apply(case, quiet, None, "head")


@pytest.mark.parametrize(
    "loud", [{"act": "note"}, {"source": "drafted"}, {"body": {"closed": []}}, {"body": {"set": {}}}]
)
def test_what_could_change_a_case_is_not_quiet(loud: dict[str, Any]) -> None:
    case = told().case
    assert case is not None

    assert not is_quiet(case, replace(entry(case.n + 1, "mail", target=None), **loud))


def test_nothing_is_quiet_after_a_case_was_taken_back() -> None:
    case = told().case
    assert case is not None
    case = replace(case, state=TAKEN_BACK)

    assert not is_quiet(case, entry(case.n + 1, "mail", target=None))
