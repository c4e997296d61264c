"""Moving and changing cases: `advance` with its options, and every change that is not an event."""

from datetime import timedelta

import pytest
import running
from cases import World, receive, registered

pytestmark = pytest.mark.acceptance

ADVANCED = {
    "reference", "event", "source", "target", "revision", "request_id", "entries", "deadlines", "messages", "cases",
}  # fmt: skip
REGISTER = ("-s", "subject=X", "-s", "secrecy=none")


def test_advance_tells_in_words_what_it_did_and_what_is_next(world: World) -> None:
    reference = receive(world)

    done = world.skede("advance", reference, "register", *REGISTER, as_="registrar")

    assert (done.code, done.err) == (0, "")
    assert done.out == (
        f"[SANDBOX] {reference}: Diarieför. Inkommen → Diarieförd\n"
        "  frist avslutad: Ansökan ska diarieföras (uppfylld)\n"
        "  ny frist: Ärendet ska vara avgjort, 1 september 2021 (om 184 dagar), handläggare\n"
        "  brev till Eva Ek: Vi har tagit emot er ansökan\n"
        "  brev till Rolf Rask: Vi har tagit emot er ansökan\n"
        f"Nästa steg: skede next {reference}\n"
    )


def test_advance_with_json_has_the_shape_that_scripts_rely_on(world: World) -> None:
    reference = receive(world)

    told = world.skede("advance", reference, "register", *REGISTER, "--json", as_="registrar").json

    assert told.keys() >= ADVANCED
    assert (told["event"], told["source"], told["target"], told["revision"]) == (
        "register", "submitted", "registered", 2,
    )  # fmt: skip
    assert told["entries"] == [f"{reference}#2"]
    assert [d["name"] for d in told["deadlines"]["opened"]] == ["slow_case"]
    assert [(d["name"], d["state"]) for d in told["deadlines"]["closed"]] == [("register", "met")]


def test_an_event_can_be_named_by_its_start_or_its_title(world: World) -> None:
    for number, event in enumerate(("regis", "Diarieför", "register", "diarieför"), 1):
        reference = receive(world, f"Ansökan {number}")

        assert world.inline("advance", reference, event, *REGISTER, as_="registrar").code == 0


def test_the_same_request_id_changes_nothing_the_second_time(world: World) -> None:
    reference = receive(world)
    words = ("advance", reference, "register", *REGISTER, "--request-id", "r-1", "--json")

    first, second = world.inline(*words, as_="registrar"), world.inline(*words, as_="registrar")
    other = world.inline("note", reference, "annat", "--request-id", "r-1", "--json")

    assert first.json == second.json
    assert world.inline("show", reference, "--json").json["revision"] == 2
    assert (other.code, other.json["error"]["code"]) == (2, "request_reused")


def test_a_revision_that_is_no_longer_the_case_s_is_a_conflict(world: World) -> None:
    reference = receive(world)
    world.inline("note", reference, "hann före")

    for words in (("advance", reference, "register", *REGISTER), ("amend", reference, "-s", "subject=Y", "-n", "x")):
        done = world.inline(*words, "--revision", "1", "--json", as_="registrar")

        assert (done.code, done.json["error"]["code"]) == (4, "conflict")


def test_a_dry_run_tells_all_and_does_nothing(world: World) -> None:
    reference = receive(world)

    done = world.inline("advance", reference, "register", *REGISTER, "--dry-run", as_="registrar")

    assert done.code == 0
    assert "Inkommen" in done.out
    assert "Diarieförd" in done.out
    assert done.out.endswith("Provkörning: ingenting är gjort.\n")
    assert world.inline("show", reference, "--json").json["revision"] == 1


def test_mail_can_be_held_or_left_out(world: World) -> None:
    held, silent = receive(world, "A"), receive(world, "B")

    by_hold = world.inline("advance", held, "register", *REGISTER, "--hold-mail", "--json", as_="registrar").json
    by_none = world.inline("advance", silent, "register", *REGISTER, "--no-mail", "--json", as_="registrar").json
    both = world.inline("advance", silent, "register", "--hold-mail", "--no-mail")

    assert {m["state"] for m in by_hold["messages"]} == {"held"}
    assert {m["state"] for m in by_none["messages"]} == {"cancelled"}
    assert both.code == 2


def test_what_happened_earlier_is_recorded_with_its_own_time(world: World) -> None:
    reference = receive(world)
    running.set_clock(world.home, running.START + timedelta(days=4))

    done = world.inline("advance", reference, "register", *REGISTER, "--occurred", "2021-03-02T10:00", "--json",
                        as_="registrar")  # fmt: skip

    assert done.json["deadlines"]["opened"][0]["source"]["opened_at"] == "2021-03-02T09:00:00.000000Z"


@pytest.mark.parametrize(
    ("when", "code", "word"),
    [
        ("2021-10-31T02:30", 2, "två gånger"),
        ("2021-13-01", 2, "ingen dag"),
        ("snart", 2, "varken datum eller tid"),
        ("2031-03-02T10:00", 3, "occurred_in_future"),
        ("2021-02-01T10:00", 3, "occurred_too_early"),
    ],
)
def test_a_time_that_cannot_be_is_refused(world: World, when: str, code: int, word: str) -> None:
    reference = receive(world)

    done = world.inline("advance", reference, "register", *REGISTER, "--occurred", when, "--json", as_="registrar")

    assert done.code == code
    assert word in done.out


def test_an_applicant_s_act_is_recorded_for_them_with_a_note(world: World) -> None:
    reference = registered(world)
    words = ("advance", reference, "withdraw", "-a", f"withdrawal={world.paper}", "--json")

    stranger = world.inline(*words, "-o", "Handläggare (sandlåda)")
    done = world.inline(*words, "-o", "Eva Ek", "-n", "per mejl")

    assert (stranger.code, stranger.codes) == (3, ["not_a_party"])
    assert (done.code, done.json["target"]) == (0, "withdrawn")
    assert "sökande" in world.inline("show", reference).out


def test_a_guard_is_waived_only_with_a_note_by_those_who_may(world: World) -> None:
    reference = registered(world)
    world.inline("assign", reference, "officer")
    event = ("advance", reference, "start_preparation", "--override", "signatures_valid", "--json")

    by_officer = world.inline(*event, "-n", "bråttom")
    without_note = world.inline(*event)

    assert by_officer.code == 3
    assert "guard_not_waivable" in by_officer.codes
    assert without_note.code == 3


def test_spawned_and_moved_cases_are_told(world: World) -> None:
    reference = registered(world)

    done = world.inline("advance", reference, "dismiss", "-s", "ground=incomplete", "-s", "reasons=Saknas", "-s",
                        "delegation_no=D 1", as_="head")  # fmt: skip

    assert done.code == 0, done.err
    assert "öppnat: B-2021-0001 (Fattat)" in done.out


def test_a_decision_is_told_in_sentences_with_papers_and_hashes(world: World) -> None:
    reference = registered(world)
    assert world.inline("show", reference, "--decision").code == 5
    world.inline("advance", reference, "dismiss", "-s", "ground=incomplete", "-s", "reasons=Saknas", "-s",
                 "delegation_no=D 1", as_="head")  # fmt: skip
    world.inline("amend", reference, "-s", "secrecy=partly", "-n", "sekretess")

    told = world.skede("show", reference, "--decision").out
    as_json = world.inline("show", reference, "--decision", "--json").json

    for part in ("B-2021-0001: beslut den 1 mars 2021", "Avvisad eller avskriven", "delegation, nummer D 1",
                 "Ansökan paper.pdf, SHA-256 11a3046d", "Sedan dess har ändrats:",
                 "(Handläggare (sandlåda)) – Sekretessmarkering"):  # fmt: skip
        assert part in told, (part, told)
    (decision,) = as_json["decisions"]
    assert (decision["case"], decision["about"], decision["delegation_no"]) == ("B-2021-0001", reference, "D 1")
    assert [len(paper["sha256"]) for paper in decision["papers"]] == [64]
    assert decision["since"]


def test_every_change_is_an_entry_and_says_so(world: World) -> None:
    reference = registered(world)
    changes: list[tuple[tuple[str, ...], str]] = [
        (("note", reference, "Ringde upp"), "Anteckning"),
        (("amend", reference, "-s", "subject=Ny", "-n", "fel förut"), "Uppgifter ändrade"),
        (("assign", reference, "officer"), "Handläggare bytt"),
        (("recuse", reference, "head", "-n", "släkt"), "Jäv antecknat"),
        (("recuse", reference, "head", "--lift", "-n", "inte släkt"), "Jäv antecknat"),
        (("attach", reference, f"other={world.paper}", "--from", "Eva", "--secrecy", "OSL 21:1"), "Handling"),
        (("sign", reference, "--party", "owner", "--by", "Eva Ek", "--document", "application"), "Underskrift"),
        (("sign", reference, "--void", "1", "-n", "fel person"), "Underskrift gäller inte"),
        (("party", reference, "end", "partner=Närhälsan", "-n", "slutar"), "Parter ändrade"),
        (("clock-stop", reference, "-n", "väntar på domstol"), "Klockan"),
        (("clock-start", reference), "Klockan"),
        (("correct", reference, "3", "-n", "fel nummer"), "Rättelse"),
    ]

    for words, told in changes:
        as_ = "registrar" if words[0] == "amend" else "officer"
        before = world.inline("show", reference, "--json").json["revision"]

        done = world.inline(*words, as_=as_)

        assert done.code == 0, (words, done.err)
        assert told in done.out.splitlines()[0]
        assert world.inline("show", reference, "--json").json["revision"] == before + 1
    shown = world.inline("show", reference).out
    assert "gäller inte längre" in shown
    assert "sekretess OSL 21:1" in shown
    assert "till och med 1 mars 2021" in shown


def test_the_latest_transition_can_be_taken_back(world: World) -> None:
    reference = registered(world)

    done = world.inline("correct", reference, f"{reference}#2", "--undo", "-n", "fel ärende", as_="registrar")

    assert done.code == 0, done.err
    assert "Taget tillbaka: Diarieför. Diarieförd" in done.out
    assert world.inline("show", reference, "--json").json["state"] == "submitted"


def test_letters_of_a_step_taken_back_that_have_not_left_are_called_off(world: World) -> None:
    reference = registered(world)

    world.inline("correct", reference, f"{reference}#2", "--undo", "-n", "fel ärende", as_="registrar")

    letters = [
        m for m in world.inline("mail", "list", reference, "--json").json if m["key"].startswith(f"{reference}#2/")
    ]
    assert {letter["state"] for letter in letters} == {"cancelled"}
    assert world.inline("audit", "verify", "--json").json["ok"]


def test_reviews_are_given_as_scores_and_checked(world: World) -> None:
    reference = registered(world)

    early = world.inline("review", reference, "-s", "early=3", "--json")
    words = world.inline("review", reference, "-s", "early=bra")
    empty = world.inline("review", reference)

    assert (early.code, early.codes) == (3, ["review_not_allowed"])
    assert words.code == empty.code == 2


def test_parties_are_listed_and_changed_over_time(world: World) -> None:
    reference = registered(world)
    running.add_party(world.home, "Närhälsan", "region", "Nina Nord", "nina@region.example")

    done = world.inline("party", reference, "replace", "partner=Närhälsan:Nina Nord:contact", "-n", "ny kontakt")
    parties = world.inline("party", reference, "list", "--json").json

    assert done.code == 0, done.err
    assert [p["name"] for p in parties[1]["people"]["contact"]] == ["Nina Nord"]
    assert [p["name"] for p in parties[1]["people"]["signatory"]] == ["Rolf Rask"]
    assert "kontaktperson Nina Nord" in world.inline("party", reference, "list").out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("advance", "1", "fly"), 3),
        (("advance", "1", "conclude_call"), 3),
        (("advance", "1", "extend_call", "-s", "nosuch=1"), 2),
        (("advance", "1", "extend_call", "-s", "closes_at=2021-05-01"), 2),
        (("advance", "1", "extend_call", "-s", "closes_at=i maj"), 2),
        (("advance", "1", "extend_call", "-s", "closes_at"), 2),
        (("advance", "1", "extend_call", "-a", "call_text=/nosuch/file"), 2),
        (("advance", "1", "extend_call", "-a", "call_text=/"), 2),
        (("advance", "1", "extend_call", "--data", "/nosuch.toml"), 2),
        (("advance", "1", "extend_call", "-o", "Ingen Alls"), 5),
        (("amend", "1", "-n", "x"), 2),
        (("amend", "1", "-s", "goal=x"), 3),
        (("amend", "1", "-s", "frame=mycket", "-n", "x"), 2),
        (("assign", "1", "nobody"), 5),
        (("recuse", "1", "head"), 3),
        (("attach", "1", "call_text=/nosuch/file"), 2),
        (("attach", "1", "nosuch=/etc/hostname"), 2),
        (("attach", "1"), 2),
        (("sign", "1"), 2),
        (("sign", "1", "--void", "1", "-n", "x"), 5),
        (("sign", "1", "--void", "1", "--reject", "1", "-n", "x"), 2),
        (("sign", "1", "--party", "owner", "--by", "Eva Ek", "--document", "nosuch"), 5),
        (("correct", "1", "99", "-n", "x"), 5),
        (("correct", "1", "första", "-n", "x"), 2),
        (("correct", "1", "1"), 3),
        (("party", "1", "add"), 2),
        (("party", "1", "add", "owner=Kungälvs kommun"), 2),
        (("party", "1", "end", "owner=Kungälvs kommun", "-n", "x"), 3),
        (("party", "1", "eat", "owner=Kungälvs kommun"), 2),
        (("clock-stop", "1"), 3),
        (("clock-start", "1"), 3),
        (("review", "1", "-s", "early=1"), 3),
    ],
)
def test_bad_input_ends_with_its_exit_code_and_changes_nothing(world: World, words: tuple[str, ...], code: int) -> None:
    done = world.inline(*words)

    assert (done.code, done.out) == (code, ""), done.err
    assert done.err.startswith("skede: ")
    assert world.inline("show", "1", "--json").json["revision"] == 2


@pytest.mark.parametrize("content", ["not = = toml", "[1, 2]", '{"set": {"frame": "x"}, "nosuch": 1}', '{"a": '])
def test_a_file_of_values_that_is_none_is_refused(world: World, content: str) -> None:
    for name in ("values.toml", "values.json"):
        file = world.home / name
        file.write_text(content, "utf-8")

        assert world.inline("advance", "1", "extend_call", "--data", str(file), as_="head").code == 2


def test_values_can_be_piped_in(world: World) -> None:
    piped = '{"closes_at": "2021-05-09T12:00", "reason": "många frågor"}'

    done = world.skede("advance", "1", "extend_call", "--data", "-", "--json", as_="head", input=piped)

    assert done.code == 0, done.err
    assert [d["name"] for d in done.json["deadlines"]["moved"]] == ["call_close"]
