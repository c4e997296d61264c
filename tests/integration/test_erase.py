"""An erased person is in no byte of the home any more; all others are, and the log verifies and says what went."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from errands import ADMIN, OFFICER, TOY, Desk, build_home
from hiring import give, hire

from engine.app.advance import Given, Paper, advance
from engine.app.edit import note
from engine.app.erase import Emptied, erase
from engine.app.office import Caller, Office
from engine.app.open_case import open_case
from engine.app.people import add_person, edit_person, remove_person
from engine.app.publish import publish
from engine.app.seal import seal_by_hand
from engine.app.tick import tick
from engine.app.traces import Traces
from engine.app.verify import verify
from engine.cli.failure import reason_text
from engine.core.errors import NotFound, TransitionRefused, UsageError
from engine.readers.toml import read_definition

HEAD = Caller("hans", "os:hans")
NAME, FORMER, EMAIL, PHONE = "Petra Påhittad", "Petra Förgången", "petra.pahittad@ale.example", "0700-123456"
WORDS = (NAME, FORMER, EMAIL, PHONE, "petra.gammal@ale.example")

VISIT = TOY.with_name("visit.toml")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = build_home(tmp_path_factory.mktemp("template") / "home")
    desk = Desk(home, tmp_path_factory.mktemp("lived") / "home")
    publish(desk.office, ADMIN, {VISIT.name: read_definition(VISIT)})
    live(desk)
    desk.office.store.close()  # type: ignore[attr-defined]
    return desk.home


def docx(text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/document.xml", f"<w:p><w:t>{text.replace(' ', '</w:t> <w:t>')}</w:t></w:p>")
    return packed.getvalue()


def live(desk: Desk) -> None:
    """Cases in which the person, and another one, are named in every way there is."""
    office = desk.office
    add_person(office, OFFICER, FORMER, email="petra.gammal@ale.example", phone=PHONE)
    edit_person(office, OFFICER, FORMER, {"name": NAME, "email": EMAIL}, note=f"{NAME} gifte sig")
    add_person(office, OFFICER, "Bo Bevarad", email="bo@ale.example")
    papers = (
        Paper("letter", "petra påhittad.txt", f"Hälsningar {NAME}".encode(), sender=NAME),
        Paper("letter", "brev.docx", docx(NAME)),
        Paper("letter", "annat.txt", b"Nothing of the kind"),
    )
    opened = open_case(
        office, OFFICER, "visit", "Ett besök",
        Given(set={"guest": EMAIL, "host": "Bo Bevarad"}, note=f"Ringde {PHONE}", papers=papers),
    )  # fmt: skip
    reference = str(opened["reference"])
    note(office, OFFICER, reference, Given(note="Bo Bevarad skrev."))
    note(office, OFFICER, reference, Given(note=f"{NAME.upper()} hördes av."))
    advance(office, OFFICER, reference, "finish", Given(note="klart"))
    letters(desk, reference)
    seal_by_hand(office, ADMIN)


def letters(desk: Desk, reference: str) -> None:
    """One letter to her, one to another that names her, one of neither; the first two have left."""
    from engine.app.record import append
    from engine.app.run import SYSTEM_ACTOR
    from engine.core.message import Message

    office = desk.office
    variables = {
        "lang": "sv", "office": {"name": "K", "mailbox": "k@x.example"}, "message": "",
        "case": {"reference": "", "title": "", "dnr": ""}, "officer": {"name": "", "email": ""},
    }  # fmt: skip
    with office.store.write() as tx:
        case = tx.cases.get(reference)
        assert case is not None
        people = {p.name: p.id for p in tx.people.persons()}
        wanted = [(NAME, "Hej"), ("Bo Bevarad", f"Fråga {NAME}"), ("Bo Bevarad", "Inget")]
        made = [
            Message(
                key=f"{reference}#{case.n + 1}/seal_anchor/{n}", case=reference, n=case.n + 1, template="seal_anchor",
                person=people[who], lang="sv", due_at=tx.now,
                variables={**variables, "recipient": {"name": who}, "seal": {"size": n, "note": text}},
            )
            for n, (who, text) in enumerate(wanted)
        ]  # fmt: skip
        definition = office.catalog.definition(tx, case.workflow, case.version)
        body = {"msgs": [m.key for m in made]}
        payload = {"msgs": {m.key: [m.digest, m.state, m.reason] for m in made}}
        append(tx, definition, case, SYSTEM_ACTOR, "letters", body, payload=payload)
        tx.messages.queue(made)
    assert tick(office).delivered == 3


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    return Desk(template, tmp_path / "home")


def files_with(desk: Desk, *words: str) -> list[str]:
    """Files of the home that hold any of the words, as bytes on the disk."""
    desk.office.store.close()  # type: ignore[attr-defined]
    wanted = [form.encode() for word in words for form in (word, word.upper(), word.lower())]
    return sorted(
        str(path.relative_to(desk.home)) for path in desk.home.rglob("*")
        if path.is_file() and any(word in path.read_bytes() for word in wanted)
    )  # fmt: skip


@pytest.mark.sqlite
def test_before_the_erasure_the_person_is_everywhere(desk: Desk) -> None:
    """The tests below can fail."""
    assert verify(desk.office).bad == []
    for word in WORDS:
        assert "skede.db" in "".join(files_with(desk, word)), word
    assert len(desk.outbox()) == 3


def test_an_erased_person_is_in_no_byte_of_the_home(desk: Desk) -> None:
    told = erase(desk.office, HEAD, NAME, "GDPR art. 17.1 b", note="begäran")

    assert files_with(desk, *WORDS) == []
    assert told["remaining"] == []
    assert (told["letters"], told["documents"], told["files"], told["cases"]) == (2, 2, 2, 1)
    assert len(desk.outbox()) == 1


def test_the_log_verifies_and_says_what_was_erased_and_why(desk: Desk) -> None:
    told = erase(desk.office, HEAD, NAME, "GDPR art. 17.1 b")

    found = verify(desk.office)

    assert found.bad == []
    assert found.erased == told["entries"] >= 4
    (erasure,) = found.erasures
    assert (erasure.entry, erasure.person, erasure.ground) == (told["entry"], told["person"], "GDPR art. 17.1 b")
    assert erasure.entries == told["entries"]
    assert desk.acts("B-2021-0001")[-1] == "erase"
    with desk.office.store.read() as tx:
        last = json.loads(list(tx.log.entries("B-2021-0001"))[-1].line)
    assert (last["body"]["ground"], last["body"]["person"]) == ("GDPR art. 17.1 b", told["person"])
    assert NAME not in json.dumps(last)


def test_what_was_sealed_before_the_erasure_is_still_proven(desk: Desk) -> None:
    with desk.office.store.read() as tx:
        before = list(tx.evidence.checkpoints())

    erase(desk.office, HEAD, NAME, "art. 17")
    seal_by_hand(desk.office, ADMIN)

    with desk.office.store.read() as tx:
        after = list(tx.evidence.checkpoints())
    assert after[: len(before)] == before
    assert verify(desk.office).bad == []


def test_nobody_else_is_lost(desk: Desk) -> None:
    erase(desk.office, HEAD, NAME, "art. 17")

    with desk.office.store.read() as tx:
        case = tx.cases.get("B-2021-0001")
        assert case is not None
        assert dict(case.data) == {"host": "Bo Bevarad"}
        assert case.erased == ("guest",)
        assert tx.documents.get(case.documents[2].sha256) == b"Nothing of the kind"
        assert [tx.documents.get(d.sha256) for d in case.documents[:2]] == [None, None]
        notes = [json.loads(e.payload or "{}").get("note") for e in tx.log.entries("B-2021-0001")]
        assert "Bo Bevarad skrev." in notes
        texts = [m.message.variables.get("seal", {}).get("note") for m in tx.messages.list()]
        assert texts == [None, "Fråga –", "Inget"]
        assert [m.message.state for m in tx.messages.list()] == ["sent"] * 3
        assert tx.directory.find_person("Bo Bevarad")
        assert not tx.directory.find_person(NAME)


@pytest.mark.sqlite
def test_an_erasure_that_is_tried_changes_nothing(desk: Desk) -> None:
    told = erase(desk.office, HEAD, NAME, "art. 17", dry_run=True)

    assert told["letters"] == 2
    assert verify(desk.office).erasures == []
    assert files_with(desk, NAME) != []


def test_a_letter_that_waits_for_the_person_does_not_leave(desk: Desk) -> None:
    with desk.office.store.write() as tx:
        key = next(m.message.key for m in tx.messages.list())
        tx.connection.execute("UPDATE messages SET state = 'queued', sent_at = NULL WHERE key = :key", {"key": key})  # type: ignore[attr-defined]

    erase(desk.office, HEAD, NAME, "art. 17")
    tick(desk.office)

    with desk.office.store.read() as tx:
        letter = next(tx.messages.list())
        assert (letter.message.state, letter.message.reason) == ("cancelled", "erased")
    assert len(desk.outbox()) == 1


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE messages SET variables = replace(variables, '–', 'nej')",
        "DELETE FROM entry_private WHERE payload LIKE '%Bo Bevarad skrev%'",
        "DELETE FROM blobs",
    ],
)
def test_more_than_the_log_says_cannot_go(desk: Desk, attack: str) -> None:
    erase(desk.office, HEAD, NAME, "art. 17")
    with desk.office.store.write() as tx:
        assert tx.connection.execute(attack).rowcount >= 1  # type: ignore[attr-defined]

    assert len(verify(desk.office).bad) == 1


@pytest.mark.parametrize("use", [
    lambda office: erase(office, HEAD, "Anna Ask", "art. 17"), lambda office: remove_person(office, HEAD, "Anna Ask"),
])  # fmt: skip
def test_who_has_a_login_is_not_erased_and_the_refusal_names_nobody_in_the_log(
    desk: Desk, use: Callable[[Office], object]
) -> None:
    with pytest.raises(TransitionRefused) as refused:
        use(desk.office)

    assert reason_text(refused.value.reasons[0], "en").startswith("Anna Ask has the login anna")
    assert refused.value.reasons[0].code == "has_login"
    with desk.office.store.read() as tx:
        assert "Anna" not in list(tx.log.entries("@office"))[-1].line


@pytest.mark.parametrize("caller", [ADMIN, OFFICER])
def test_only_head_and_archivist_erase(desk: Desk, caller: Caller) -> None:
    with pytest.raises(TransitionRefused):
        erase(desk.office, caller, NAME, "art. 17")


@pytest.mark.parametrize("ground", ["", "  ", f"{NAME} bad om det", f"brev från {EMAIL}"])
def test_a_ground_is_given_and_names_nobody(desk: Desk, ground: str) -> None:
    with pytest.raises(UsageError):
        erase(desk.office, HEAD, NAME, ground)


def called(desk: Desk, name: str, by: Caller = OFFICER, **more: str) -> str:
    return str(add_person(desk.office, by, name, **more)["id"])


def payloads(desk: Desk, reference: str = "B-2021-0001") -> str:
    with desk.office.store.read() as tx:
        return "\n".join(entry.payload or "" for entry in tx.log.entries(reference))


def test_words_that_a_person_was_called_by_erase_nothing_that_others_wrote(desk: Desk) -> None:
    note(desk.office, OFFICER, "B-2021-0001", Given(note="Jag avråder: sökanden är chefens bror."))
    made = called(desk, "chefens bror")

    told = erase(desk.office, HEAD, made, "GDPR art 17.1")

    assert "chefens bror" in payloads(desk)
    assert (told["letters"], told["documents"], told["files"], told["cases"]) == (0, 0, 0, 0)
    (left,) = told["left"]
    assert left["holds"] == ["text"]
    assert left["entry"].startswith("B-2021-0001#")
    assert verify(desk.office).bad == []


def test_a_person_called_by_a_common_word_takes_no_letter_with_it(desk: Desk) -> None:
    letters_before = len(desk.outbox())
    made = called(desk, "Inget")

    told = erase(desk.office, HEAD, made, "GDPR art 17.1")

    assert (told["entries"], told["letters"], told["files"], len(desk.outbox())) == (1, 0, 0, letters_before)
    assert [one["holds"] for one in told["left"]] == [["letter"]]
    assert told["remaining"] == []


def test_who_named_a_person_does_not_erase_it(desk: Desk) -> None:
    with desk.office.store.write() as tx:
        hire(tx, "arkiv", "archivist")
    made = called(desk, "chefens bror", HEAD)
    renamed = called(desk, "Någon Annan")
    edit_person(desk.office, HEAD, renamed, {"name": "chefens syster"})

    for person in (made, renamed):
        with pytest.raises(TransitionRefused) as refused:
            erase(desk.office, HEAD, person, "GDPR art 17.1")
        assert refused.value.reasons[0].code == "erase_own_person"
        assert "arkiv" in reason_text(refused.value.reasons[0], "sv")
    assert erase(desk.office, Caller("arkiv", "os:arkiv"), made, "GDPR art 17.1")["entries"] == 1


@pytest.mark.parametrize(("by", "stays"), [(HEAD, True), (OFFICER, False)])
def test_a_tie_that_only_who_erases_made_is_none(desk: Desk, by: Caller, stays: bool) -> None:
    with desk.office.store.write() as tx:
        hans = tx.directory.user_id("hans")
        give(tx, str(hans), "officer")
    made = called(desk, "chefens bror")
    opened = open_case(desk.office, by, "visit", "Besök", Given(set={"guest": made, "host": "Bo"}))
    reference = str(opened["reference"])
    note(desk.office, OFFICER, reference, Given(note="Det är chefens bror."))
    advance(desk.office, OFFICER, reference, "finish", Given(note="klart"))

    told = erase(desk.office, HEAD, made, "GDPR art 17.1")

    assert ("chefens bror" in payloads(desk, reference)) is stays
    assert bool(told["left"]) is stays


def test_what_was_found_elsewhere_goes_when_it_is_named_and_the_log_says_so(desk: Desk) -> None:
    note(desk.office, OFFICER, "B-2021-0001", Given(note="Ring Måns, han vet."))
    made = called(desk, "Måns")
    (left,) = erase(desk.office, HEAD, made, "art. 17", dry_run=True)["left"]

    told = erase(desk.office, HEAD, made, "art. 17", also=[left["entry"]])

    assert "Måns" not in payloads(desk)
    assert (told["left"], told["also"]) == ([], 1)
    with desk.office.store.read() as tx:
        body = json.loads(list(tx.log.entries("@office"))[-1].line)["body"]
    assert body["also"] == [left["entry"]]
    assert left["entry"] in body["entries"]
    assert body["counts"] == {"entries": 2, "letters": 0, "documents": 0, "cases": 1, "left": 0}
    assert verify(desk.office).bad == []


def test_nobody_takes_what_names_somebody_else_or_what_oneself_wrote(desk: Desk) -> None:
    note(desk.office, HEAD, "B-2021-0001", Given(note="Måns är jävig."))
    made = called(desk, "Måns")
    (left,) = erase(desk.office, HEAD, made, "art. 17", dry_run=True)["left"]

    with pytest.raises(TransitionRefused) as own:
        erase(desk.office, HEAD, made, "art. 17", also=[left["entry"]])
    with pytest.raises(NotFound):
        erase(desk.office, HEAD, made, "art. 17", also=["B-2021-0001#1"])

    assert own.value.reasons[0].code == "erase_own_entry"


def test_what_is_not_the_programs_to_change_is_told(desk: Desk) -> None:
    (desk.home / "old.csv").write_text(f"1;{NAME}\n", "utf-8")

    told = erase(desk.office, HEAD, NAME, "art. 17")

    assert told["remaining"] == ["old.csv"]


def test_a_name_inside_another_word_is_another_word() -> None:
    traces = Traces("p:4", ["Eva Ek", "eva@ek.example", None, "-"])

    assert traces.words == ("Eva Ek", "eva@ek.example")
    assert traces.in_text("till EVA EK, brådskande")
    assert not traces.in_text("Greva Ekman")
    assert traces.in_value({"a": ["x", {"b": "p:4"}]})
    assert not traces.in_value({"a": ["x", {"b": "p:44"}, 4]})
    assert traces.without("Eva Ek <eva@ek.example> och Bo") == "– <–> och Bo"


def test_a_long_list_of_what_was_emptied_takes_several_entries() -> None:
    emptied = Emptied(entries=[f"A-{n}#1" for n in range(400)], letters={f"k{n}": ["a", "b"] for n in range(200)})

    parts = list(emptied.parts({"person": "p:1"}))

    assert [len(part["entries"]) for part in parts] == [150, 150, 100]
    assert sum(len(part.get("letters", {})) for part in parts) == 200
    assert all(part["person"] == "p:1" for part in parts)
