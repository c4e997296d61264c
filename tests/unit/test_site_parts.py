"""What a site is made of: stays, sums, charts, folders, and text that a page may show."""

import errno
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import definition, toy

from engine.app.site_figures import stays
from engine.core.errors import Unavailable, UsageError
from engine.exports.site.charts import groups, lengths, strips
from engine.exports.site.folder import MARKER, SiteFolder
from engine.exports.site.rendering import inline_json
from engine.exports.site.tally import Tally, quarter_of, quarter_text
from engine.exports.site.visible import visible
from engine.exports.site.writing import case_file

TINY = definition(toy("tiny"))
STOCKHOLM = ZoneInfo("Europe/Stockholm")
HOSTILE = "</title><script>alert(1)</script> & \"'"


def local_day(at: str) -> date:
    return datetime.fromisoformat(at).astimezone(STOCKHOLM).date()


def moment(text: str) -> str:
    return f"{text if 'T' in text else text + 'T12:00'}:00.000000Z"


def entry(target: str | None, day: str, source: str | None = None) -> dict[str, Any]:
    return {"target": target, "source": source, "occurred_at": f"{day}T12:00:00.000000Z"}


def told(
    *found: tuple[str, str, str | None], workflow: str = "toy", final: bool = False, **figures: Any
) -> dict[str, Any]:
    stays_ = [{"state": state, "phase": state, "final": final, "from": moment(since),
               "to": moment(until) if until else None} for state, since, until in found]  # fmt: skip
    counts = {"granted": None, "paid": None, "reports": [], **figures}
    return {"case": {"workflow": workflow}, "stays": stays_, "figures": counts}


def test_a_stay_ends_when_the_next_begins_and_what_moves_nothing_ends_none() -> None:
    first, second = list(TINY.states)[:2]
    entries = [
        entry(first, "2021-03-01"),
        entry(None, "2021-03-02"),
        entry(first, "2021-03-03"),
        entry(second, "2021-03-09"),
    ]

    found = stays(TINY, entries)

    assert [(one["state"], one["from"][:10], (one["to"] or "")[:10]) for one in found] == [
        (first, "2021-03-01", "2021-03-09"), (second, "2021-03-09", ""),
    ]  # fmt: skip


def test_nobody_is_anywhere_for_less_than_no_time() -> None:
    first, second = list(TINY.states)[:2]

    found = stays(TINY, [entry(first, "2021-03-05"), entry(second, "2021-03-01")])

    assert found[0]["to"] == found[0]["from"] == found[1]["from"]


def test_open_cases_are_counted_at_the_end_of_each_quarter() -> None:
    tally = Tally(local_day)
    tally.add(told(("idea", "2021-02-01", "2021-05-01"), ("work", "2021-05-01", None)))
    tally.add(told(("idea", "2021-03-31", "2021-03-31")))
    tally.add(told(("idea", "2021-08-01", None), workflow="other"))

    quarters, found = tally.phases("2021-12-31T20:00:00.000000Z")

    assert [quarter_text(one) for one in quarters] == ["2021 Q1", "2021 Q2", "2021 Q3", "2021 Q4"]
    assert found == {"idea": [1, 0, 1, 1], "work": [0, 1, 1, 1]}
    assert tally.phases("2021-12-31T20:00:00.000000Z", "other")[1] == {"idea": [1, 1]}


def test_the_last_night_of_a_quarter_belongs_to_the_next_one_where_midnight_has_passed_here() -> None:
    tally = Tally(local_day)
    tally.add(told(("idea", "2021-12-31T23:30", None)))

    assert [quarter_text(one) for one in tally.phases("2022-01-01T08:00:00.000000Z")[0]] == ["2022 Q1"]


def test_a_case_that_has_ended_is_open_in_no_phase() -> None:
    tally = Tally(local_day)
    tally.add(told(("end", "2021-02-01", None), final=True))

    assert tally.phases("2021-12-31T20:00:00.000000Z") == ([], {})


@given(st.lists(st.integers(0, 400), min_size=1, max_size=40))
def test_the_median_of_the_stays_is_the_lower_middle_one(days: list[int]) -> None:
    tally = Tally(local_day, days={("toy", "idea"): Counter(days)})

    assert tally.lasted("toy", "idea") == (len(days), sorted(days)[(len(days) - 1) // 2], max(days))


def test_money_and_reports_are_added_up_by_year() -> None:
    tally = Tally(local_day)
    for amount in ("100.10", "0.90"):
        tally.add(
            told(granted={"amount": amount, "on": "2021-11-18"}, reports=[{"due_on": "2022-01-31", "outcome": "late"}])
        )

    assert tally.money == {("granted", 2021): Decimal("101.00")}
    assert tally.reports == {("late", 2022): 2}


@pytest.mark.parametrize("day", ["2021-01-01", "2021-03-31", "2021-04-01", "2021-12-31"])
def test_a_quarter_has_three_months(day: str) -> None:
    assert quarter_text(quarter_of(date.fromisoformat(day))) == f"2021 Q{-(-int(day[5:7]) // 3)}"


def test_no_text_breaks_out_of_a_chart() -> None:
    drawings = [
        strips("a", HOSTILE, HOSTILE, [HOSTILE], {HOSTILE: [1]}),
        groups("b", HOSTILE, HOSTILE, [HOSTILE], {HOSTILE: [1.0]}, {HOSTILE: [HOSTILE]}),
        lengths("c", HOSTILE, HOSTILE, [(HOSTILE, 1, HOSTILE)]),
    ]

    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        assert not [one.tag for one in root.iter() if one.tag.endswith("script")]
        assert HOSTILE in "".join(root.itertext())


def test_bars_of_nothing_are_drawn_without_dividing_by_it() -> None:
    assert "<rect" not in strips("a", "t", "s", ["2021"], {"x": [0]})
    assert strips("a", "t", "s", [], {}).endswith("</svg>")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain åäö 1\u00a0000,00 kr – “q”\n\tline", None), ("a\u202eb", "a\\u202eb"), ("a\x1b[2J", "a\\x1b[2J"),
        ("a\u200bb", "a\\u200bb"), ("a\u2028b", "a\\u2028b"), ("a\U000e0041b", "a\\U000e0041b"), ("a\x9bb", "a\\x9bb"),
        ("a\u00adb", "a\\xadb"), ("日本 العربية", None),
    ],
)  # fmt: skip
def test_what_would_not_be_seen_is_written_out(text: str, shown: str | None) -> None:
    assert visible(text) == (text if shown is None else shown)


@given(st.text())
def test_json_in_a_page_can_neither_end_its_element_nor_begin_a_comment(text: str) -> None:
    made = inline_json([text])

    assert not set("<>&\u2028\u2029") & set(made)


@given(st.lists(st.text(min_size=1), unique=True, min_size=2, max_size=2))
def test_two_cases_never_share_a_page_and_every_name_is_plain(references: list[str]) -> None:
    names = [case_file(one) for one in references]

    assert names[0] != names[1]
    assert all(re.fullmatch(r"case/[A-Za-z0-9_-]+\.html", name) for name in names)


def test_what_goes_wrong_half_way_leaves_the_earlier_site_as_it_was(tmp_path: Path) -> None:
    place = tmp_path / "site"
    with SiteFolder(place) as first:
        first.write("index.html", ["first"])
        first.mark({})

    def parts() -> Iterator[str]:
        yield "second"
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError), SiteFolder(place) as second:
        second.write("index.html", parts())

    assert (place / "index.html").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_disk_that_is_full_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be written: No space left"), SiteFolder(tmp_path / "site"):
        raise OSError(errno.ENOSPC, "No space left on device")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["{}", "[]", "no json", '{"made_by": "somebody"}'])
def test_a_marker_of_somebody_elses_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / MARKER).write_text(content)

    with pytest.raises(UsageError, match="holds other files"):
        SiteFolder(tmp_path / "site")


def test_a_link_to_a_folder_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "site").symlink_to(tmp_path / "real")

    with pytest.raises(UsageError, match="no folder"):
        SiteFolder(tmp_path / "site")


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()

    with SiteFolder(tmp_path / "site") as draft:
        draft.write("a/b.html", ["x", "y"])

    assert (tmp_path / "site" / "a" / "b.html").read_text() == "xy"
    assert (draft.pages, draft.size) == (1, 2)
