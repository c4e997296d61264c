"""Tables, JSON Lines and calendars: what other programs are handed."""

import csv
import io
import json
from datetime import UTC, date, datetime

import pytest
from icalendar import Calendar

from engine.core.appointments import Day, Meeting
from engine.exports.csv import BOM, cases_table, cell_text, guarded, log_table, table_text
from engine.exports.ics import calendar_bytes
from engine.exports.jsonl import json_lines

AT = datetime(2021, 3, 4, 11, 30, 0, 123456, tzinfo=UTC)
CASE = {
    "reference": "SIM-2021-0001", "workflow": "application", "version": 1, "state": "idea", "phase": "idea",
    "title": "=cmd|' /C calc'!A0", "owner": None, "parent": "U-2021-001", "revision": 3,
    "opened_at": "2021-03-01T09:00:00.000000Z", "closed_at": None,
    "deadlines": [
        {"name": "late", "due_at": "2021-09-01T00:00:00Z"}, {"name": "soon", "due_at": "2021-04-01T00:00:00Z"},
    ],
    "data": {"amount": "-1250.50", "areas": ["a", "b"], "plan": [{"year": 1}], "late": False},
}  # fmt: skip


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "'"])
def test_what_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    assert guarded(f"{start}SUM(A1)") == f"'{start}SUM(A1)"


@pytest.mark.parametrize("number", ["-1250.50", "+3", "0", "-7"])
def test_a_number_stays_a_number(number: str) -> None:
    assert guarded(number) == number


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, ""), (True, "true"), (3, "3"), (["a", "b"], "a; b"), ([], ""), ([{"b": 1, "a": "å"}], '[{"a":"å","b":1}]')],
)
def test_plain_values_become_cells(value: object, cell: str) -> None:
    assert cell_text(value) == cell


def test_a_table_is_read_back_by_any_csv_reader() -> None:
    rows = [["a,b", 'say "hi"'], ["two\nlines", "Åsa"]]

    text = "".join(table_text(["x", "y"], rows))

    assert list(csv.reader(io.StringIO(text, newline=""))) == [["x", "y"], *rows]
    assert "".join(table_text(["x"], [], bom=True)) == f"{BOM}x\r\n"


def test_cases_have_their_fields_and_their_next_deadline_as_columns() -> None:
    columns, rows = cases_table([CASE], ["amount", "areas", "plan", "late", "empty"])

    (row,) = rows
    told = dict(zip(columns, row, strict=True))
    assert told["title"] == CASE["title"]
    assert (told["next_deadline"], told["next_due_at"]) == ("soon", "2021-04-01T00:00:00Z")
    assert [cell_text(told[f"set:{name}"]) for name in ("amount", "areas", "plan", "late", "empty")] == [
        "-1250.50", "a; b", '[{"year":1}]', "false", "",
    ]  # fmt: skip


def test_a_case_without_a_deadline_has_none_next() -> None:
    columns, rows = cases_table([{**CASE, "deadlines": []}], [])

    assert dict(zip(columns, next(rows), strict=True))["next_deadline"] is None


def test_log_entries_keep_every_key_of_the_contract() -> None:
    columns, _ = log_table([])
    entry = {name: name for name in columns} | {"changes": {"set": {"a": 1}}}

    _, rows = log_table([entry])

    assert [cell_text(cell) for cell in next(rows)] == [
        '{"set":{"a":1}}' if name == "changes" else name for name in columns
    ]


def test_json_lines_tell_cases_first_and_entries_after_them() -> None:
    lines = "".join(json_lines([CASE], [{"entry": "SIM-2021-0001#1", "note": "å\u2028"}])).split("\n")

    told = [json.loads(line) for line in lines if line]
    assert [one["type"] for one in told] == ["case", "entry"]
    assert told[0] == {"type": "case", **CASE}
    assert told[1]["note"] == "å\u2028"


def day(**changes: object) -> Day:
    values = {
        "uid": "SIM-1-due@x.example", "sequence": 2, "day": date(2021, 6, 1), "title": "Svar", "description": "SIM-1",
        "decided_at": AT,
    }  # fmt: skip
    return Day(**{**values, **changes})  # type: ignore[arg-type]


def meeting(**changes: object) -> Meeting:
    values = {
        "uid": "M-1@x.example", "sequence": 1, "start": AT, "end": None, "title": "Nämnd", "description": "M-1",
        "place": "Sal 1", "decided_at": AT,
    }  # fmt: skip
    return Meeting(**{**values, **changes})  # type: ignore[arg-type]


def events(*dates: Day | Meeting) -> list[dict[str, str]]:
    calendar = Calendar.from_ical(calendar_bytes("Kontoret", dates))
    return [{name: value.to_ical().decode() for name, value in event.items()} for event in calendar.walk("VEVENT")]


def test_a_deadline_is_a_whole_day_that_is_not_busy() -> None:
    (event,) = events(day())

    assert event["DTSTART"] == "20210601"
    assert event["TRANSP"] == "TRANSPARENT"
    assert (event["UID"], event["SEQUENCE"], event["DTSTAMP"]) == ("SIM-1-due@x.example", "2", "20210304T113000Z")


def test_a_meeting_has_its_hours_its_place_and_its_status() -> None:
    end = datetime(2021, 3, 4, 13, tzinfo=UTC)

    held, open_ended, off = events(meeting(end=end), meeting(), meeting(cancelled=True, place=""))

    assert (held["DTSTART"], held["DTEND"], held["LOCATION"]) == ("20210304T113000Z", "20210304T130000Z", "Sal 1")
    assert "DTEND" not in open_ended
    assert (off["STATUS"], "LOCATION" in off) == ("CANCELLED", False)


def test_no_title_breaks_out_of_its_line() -> None:
    content = calendar_bytes("x\r\nX-EVIL:1", [day(title="Svar\r\nATTACH:file:///etc/passwd", uid="a\nUID:b")])

    assert not [line for line in content.decode().splitlines() if line.startswith(("X-EVIL", "ATTACH", "UID:b"))]


def test_the_same_dates_give_the_same_bytes() -> None:
    assert calendar_bytes("x", [day(), meeting()]) == calendar_bytes("x", [day(), meeting()])
