"""What the printer lets through, the texts in two languages, and tables for pipes."""

import ast
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

import engine
from engine.cli import output, tables, texts
from engine.cli.failure import reason_json, reason_lines
from engine.cli.help_words import explain
from engine.cli.lazy import COMMANDS
from engine.cli.tables import Branch, Column
from engine.core.definition import Definition, State, Transition
from engine.core.errors import Refusal, ValueMalformed

HOSTILE = [
    ("\x1b[31mred", "\\x1b[31mred"),
    ("bell\x07", "bell\\x07"),
    ("two\nlines", "two\\x0alines"),
    ("over\rwritten", "over\\x0dwritten"),
    ("tab\there", "tab\\x09here"),
    ("del\x7f", "del\\x7f"),
    ("c1\x9b31m", "c1\\x9b31m"),
    ("bidi\u202egnp.exe", "bidi\\u202egnp.exe"),
    ("isolate\u2066x\u2069", "isolate\\u2066x\\u2069"),
    ("zero\u200bwidth", "zero\\u200bwidth"),
    ("bom\ufeff", "bom\\ufeff"),
    ("line\u2028para\u2029", "line\\u2028para\\u2029"),
    ("soft\u00adhyphen", "soft\\xadhyphen"),
    ("tag\U000e0041", "tag\\U000e0041"),
    ("selector\ufe0f", "selector\\ufe0f"),
    ("filler\u3164", "filler\\u3164"),
    ("lone\udc80", "lone\\udc80"),
]


class Terminal(io.StringIO):
    """Something that says that it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Ascii(io.StringIO):
    """A stream that can carry ASCII only."""

    encoding = "ascii"


@pytest.mark.parametrize(("raw", "shown"), HOSTILE)
def test_characters_that_a_terminal_would_obey_are_shown(raw: str, shown: str) -> None:
    assert output.safe(raw) == shown


def test_swedish_letters_and_combining_marks_pass_unchanged() -> None:
    told = "Ärende – “Övergång” é e\u0301 ☃ 漢"

    assert output.safe(told) == told


def test_no_character_at_all_gets_through_as_a_control_or_format_character() -> None:
    everything = "".join(chr(number) for number in range(0x110000))

    shown = output.safe(everything)

    assert {"Cc", "Cf", "Cs", "Zl", "Zp"}.isdisjoint(map(unicodedata.category, shown))


@pytest.mark.parametrize("raw", [raw for raw, _ in HOSTILE])
def test_json_holds_the_raw_text_in_harmless_bytes(raw: str) -> None:
    told = output.to_json({"title": raw + "å"})

    assert json.loads(told) == {"title": raw + "å"}
    assert output.safe(told) == told
    assert "å" in told


def test_json_tells_instants_dates_and_money_as_the_contract_says() -> None:
    value = {
        "at": datetime(2026, 8, 31, 12, 2, tzinfo=timezone(timedelta(hours=2))),
        "on": date(2026, 8, 31),
        "sum": Decimal("1250000.5"),
        "path": Path("a/b"),
        "roles": frozenset({"officer", "head"}),
    }

    assert json.loads(output.to_json(value)) == {
        "at": "2026-08-31T10:02:00.000000Z",
        "on": "2026-08-31",
        "sum": "1250000.50",
        "path": "a/b",
        "roles": ["head", "officer"],
    }


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), Decimal("NaN"), float("nan"), object()])  # noqa: DTZ001
def test_what_has_no_form_in_json_is_refused_and_not_guessed(value: object) -> None:
    with pytest.raises((ValueError, TypeError, ValueMalformed)):
        output.to_json(value)


def test_json_is_one_line_in_a_pipe_and_indented_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    output.emit_json({"a": [1, 2]})
    assert capsys.readouterr().out == '{"a": [1, 2]}\n'

    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    output.emit_json({"a": 1})
    assert terminal.getvalue() == '{\n  "a": 1\n}\n'


def test_json_lines_are_streamed_one_value_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit_lines({"n": n, "when": datetime(2026, 1, n, tzinfo=UTC)} for n in (1, 2))

    first, second = capsys.readouterr().out.splitlines()
    assert json.loads(first) == {"n": 1, "when": "2026-01-01T00:00:00.000000Z"}
    assert json.loads(second)["n"] == 2


@pytest.mark.parametrize(
    ("make", "environ", "wanted"),
    [
        (Terminal, {}, True),
        (Terminal, {"NO_COLOR": "1"}, False),
        (Terminal, {"NO_COLOR": ""}, True),
        (Terminal, {"TERM": "dumb"}, False),
        (io.StringIO, {}, False),
    ],
)
def test_colour_is_for_terminals_whose_reader_has_not_declined_it(
    make: Callable[[], io.StringIO], environ: dict[str, str], wanted: bool
) -> None:
    assert output.wants_color(make(), environ) is wanted


@pytest.mark.parametrize(("as_json", "where"), [(False, "out"), (True, "err")])
def test_the_sandbox_mark_never_spoils_json(capsys: pytest.CaptureFixture[str], as_json: bool, where: str) -> None:
    output.mark_sandbox(texts.text("sandbox", "sv"), as_json=as_json)

    captured = capsys.readouterr()
    assert getattr(captured, where).startswith("SANDBOX")
    assert captured.out + captured.err == getattr(captured, where)


def test_a_piped_table_is_aligned_by_what_the_eye_sees(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("Lärande", "7"), ("La\u0308rande", "70"), ("漢字", 1), ("tom", None), ("x\x1b[0m", 5)]

    count = tables.print_table([Column("Namn"), Column("Antal", right=True)], rows)

    assert count == 5
    assert capsys.readouterr().out.splitlines() == [
        "Namn      Antal",
        "Lärande       7",
        "La\u0308rande      70",
        "漢字          1",
        "tom",
        "x\\x1b[0m      5",
    ]


def test_an_empty_table_is_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    assert tables.print_table([Column("A"), Column("B")], []) == 0
    assert capsys.readouterr().out == "A  B\n"


def test_on_a_terminal_markup_in_a_cell_is_text_and_not_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)

    tables.print_table([Column("[bold]T")], [("[red]x[/red] \x1b]0;owned\x07",)], color=True)

    assert "[bold]T" in terminal.getvalue()
    assert "[red]x[/red] \\x1b]0;owned\\x07" in terminal.getvalue()


@pytest.mark.parametrize("columns", ["80", "60"])
def test_on_a_narrow_terminal_no_word_and_no_date_is_broken(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", columns)
    row = (
        "2025-05-12 (om 6 dagar)",
        "Informationsträff om kompletteringen",
        "Två språk, en skola (påhittad) i Ale",
        "x",
    )

    tables.print_table([Column("Senast"), Column("Vad"), Column("Ärende"), Column("Vem")], [row], color=True)

    for word in " ".join(row).split():
        assert word in terminal.getvalue(), word


def test_where_nothing_fits_dates_stay_whole_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", "64")
    row = ("2025-05-12 (om 6 dagar)", "SIM-2025-0002:board_papers", "Kompletteringsföreläggande ut", "Ale")

    tables.print_table([Column("Senast"), Column("Frist"), Column("Vad"), Column("Vem")], [row], color=True)

    assert "2025-05-12" in terminal.getvalue()
    assert "SIM-2025-0002:board_papers" in terminal.getvalue()


@pytest.mark.parametrize("columns", ["80", "60", "30"])
def test_nothing_of_a_cell_is_cut_and_no_line_is_wider_than_the_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", columns)
    rows = [
        ("CR-2025-0001", "Ny ekonom och annat som tar plats på raden", "Inskickad", "officer",
         "Ändringen ska prövas om 30 dagar"),
        ("M-2025-001", "Miljö- och regionutvecklingsnämnden", "Planerat", "", "Kallelse ska ut om 9 dagar"),
    ]  # fmt: skip
    titles = ("Ärende", "Rubrik", "Läge", "Handläggare", "Nästa frist")

    tables.print_table([Column(title) for title in titles], rows, color=True)

    lines = [re.sub("\x1b\\[[0-9;]*m", "", line) for line in terminal.getvalue().splitlines()]
    assert max(map(tables.width, lines)) <= int(columns)
    shown = "".join(sorted("".join(lines[lines.index("─" * tables.width(lines[-1])) + 1 :]).replace(" ", "")))
    assert shown == "".join(sorted("".join(map("".join, rows)).replace(" ", "")))


def test_a_tree_shows_who_hangs_on_whom(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    root = Branch("SIM-1", (Branch("A-1", (Branch("P-1\n"),)), Branch("A-2")))

    tables.print_tree(root)
    assert capsys.readouterr().out.splitlines() == ["SIM-1", "├── A-1", "│   └── P-1\\x0a", "└── A-2"]

    monkeypatch.setattr("sys.stdout", Ascii())
    tables.print_tree(root)
    monkeypatch.setattr("sys.stdout", terminal := Terminal())
    tables.print_tree(root, color=True)
    assert "A-2" in terminal.getvalue()


@pytest.mark.parametrize(
    ("current", "told"),
    [(0, "◉──○──○  Idé (1/3)"), (1, "●──◉──○  Beslut (2/3)"), (None, "●──●──●")],
)
def test_the_ribbon_shows_passed_present_and_coming_phases(
    current: int | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", Terminal())

    assert tables.ribbon(["Idé", "Beslut", "Slut"], current) == told


def test_drawings_become_ascii_where_the_stream_cannot_carry_them(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Ascii()
    monkeypatch.setattr("sys.stdout", stream)

    tables.print_tree(Branch("a", (Branch("b"),)))

    assert stream.getvalue() == "a\n`-- b\n"
    assert tables.ribbon(["Ide", "Slut"], 1) == "*--@  Slut (2/2)"
    assert tables.bar(1, 2, 10) == "#####"


@pytest.mark.parametrize(
    ("value", "whole", "told"),
    [(0, 10, ""), (10, 10, "████"), (20, 10, "████"), (5, 10, "██"), (3, 10, "█▎"), (-1, 10, ""), (1, 0, "")],
)
def test_a_bar_is_as_long_as_its_share(value: int, whole: int, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", Terminal())

    assert tables.bar(value, whole, 4) == told


def test_both_languages_have_the_same_codes_with_the_same_parameters() -> None:
    sv, en = (
        {(file, code): texts.placeholders(sentence) for file, code, sentence in texts.all_texts(lang)}
        for lang in ("sv", "en")
    )

    assert sv == en


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_no_code_has_two_texts(lang: str) -> None:
    codes = [code for _, code, _ in texts.all_texts(lang)]

    assert len(codes) == len(set(codes))


def test_the_glossary_has_the_same_words_in_both_languages_each_explained() -> None:
    sv, en = (texts.read(texts.TEXTS / lang / "glossary.toml") for lang in ("sv", "en"))

    assert sv.keys() == en.keys()
    assert all(entry.keys() == {"term", "means"} for entry in (*sv.values(), *en.values()))


def refusals_in(folder: Path) -> Iterator[tuple[str, str, frozenset[str] | None]]:
    """(place, code, parameters) of every refusal that the code writes out; None = the parameters are computed."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            if node.func.id not in ("Refusal", "_refuse") or not isinstance(node.args[0], ast.Constant):
                continue
            given = node.args[1] if len(node.args) > 1 else None
            known: frozenset[str] | None = frozenset(word.arg for word in node.keywords if word.arg)
            if isinstance(given, ast.Dict):
                known = frozenset(str(key.value) for key in given.keys if isinstance(key, ast.Constant))
            elif given is not None:
                known = None
            yield f"{path.name}:{node.lineno}", str(node.args[0].value), known


def test_every_refusal_of_the_engine_has_a_text_that_asks_for_nothing_it_is_not_given() -> None:
    sentences = {code: sentence for _, code, sentence in texts.all_texts("sv")}

    faults = []
    for place, code, known in refusals_in(Path(engine.__file__).parent):
        if code not in sentences:
            faults.append(f"{place}: {code} has no text")
        elif known is not None and texts.placeholders(sentences[code]) - known:
            faults.append(f"{place}: {code} has the parameters {sorted(known)}")

    assert faults == []


def test_a_text_takes_its_parameters_and_names_roles() -> None:
    told = texts.text("role_missing", "sv", roles=["officer", "head"])

    assert told == "Det här får göras av handläggare, chef; du har inte någon av de rollerna i ärendet."


def test_a_party_function_is_named_with_its_role() -> None:
    assert "projektledare (projektägare)" in texts.text("signature_missing", "sv", who="owner.leader", kind="report")


def test_a_parameter_that_looks_like_a_parameter_is_not_filled_in_again() -> None:
    assert "{state}" in texts.text("wrong_state", "en", event="{state}", state="closed")


def test_a_text_never_fails_for_want_of_a_parameter_or_of_itself() -> None:
    assert texts.text("field_missing", "en") == "The field … is empty and is needed."
    assert texts.text("no_such_code", "en", field="sum", n=3) == "no_such_code (field sum, n 3)"
    assert texts.text("no_such_code", "en") == "no_such_code"


def test_a_reason_tells_what_mends_it_who_may_and_who_may_waive_it() -> None:
    reason = Refusal(
        "field_missing", {"field": "spent"}, "skede amend 4 -s spent=…", ("officer",), "frame@1", ("head",)
    )

    assert reason_lines(reason, "en") == [
        "  - The field spent is empty and is needed.",
        "    mended by: skede amend 4 -s spent=…",
        "    may be mended by: case officer",
        '    may be overridden by head, who may then do this: the same command with --override frame@1 -n "…"',
    ]
    assert reason_json(reason, "en") == {
        "code": "field_missing",
        "text": "The field spent is empty and is needed.",
        "params": {"field": "spent"},
        "fix": "skede amend 4 -s spent=…",
        "who": ["officer"],
        "guard": "frame@1",
        "waivable_by": ["head"],
    }


@pytest.mark.parametrize("word", ["jäv", "Conflict of Interest", "conflict_of_interest"])
def test_a_word_is_found_in_either_language_and_by_its_id(word: str) -> None:
    (meaning,) = explain(word, "en")

    assert (meaning.sv, meaning.en) == ("jäv", "conflict of interest")
    assert meaning.means.startswith("Something that shakes trust")


def test_a_part_of_a_word_finds_all_that_hold_it() -> None:
    assert {"utlysning", "ansökan"} & {meaning.sv for meaning in explain("lysning", "sv")} == {"utlysning"}


def test_events_and_states_of_a_workflow_are_words_too() -> None:
    title = {"sv": "Rapport", "en": "Report"}
    submit = Transition("submit_report", {"sv": "Lämna in", "en": "Submit"}, ("open",), "open", ("applicant",))
    opened = State("open", {"sv": "Öppen att lämna", "en": "Open for submission"}, "implementation")
    report = Definition("report", 1, title, "R-{number}", "open", "", {}, {}, {"open": opened}, (submit,))

    assert [meaning.means for meaning in explain("lämna in", "sv", [report])] == ["händelse i Rapport"]
    assert [meaning.means for meaning in explain("open for submission", "en", [report])] == ["state of Report"]


def test_an_event_is_told_with_what_its_workflow_says_of_it() -> None:
    helped = {"sv": "När allt är klart.", "en": "Once all is ready."}
    submit = Transition("submit", {"sv": "Lämna in", "en": "Submit"}, ("open",), "open", ("applicant",), help=helped)
    opened = State("open", {"sv": "Öppen", "en": "Open"}, "implementation")
    title = {"sv": "Rapport", "en": "Report"}
    report = Definition("report", 1, title, "R-{number}", "open", "", {}, {}, {"open": opened}, (submit,))

    assert [m.means for m in explain("submit", "sv", [report])] == ["händelse i Rapport\nNär allt är klart."]


def test_every_command_has_its_line_in_both_languages() -> None:
    assert all(entry.sv and entry.en and entry.sv != entry.en for entry in COMMANDS.values())


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_a_text_found_on_its_own_is_what_its_whole_file_says(lang: str) -> None:
    for _, code, sentence in texts.all_texts(lang):
        assert texts._find(code, lang) == sentence


@pytest.mark.parametrize(
    ("n", "told"), [(1, "1 open case follows"), (0, "0 open cases follow"), (2, "2 open cases follow")]
)
def test_a_number_decides_the_word_beside_it(n: int, told: str) -> None:
    assert texts.text("people_followed", "en", n=n, messages=1) == f"{told}; 1 letter."
