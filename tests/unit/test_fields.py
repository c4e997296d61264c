import time as clock
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.definition import Field, FieldType
from engine.core.errors import ValueMalformed
from engine.core.fields import format_value, parse_value
from engine.core.money import format_money, from_ore, parse_money, to_ore

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 8, 31, 10, tzinfo=UTC)
NBSP = "\u00a0"

AREA = {
    "health": {"sv": "Psykisk hälsa", "en": "Mental health"},
    "reading": {"sv": "Läsning, språk", "en": "Reading, language"},
    "parents": {"sv": "Föräldrar", "en": "Parents"},
}


def a_field(kind: FieldType, **more: Any) -> Field:
    return Field(id="thing", type=kind, title={"sv": "Sak", "en": "Thing"}, **more)


def a_choice(kind: FieldType = "choice") -> Field:
    return a_field(kind, of=tuple(AREA), labels=AREA)


def a_list() -> Field:
    text = {"sv": "x", "en": "x"}
    return a_field(
        "list",
        item={
            "what": Field(id="what", type="text", title=text, required=True),
            "due_on": Field(id="due_on", type="date", title=text),
            "amount": Field(id="amount", type="money", title=text),
        },
    )


def parse(field: Field, raw: Any) -> Any:
    return parse_value(field, raw, zone=STOCKHOLM, now=NOW)


def written(field: Field, value: Any, lang: str) -> str:
    return format_value(field, value, lang, zone=STOCKHOLM)


def refusal(field: Field, raw: Any) -> str:
    with pytest.raises(ValueMalformed) as refused:
        parse(field, raw)
    return refused.value.message


ALL_TYPES: list[FieldType] = [
    "text", "longtext", "integer", "money", "date", "instant", "flag",
    "choice", "choices", "organisation", "person", "case", "list",
]  # fmt: skip


@pytest.mark.parametrize("kind", ALL_TYPES)
def test_nothing_is_nothing_whatever_the_type(kind: FieldType) -> None:
    assert parse(a_field(kind), None) is None
    assert parse(a_field(kind), f" {NBSP}\n") is None
    assert written(a_field(kind), None, "sv") == ""


@pytest.mark.parametrize("kind", ALL_TYPES)
def test_a_refusal_names_the_field_and_gives_an_example(kind: FieldType) -> None:
    field = a_field(kind, of=("one", "two"))

    message = refusal(field, object())

    assert message.startswith("thing: ")
    assert "; example: " in message
    assert "\n" not in message


@pytest.mark.parametrize("kind", ["integer", "money", "date", "instant", "flag", "choice", "choices"])
def test_an_example_is_itself_understood(kind: FieldType) -> None:
    field = a_choice(kind) if kind in ("choice", "choices") else a_field(kind)

    example = refusal(field, "§").partition("; example: ")[2]

    assert parse(field, example) is not None


def test_text_is_stripped_and_its_letters_composed() -> None:
    assert parse(a_field("text"), "  Fo\u0308ra\u0308ldrahälsa i Skepplanda + \r\n") == "Föräldrahälsa i Skepplanda +"
    assert parse(a_field("longtext"), "a\r\nb\rc") == "a\nb\nc"


@pytest.mark.parametrize("raw", ["a\0b", "a\0å", "a\ud800", 5, True, ["a"], "a" + "\u0301" * 31])
def test_text_that_cannot_be_kept_is_refused(raw: Any) -> None:
    refusal(a_field("text"), raw)


def test_a_text_has_a_largest_length() -> None:
    assert len(parse(a_field("text"), "å" * 10_000)) == 10_000
    assert "at most 10000 fit" in refusal(a_field("text"), "å" * 10_001)
    assert len(parse(a_field("longtext"), "x" * 100_000)) == 100_000
    assert "at most 100000 fit" in refusal(a_field("longtext"), "x" * 100_001)
    # U+0958 has no composed form of its own: normalised it is two characters.
    assert "at most 10000 fit" in refusal(a_field("text"), "\u0958" * 6_000)


def test_a_list_given_as_text_has_a_largest_length() -> None:
    assert "the JSON text has 1000001 characters; at most 1000000 fit" in refusal(a_list(), "[" + " " * 1_000_000)


def test_a_tower_of_accents_is_refused_at_once() -> None:
    tower = "a" + "\u0315\u0300" * 49_000
    began = clock.perf_counter()

    assert "accents" in refusal(a_field("longtext"), tower)

    assert clock.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("raw", "value"),
    [("12", 12), (" −3 ", -3), ("1 250", 1250), (f"1{NBSP}250{NBSP}000", 1_250_000), (7, 7), ("+5", 5), ("007", 7)],
)
def test_a_whole_number_is_read(raw: Any, value: int) -> None:
    assert parse(a_field("integer"), raw) == value


@pytest.mark.parametrize("raw", ["1.0", "1,5", 1.0, True, "1e3", "٣", "1 25", str(2**63), 2**63, "x", "9" * 5000])
def test_what_is_no_whole_number_is_refused(raw: Any) -> None:
    refusal(a_field("integer"), raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("1 250 000,50", "1250000.50"),
        ("13.5", "13.50"),
        ("13,5", "13.50"),
        (f"1{NBSP}250{NBSP}000,50{NBSP}kr", "1250000.50"),
        ("1\u2009250\u202f000 SEK", "1250000.00"),
        ("SEK 1,250,000.50", "1250000.50"),
        ("1.250.000,50", "1250000.50"),
        ("1,250,000", "1250000.00"),
        ("−1 000 Kr", "-1000.00"),
        ("100:-", "100.00"),
        ("0012", "12.00"),
        ("-0", "0.00"),
        (1250000, "1250000.00"),
        ("1250000.50", "1250000.50"),
    ],
)
def test_money_is_read_as_people_write_it(raw: Any, value: str) -> None:
    assert parse(a_field("money"), raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        13.5, float("inf"), float("nan"), True, "1e309", "NaN", "Infinity", "12,345", "1.250", "1 25 000", "1,25,000",
        "12.3456", "kr", "1 000 EUR", "--5", "5-", "٣", "1" * 16, 10**15, "1,5,0", "1 000 000,", ",50",
    ],
)  # fmt: skip
def test_what_is_no_exact_amount_is_refused(raw: Any) -> None:
    refusal(a_field("money"), raw)


def test_an_amount_that_could_be_read_in_two_ways_is_refused_saying_so() -> None:
    assert "two ways; write 1250 or two decimals" in refusal(a_field("money"), "1,250")


@given(st.integers(-(10**17) + 1, 10**17 - 1), st.sampled_from(["sv", "en"]))
def test_money_survives_being_written_for_people(ore: int, lang: str) -> None:
    amount = from_ore(ore)

    assert to_ore(amount) == ore
    assert parse_money(amount) == amount
    assert parse_money(format_money(amount, lang)) == amount


def test_amounts_and_numbers_stay_within_their_limits() -> None:
    amount = a_field("money", minimum="0", maximum="500000.00")
    score = a_field("integer", minimum="-1", maximum="10")
    day = a_field("date", minimum="2026-01-01")

    assert parse(amount, "0") == "0.00"
    assert parse(amount, "500 000") == "500000.00"
    assert "too low; the least is 0" in refusal(amount, "-0,01")
    assert "too high; the most is 500000.00" in refusal(amount, "500000,01")
    assert parse(score, "-1") == -1
    assert "too low" in refusal(score, -2)
    assert "too high" in refusal(score, "11")
    assert parse(day, "2026-01-01") == "2026-01-01"
    assert "too low" in refusal(day, "2025-12-31")


@pytest.mark.parametrize("raw", ["2026-08-31", "idag", date(2026, 8, 31)])
def test_a_date_is_read(raw: Any) -> None:
    assert parse(a_field("date"), raw) == "2026-08-31"


@pytest.mark.parametrize("raw", ["2026-08-31T12:00", "2026-02-30", "31/8", 20260831, NOW, "now", date(26, 8, 31)])
def test_what_is_no_date_is_refused(raw: Any) -> None:
    refusal(a_field("date"), raw)


@pytest.mark.parametrize(
    "raw",
    [
        "2026-08-31T12:00", "2026-08-31 12:00", "2026-08-31T10:00:00Z", "2026-08-31T10:00:00.000000Z", NOW,
        datetime(2026, 8, 31, 12),  # noqa: DTZ001 - a local date-time of TOML
    ],
)  # fmt: skip
def test_an_instant_is_kept_in_utc(raw: Any) -> None:
    assert parse(a_field("instant"), raw) == "2026-08-31T10:00:00.000000Z"


def test_a_bare_date_is_an_instant_only_where_the_field_says_which() -> None:
    assert parse(a_field("instant", day="end"), "2026-08-31") == "2026-08-31T22:00:00.000000Z"
    assert parse(a_field("instant", day="start"), date(2026, 8, 31)) == "2026-08-30T22:00:00.000000Z"
    message = refusal(a_field("instant"), "2026-08-31")
    assert "write 2026-08-31T12:00, or 2026-08-31T24:00 for the end of the day" in message


def test_a_local_time_in_doubt_is_refused_in_fields_too() -> None:
    assert "happens twice" in refusal(a_field("instant"), "2026-10-25T02:30")
    assert "does not exist" in refusal(a_field("instant"), datetime(2026, 3, 29, 2, 30))  # noqa: DTZ001 - TOML's


@pytest.mark.parametrize(
    ("raw", "value"),
    [("ja", True), ("NEJ", False), ("yes", True), ("no", False), (" true ", True), ("False", False), (True, True)],
)
def test_a_flag_is_yes_or_no_in_two_languages(raw: Any, value: bool) -> None:
    assert parse(a_field("flag"), raw) is value


@pytest.mark.parametrize("raw", [1, 0, "1", "kanske", []])
def test_what_is_neither_yes_nor_no_is_refused(raw: Any) -> None:
    refusal(a_field("flag"), raw)


@pytest.mark.parametrize("raw", ["health", "HEALTH", "Psykisk hälsa", "psykisk  ha\u0308lsa", "mental health"])
def test_a_choice_is_named_by_its_id_or_its_label_in_either_language(raw: str) -> None:
    assert parse(a_choice(), raw) == "health"


def test_a_label_that_two_choices_share_is_refused_with_both() -> None:
    field = a_field("choice", of=("a", "b"), labels={"a": {"sv": "Annat", "en": "A"}, "b": {"sv": "Annat", "en": "B"}})

    assert "may mean a, b" in refusal(field, "annat")


def test_an_unknown_choice_is_refused_with_those_that_exist() -> None:
    assert "none of health, reading, parents" in refusal(a_choice(), "sport")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("parents, health", ["health", "parents"]),
        (["parents", "Mental health", "parents"], ["health", "parents"]),
        ("Läsning, språk", ["reading"]),
        ("Läsning, språk; Föräldrar", ["reading", "parents"]),
        ([], []),
    ],
)
def test_choices_are_kept_once_each_in_the_order_of_the_definition(raw: Any, value: list[str]) -> None:
    assert parse(a_choice("choices"), raw) == value


@pytest.mark.parametrize("raw", ["health, sport", ["health", 3], 3, {"health": True}])
def test_choices_that_do_not_exist_are_refused(raw: Any) -> None:
    refusal(a_choice("choices"), raw)


@pytest.mark.parametrize("kind", ["organisation", "person", "case"])
def test_a_reference_is_kept_as_given(kind: FieldType) -> None:
    assert parse(a_field(kind), " Dals Ed ") == "Dals Ed"
    refusal(a_field(kind), 7)
    refusal(a_field(kind), "x" * 501)


@pytest.mark.parametrize(
    "raw",
    [
        [{"what": " Rapport ", "due_on": "2026-08-31", "amount": "1 000"}, {"what": "Avtal", "due_on": ""}],
        '[{"what": "Rapport", "due_on": "2026-08-31", "amount": 1000}, {"what": "Avtal", "amount": null}]',
    ],
)
def test_a_list_of_records_is_read_item_by_item(raw: Any) -> None:
    assert parse(a_list(), raw) == [
        {"what": "Rapport", "due_on": "2026-08-31", "amount": "1000.00"},
        {"what": "Avtal"},
    ]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ('[{"what": "a", "price": 1}]', "no field 'price'"),
        ([{"due_on": "2026-08-31"}], "record 1 lacks what"),
        ([{"what": "a"}, {"what": "b", "due_on": "31/8"}], "thing, record 2: due_on: '31/8' is no date"),
        ('[{"what": "a", "amount": 13.5}]', "thing, record 1: amount: 13.5 is no exact amount"),
        ('[{"what": "a", "amount": 1e309}]', "no exact amount"),
        ('[{"what": "a", "what": "b"}]', "a field twice"),
        (["a"], "no record"),
        ({"what": "a"}, "no list of records"),
        ("not json", "no JSON list"),
        ("[" * 100_000, "no JSON list"),
        ([{"what": "a"}] * 1_001, "at most 1000 fit"),
        ([{3: "a"}], "no field 3"),
    ],
)
def test_a_list_that_is_wrong_is_refused_saying_where(raw: Any, told: str) -> None:
    assert told in refusal(a_list(), raw)


def test_values_are_written_for_people_in_both_languages() -> None:
    noon = "2021-11-18T11:00:00.000000Z"

    assert written(a_field("money"), "1250000.50", "sv") == f"1{NBSP}250{NBSP}000,50{NBSP}kr"
    assert written(a_field("money"), "1250000.50", "en") == "SEK 1,250,000.50"
    assert written(a_field("money"), "-5.00", "sv") == f"−5,00{NBSP}kr"
    assert written(a_field("date"), "2021-11-18", "sv") == "18 november 2021"
    assert written(a_field("date"), "2021-11-18", "en") == "18 November 2021"
    assert written(a_field("instant"), noon, "sv") == "18 november 2021 kl. 12.00"
    assert written(a_field("instant"), noon, "en") == "18 November 2021, 12:00"
    assert written(a_field("flag"), True, "sv") == "ja"
    assert written(a_field("flag"), False, "en") == "no"
    assert written(a_field("integer"), 2026, "sv") == "2026"
    assert written(a_field("text"), "Sedd och saknad", "en") == "Sedd och saknad"


def test_the_end_of_a_day_is_written_as_24_but_a_beginning_as_0() -> None:
    midnight = "2021-08-31T22:00:00.000000Z"

    assert written(a_field("instant", day="end"), midnight, "sv") == "31 augusti 2021 kl. 24.00"
    assert written(a_field("instant"), midnight, "en") == "31 August 2021, 24:00"
    assert written(a_field("instant", day="start"), midnight, "sv") == "1 september 2021 kl. 00.00"


def test_choices_and_records_are_written_by_their_labels_and_values() -> None:
    records = [{"what": "Rapport", "due_on": "2026-08-31"}, {"what": "Avtal", "amount": "1000.00"}]

    assert written(a_choice(), "health", "en") == "Mental health"
    assert written(a_choice(), "gone", "en") == "gone"
    assert written(a_choice("choices"), ["health", "parents"], "sv") == "Psykisk hälsa; Föräldrar"
    assert written(a_list(), records, "en") == "Rapport, 31 August 2026; Avtal, SEK 1,000.00"


@given(st.text(max_size=200))
def test_typed_text_is_either_refused_or_stays_as_it_is_when_typed_again(raw: str) -> None:
    field = a_field("text")
    try:
        value = parse(field, raw)
    except ValueMalformed:
        return

    assert value is None or parse(field, value) == value


@given(st.sampled_from(ALL_TYPES), st.text(max_size=40))
def test_no_typed_text_breaks_a_field(kind: FieldType, raw: str) -> None:
    field = {"choice": a_choice(), "choices": a_choice("choices"), "list": a_list()}.get(kind, a_field(kind))

    try:
        value = parse(field, raw)
    except ValueMalformed:
        return

    assert isinstance(written(field, value, "sv"), str)
