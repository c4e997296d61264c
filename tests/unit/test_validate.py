"""Judging a definition: one fault of each kind, put into a definition that has none."""

from typing import Any

import pytest
from judging import Change, Plain, both, drop, faults_of, put, toy


@pytest.mark.parametrize("name", ["tiny", "side_steps", "approvals"])
def test_the_toys_have_no_fault(name: str) -> None:
    assert faults_of(toy(name)) == []


T = {"sv": "Något", "en": "Something"}
GRANT, SCHOOL, MET, CLOSE = 0, 1, 2, 3
STATE = {"title": T, "phase": "closed", "owner": "head", "resting": T}


def edge(event: str, source: Any, target: str, **more: Any) -> Plain:
    return {"event": event, "title": {"sv": event, "en": event}, "from": source, "to": target, "by": ["head"], **more}


HEAD: list[tuple[Change, str, str]] = [
    (put("reference", to="G-{year}"), "reference", "lacks the number"),
    (put("reference", to="G-{number}-{month}"), "reference", "{month} means nothing"),
    (put("reference", to="G-{number}-{"), "reference", "brace"),
    (put("initial", to="receivd"), "initial", "no state “receivd”"),
    (put("initial", to="closed"), "initial", "final state"),
    (put("opening", to=[]), "opening", "no [[opening]]"),
]
FIELDS: list[tuple[Change, str, str]] = [
    (drop("fields", "purpose", "of"), "fields.purpose", "needs the choices"),
    (drop("fields", "purpose", "labels", "health"), "fields.purpose.labels", "“health” has no label"),
    (put("fields", "purpose", "labels", "war", to=T), "fields.purpose.labels", "no choice “war”"),
    (put("fields", "amount", "of", to=["x"]), "fields.amount", "`of` means nothing"),
    (put("fields", "amount", "labels", to={"x": T}), "fields.amount", "`labels` means something"),
    (put("fields", "amount", "parent", to=True), "fields.amount", "only a case field"),
    (put("fields", "amount", "day", to="end"), "fields.amount", "instant only"),
    (put("fields", "amount", "counter", to="{number}"), "fields.amount", "text only"),
    (put("fields", "amount", "signed", to=["contract"]), "fields.amount.signed", "no kind of document “contract”"),
    (put("fields", "late", "minimum", to=1), "fields.late", "mean nothing for flag"),
    (drop("fields", "conditions", "item"), "fields.conditions", "needs the fields of its records"),
    (put("fields", "amount", "item", to={"x": {"type": "text", "title": T}}), "fields.amount", "`item` means nothing"),
    (put("fields", "conditions", "item", "text", "type", to="list"), "fields.conditions.item.text", "is flat"),
    (put("fields", "dnr", to={"type": "text", "title": T, "counter": "{year}"}), "fields.dnr.counter", "lacks"),
    (put("fields", "call", to={"type": "case", "title": T}), "fields.call", "names one workflow"),
    (put("fields", "call", to={"type": "case", "title": T, "of": "lettre"}), "fields.call.of", "no workflow “lettre”"),
]
STATES: list[tuple[Change, str, str]] = [
    (put("state", "received", "phase", to="idea"), "state.received.phase", "no phase “idea”"),
    (drop("state", "received", "owner"), "state.received", "has no owner"),
    (put("state", "received", "owner", to="system"), "state.received.owner", "is nobody"),
    (put("state", "closed", "owner", to="head"), "state.closed.owner", "final state has no owner"),
    (put("state", "received", "view", to=["officer"]), "state.received.view", "no external role “officer”"),
    (put("state", "lost", to=STATE), "state.lost", "no case can ever come"),
    (put("transition", CLOSE, "from", to=["received"]), "state.granted", "no final state can be reached"),
    (drop("deadline", 0), "state.received", "can be entered, by its opening, without any deadline"),
]
MOVES: list[tuple[Change, str, str]] = [
    (put("transition", "+", to=edge("reopen", ["closed"], "received")), "transition[5].from", "is final"),
    (put("transition", GRANT, "from", to=["recieved"]), "transition[1].from", "no state “recieved”"),
    (put("transition", GRANT, "to", to="grantd"), "transition[1].to", "no state “grantd”"),
    (put("opening", 0, "to", to="closed"), "opening[1].to", "cannot begin in a final state"),
    (put("transition", MET, "by", to=[]), "transition[3].by", "nobody may"),
    (put("transition", CLOSE, "by", to=["head"]), "transition[4].by", "tried by “system”"),
    (put("transition", CLOSE, "needs", to={"brings": ["begins_on"]}), "transition[4]", "could never happen"),
    (put("transition", CLOSE, "not_same_person_as", to=["grnt"]), "transition[4].not_same_person_as", "no event"),
    (put("transition", GRANT, "approvals", to={}), "transition[1].approvals", "one of them"),
    (put("transition", GRANT, "approvals", to={"count": 2, "each": "required_party"}), "transition[1].approvals",
     "one of them"),
    (put("transition", GRANT, "approvals", "count", to=3), "transition[1].approvals", "in sequence"),
    (put("transition", GRANT, "limit", "field", to="amont"), "transition[1].limit", "no field “amont”"),
    (put("transition", GRANT, "limit", "field", to="purpose"), "transition[1].limit", "is no money"),
    (put("transition", GRANT, "limit", "secretary", to="5"), "transition[1].limit", "not among those who may"),
    (put("transition", GRANT, "needs", "fields", to=["amont"]), "transition[1].needs.fields", "no field “amont”"),
    (put("transition", GRANT, "needs", "brings", to=["gone"]), "transition[1].needs.brings", "no field “gone”"),
    (put("transition", GRANT, "needs", "documents", to=["deed"]), "transition[1].needs.documents", "no kind of"),
    (put("transition", GRANT, "needs", "new_documents", to=["deed"]), "transition[1].needs.new_documents", "no kind"),
    (put("transition", GRANT, "needs", "signatures", to=["head"]), "transition[1].needs.signatures", "which document"),
    (put("transition", GRANT, "needs", "signatures", to=["head:deed"]), "transition[1].needs.signatures", "no kind of"),
    (put("transition", GRANT, "needs", "signatures", to=["mayor:application"]), "transition[1].needs.signatures",
     "no signer “mayor”"),
    (put("transition", GRANT, "needs", "signatures", to=["payer.leader:application"]),
     "transition[1].needs.signatures", "no party role “payer”"),
    (put("transition", GRANT, "needs", "signatures", to=["owner.boss:application"]),
     "transition[1].needs.signatures", "no function “boss”"),
    (put("transition", GRANT, "needs", "children", to=[{"workflow": "report"}]), "transition[1].needs.children[1]",
     "no workflow “report”"),
    (put("transition", GRANT, "needs", "children", to=[{"workflow": "letter", "states": ["red"]}]),
     "transition[1].needs.children[1]", "no state of letter “red”"),
    (put("transition", GRANT, "needs", "children", to=[{"workflow": "letter", "where": {"kind": "x"}}]),
     "transition[1].needs.children[1]", "no field of letter “kind”"),
    (put("transition", GRANT, "takes", to=["gone"]), "transition[1].takes", "no field “gone”"),
    (put("transition", GRANT, "takes", to=["late"]), "transition[1]", "“late” is computed"),
    (put("transition", GRANT, "set", to={"gone": "x"}), "transition[1].set", "no field of grant “gone”"),
    (put("transition", GRANT, "set", to={"purpose": "war"}), "transition[1].set", "“war” is not one of"),
    (put("transition", GRANT, "set", to={"late": "maybe"}), "transition[1].set", "true or false"),
    (put("transition", GRANT, "set", to={"condition_no": "one"}), "transition[1].set", "a whole number"),
    (put("transition", GRANT, "fills", to={"gone": "arrived_late@1"}), "transition[1].fills", "no field “gone”"),
    (put("transition", GRANT, "fills", to={"late": "arrived@1"}), "transition[1].fills", "no fill “arrived@1”"),
    (put("transition", GRANT, "plans", to=["leters"]), "transition[1].plans", "no series “leters”"),
    (put("transition", MET, "item", to="gone"), "transition[3].item", "no field “gone”"),
    (put("transition", MET, "item", to="begins_on"), "transition[3].item", "must be an integer"),
    (put("transition", MET, "needs", to={}), "transition[3].item", "cannot be brought"),
    (put("deadline", 1, "met_by", to=["close"]), "transition[3].item", "no deadline with `for_each`"),
]  # fmt: skip
GUARDS: list[tuple[Change, str, str]] = [
    (put("transition", GRANT, "guards", to=[guard]), "transition[1].guards", message)
    for guard, message in (
        ({"name": "document_fild@1", "kind": "application"}, "no guard “document_fild@1”"),
        ({"name": "document_filed@1"}, "needs the parameter “kind”"),
        ({"name": "document_filed@1", "kind": "x", "sort": "y"}, "no parameter of document_filed@1 “sort”"),
        ({"name": "document_filed@1", "kind": 3}, "“kind” of document_filed@1 must be text"),
        ({"name": "field_in@1", "field": "purpose", "values": "health"}, "must be a list"),
        ({"name": "field_in@1", "field": "gone", "values": []}, "no field “gone”"),
        ({"name": "at_least@1", "field": "amount", "count": True}, "must be a whole number"),
        ({"name": "at_least@1", "field": "amount", "count": 1, "strict": "yes"}, "must be a flag"),
        ({"name": "at_least@1", "field": "amount", "workflow": "letter", "count": 1}, "no field “amount”"),
        ({"name": "at_least@1", "field": "amount", "workflow": "lettre", "count": 1}, "no workflow “lettre”"),
        ({"name": "deadline_passed@1", "deadline": "decison"}, "no deadline “decison”"),
    )
]
MESSAGES: list[tuple[Change, str, str]] = [
    (put("transition", GRANT, "notify", 0, "message", to="gone"), "transition[1].notify[1]", "in sv and en"),
    (
        put("transition", GRANT, "notify", 0, "message", to="only_swedish"),
        "transition[1].notify[1]",
        "no template in en",
    ),
    (put("transition", GRANT, "notify", 0, "to", to=[]), "transition[1].notify[1]", "has no recipient"),
    (put("transition", GRANT, "notify", 0, "to", to=["boss"]), "transition[1].notify[1].to", "no recipient “boss”"),
    (put("transition", GRANT, "notify", 0, "to", to=["system"]), "transition[1].notify[1].to", "nobody reads"),
    (put("transition", GRANT, "notify", 0, "to", to=["owner:boss"]), "transition[1].notify[1].to", "no function"),
    (put("transition", GRANT, "notify", 0, "to", to=["payer:contact"]), "transition[1].notify[1].to", "no party role"),
    (put("transition", GRANT, "notify", 0, "to", to=["@pres"]), "transition[1].notify[1].to", "no recipient list"),
    (put("transition", GRANT, "notify", 0, "to", to=["@deadline_owner"]), "transition[1].notify[1].to", "only in a"),
    (put("transition", GRANT, "notify", 0, "attach", to=["deed"]), "transition[1].notify[1].attach", "no kind of"),
    (
        put("transition", GRANT, "notify", 0, "when", to=[{"name": "gone@1"}]),
        "transition[1].notify[1].when",
        "no guard",
    ),
    (put("recipients", "others", "workflow", to="lettre"), "recipients.others.workflow", "no workflow “lettre”"),
    (put("recipients", "others", "states", to=["red"]), "recipients.others.states", "no state of grant “red”"),
    (put("recipients", "others", "on", to="cousins"), "recipients.others.on", "no relation “cousins”"),
    (put("recipients", "others", "on", to="linking:call"), "recipients.others.on", "no case field “call”"),
    (put("recipients", "others", "to", to=["@press"]), "recipients.others.to", "roles and functions"),
    (put("recipients", "others", "to", to=["payer:contact"]), "recipients.others.to", "roles and functions"),
    (drop("recipients", "others", "to"), "recipients.others", "needs `subscribers`"),
    (put("recipients", "press", "on", to="all"), "recipients.press", "not both"),
    (put("owners", "boss", to=["head"]), "owners", "no role “boss”"),
    (put("owners", "applicant", to=["owner:boss"]), "owners.applicant", "no function “boss”"),
    (put("record", "boss", to=["head"]), "record", "no role “boss”"),
    (put("ladder", "long", "escalate", to={"+1d": ["boss"]}), "ladder.long.escalate", "no recipient “boss”"),
]
SPAWNED: list[tuple[Change, str, str]] = [
    (put("transition", GRANT, "spawns", 0, "workflow", to="lettre"), "transition[1].spawns[1].workflow", "no workflow"),
    (put("transition", GRANT, "spawns", 0, "opening", to="rite"), "transition[1].spawns[1].opening", "no opening"),
    (put("transition", GRANT, "spawns", 0, "for_role", to=["secretary"]), "transition[1].spawns[1].for_role",
     "never opened"),
    (put("transition", GRANT, "spawns", 0, "set", to={}), "transition[1].spawns[1].set", "does not set “subject”"),
    (put("transition", GRANT, "fires", to=[{"workflow": "x", "event": "y", "on": "parent"}]),
     "transition[1].fires[1].workflow", "no workflow “x”"),
    (put("transition", CLOSE, "fires", 0, "event", to="write"), "transition[4].fires[1].event", "no event of letter"),
    (put("transition", CLOSE, "fires", 0, "on", to="friends"), "transition[4].fires[1].on", "no relation “friends”"),
    (put("transition", CLOSE, "fires", 0, "on", to="linking:call"), "transition[4].fires[1].on", "no case field"),
    (put("transition", CLOSE, "fires", 0, to={"workflow": "lettre", "event": "discard", "on": "linking:call"}),
     "transition[4].fires[1].workflow", "no workflow “lettre”"),
    *(
        (put("transition", GRANT, "spawns", 0, "set", to={"subject": "=a", **values}),
         f"transition[1].spawns[1].set.{next(iter(values))}", message)
        for values, message in (
            ({"gone": "=x"}, "no field of letter “gone”"),
            ({"reason": "case.gone"}, "no field “gone”"),
            ({"reason": "case.amount"}, "does not fit"),
            ({"reason": "actor.person"}, "does not fit"),
            ({"reason": "parent.purpose"}, "no parent has a field"),
            ({"sent_on": "gone + 2 days"}, "no field “gone”"),
            ({"sent_on": "begins_on + 2 dyas"}, "no unit of time"),
            ({"sent_on": "date"}, "no field “date”"),
            ({"reason": "begins_on"}, "a date rule gives a day"),
            ({"reason": 5}, "expected text"),
        )
    ),
]  # fmt: skip
DEADLINES: list[tuple[Change, str, str]] = [
    (put("deadline", 0, "while", to=["recieved"]), "deadline[1].while", "no state “recieved”"),
    (put("deadline", 0, "while", to=["received", "closed"]), "deadline[1].while", "open in the final state"),
    (put("deadline", 0, "met_by", to=["grnt"]), "deadline[1].met_by", "no event “grnt”"),
    (put("deadline", 0, "met_by", to=["condition_met"]), "deadline[1].met_by", "cannot end it"),
    (put("deadline", 0, "cancelled_by", to=["grnt"]), "deadline[1].cancelled_by", "no event “grnt”"),
    (put("deadline", 2, "opened_by", to=["grnt"]), "deadline[3].opened_by", "no event “grnt”"),
    (put("deadline", 2, "opened_by", to=["receive"]), "deadline[3].opened_by", "cannot open it"),
    (put("deadline", 0, "due", to="soon"), "deadline[1].due", "no field “soon”"),
    (put("deadline", 0, "due", to="in two weeks"), "deadline[1].due", "is no date rule"),
    (put("deadline", 0, "due", to="amount"), "deadline[1].due", "only a date or an instant"),
    (put("deadline", 0, "due", to="amount.day"), "deadline[1].due", "is no case field"),
    (put("deadline", 0, "due", to="gone.day"), "deadline[1].due", "no field “gone”"),
    (put("deadline", 0, "due", to="parent.due_on"), "deadline[1].due", "no parent has a field “due_on”"),
    (put("deadline", 0, "due", to="item.due_on"), "deadline[1].due", "only with `for_each`"),
    (put("deadline", 1, "due", to="item.day"), "deadline[2].due", "no field in a record"),
    (put("deadline", 1, "due", to="item.text"), "deadline[2].due", "only a date or an instant"),
    (put("deadline", 2, "due", to="deadline:gone"), "deadline[3].due", "no deadline “gone”"),
    (put("deadline", 2, "due", to="deadline:archive"), "deadline[3].due", "wait for each other"),
    (both(put("fields", "call", to={"type": "case", "of": "letter", "title": T}),
          put("deadline", 0, "due", to="call.closes_on")), "deadline[1].due", "no field of letter “closes_on”"),
    (both(put("fields", "call", to={"type": "case", "of": "letter", "title": T}),
          put("deadline", 0, "due", to="call.subject")), "deadline[1].due", "only a date or an instant"),
    (put("deadline", 0, "moved_by", to="grnt"), "deadline[1].moved_by", "no event “grnt”"),
    (put("deadline", 0, "moved_by", to="condition_met"), "deadline[1].moved_by", "so it cannot move it"),
    (put("deadline", 0, "moved_by", to="grant"), "deadline[1].moved_by", "does not set the day"),
    (both(put("deadline", 0, "due", to="begins_on"), put("deadline", 0, "moved_by", to="grant")),
     "deadline[1].moved_by", "does not set the day"),
    (put("deadline", 0, "remind_from", to="gone"), "deadline[1].remind_from", "no field “gone”"),
    (put("deadline", 1, "for_each", to="gone"), "deadline[2].for_each", "no field “gone”"),
    (put("deadline", 1, "for_each", to="amount"), "deadline[2].for_each", "not a list"),
    (put("deadline", 0, "owner", to="system"), "deadline[1].owner", "is nobody"),
    (put("deadline", 0, "remind", to="lang"), "deadline[1].remind", "no ladder “lang”"),
    (put("deadline", 0, "timer", to=True), "deadline[1].timer", "no ladder on purpose"),
    (put("deadline", 0, "to", to=["boss"]), "deadline[1].to", "no recipient “boss”"),
    (put("deadline", 0, "escalate", to={"+1d": ["boss"]}), "deadline[1].escalate", "no recipient “boss”"),
    (put("deadline", 0, "message", to="gone"), "deadline[1]", "no template in sv and en"),
    (drop("owners", "applicant"), "deadline[2]", "nobody would get the reminders"),
    (drop("deadline", 0, "remind"), "deadline[1].escalate", "without `remind`"),
    (put("deadline", 0, "then", to={"event": "grnt"}), "deadline[1].then", "no event “grnt”"),
    (put("deadline", 0, "then", to={"event": "grant"}), "deadline[1].then", "may not be fired by “system”"),
    (put("deadline", 0, "then", to={"event": "condition_met"}), "deadline[1].then", "can be fired in no state"),
    (put("deadline", 0, "then", to={"event": "close", "after": "a while"}), "deadline[1].then", "is no span"),
]  # fmt: skip
SERIES: list[tuple[Change, str, str]] = [
    (drop("transition", GRANT, "plans"), "series[1]", "no transition plans"),
    (put("series", 0, "anchor", to="gone"), "series[1].anchor", "no field “gone”"),
    (put("series", 0, "until", to="amount"), "series[1].until", "only a date or an instant"),
    (both(drop("series", 0, "every"), drop("series", 0, "each")), "series[1]", "neither `every` nor `each`"),
    (put("series", 0, "every", to="often"), "series[1].every", "is no span"),
    (both(drop("series", 0, "every"), put("series", 0, "each", to=["02-30"])), "series[1].each", "no day of the year"),
    (put("series", 0, "workflow", to="lettre"), "series[1].workflow", "no workflow “lettre”"),
    (put("series", 0, "opening", to="rite"), "series[1].opening", "no opening of letter “rite”"),
    (put("series", 0, "set", to={}), "series[1].set", "does not set “subject”"),
    (put("series", 0, "set", to={"subject": "=x", "gone": "date"}), "series[1].set.gone", "no field of letter"),
    (put("series", 0, "where", to={"kind": "x"}), "series[1].where", "no field of letter “kind”"),
    (put("series", 0, "key", to="gone"), "series[1].key", "no field of letter “gone”"),
    (put("series", 0, "key", to="reason"), "series[1].key", "not a date"),
    (put("series", 0, "waiting", to=["red"]), "series[1].waiting", "no state of letter “red”"),
    (put("series", 0, "drop", to="burn"), "series[1].drop", "no event of letter “burn”"),
    (put("series", 0, "drop", to="read"), "series[1].drop", "“system” cannot fire “read”"),
    (put("review", "while", to=["red"]), "review.while", "no state “red”"),
    (put("review", "by", to=[]), "review", "needs criteria"),
]
AMBIGUOUS: list[tuple[Change, str, str]] = [
    (both(drop("transition", GRANT, "when"), drop("transition", SCHOOL, "when")), "transition[2]", "nothing tells two"),
    (put("opening", "+", to={"event": "receive", "title": T, "by": ["officer"]}), "opening[2]", "nothing tells two"),
    (put("transition", CLOSE, "title", "sv", to="bevilja"), "transition[4].title", "are both called “bevilja”"),
]


def cases() -> list[Any]:
    kinds = (HEAD, FIELDS, STATES, MOVES, GUARDS, MESSAGES, SPAWNED, DEADLINES, SERIES, AMBIGUOUS)
    return [pytest.param(*fault, id=f"{fault[1]}: {fault[2]}") for kind in kinds for fault in kind]


@pytest.mark.parametrize(("change", "path", "message"), cases())
def test_each_kind_of_fault_is_found_where_it_stands(change: Change, path: str, message: str) -> None:
    plain = toy("approvals")
    change(plain)

    faults = faults_of(plain)

    assert any(f.path == path and message in f.message for f in faults), faults


POSTPONED = edge("postpone", ["received"], "@same", needs={"brings": ["begins_on"]})
FAULTLESS = {
    "a day that an event of its own may move": both(
        put("transition", "+", to=POSTPONED), put("deadline", 0, "due", to="begins_on"),
        put("deadline", 0, "moved_by", to="postpone"),
    ),
    "a value that every parent has": put("transition", GRANT, "spawns", 0, "set", to={"subject": "parent.title"}),
    "a day of the case that opened this one": both(
        put("fields", "letter", to={"type": "case", "of": "letter", "parent": True, "title": T}),
        put("deadline", 0, "due", to="parent.sent_on + 1 month"),
    ),
    "what happens in the cases that point at this one": both(
        put("fields", "first", to={"type": "case", "of": "grant", "title": T}),
        put("transition", CLOSE, "fires", "+", to={"workflow": "grant", "event": "close", "on": "linking:first"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", FAULTLESS.values(), ids=FAULTLESS)
def test_what_makes_sense_is_no_fault(change: Change) -> None:
    plain = toy("approvals")
    change(plain)

    assert faults_of(plain) == []


def test_one_fault_that_is_met_twice_is_told_once() -> None:
    plain = toy("approvals")
    plain["deadline"][0]["escalate"] = {"+1d": ["boss"], "+2d": ["boss"]}

    assert [fault.message for fault in faults_of(plain)] == ["there is no recipient “boss”"]


def test_a_date_rule_that_cannot_be_read_is_the_only_fault_of_the_deadline_that_is_moved() -> None:
    plain = toy("approvals")
    plain["deadline"][0].update(due="in two weeks", moved_by="grant")

    assert [fault.path for fault in faults_of(plain)] == ["deadline[1].due"]
