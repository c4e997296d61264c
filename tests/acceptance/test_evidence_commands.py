"""`audit seal`, `prove`, `check`, `key`, `cosign`, `erase`, `verify --anchor`, run as people and auditors run them."""

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import running
from evidence_checker import Refused, check_proof, check_signatures, read_checkpoint
from running import Ran

pytestmark = pytest.mark.acceptance

Skede = Callable[..., Ran]
GO_MOD = Path("/usr/share/gocode/src/golang.org/x/mod")


@pytest.fixture(scope="module")
def sealed_template(home_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one idea, sealed, whose seals go to a folder and to the auditor."""
    home = running.copied(home_template, tmp_path_factory.mktemp("sealed") / "home")
    (home / "worm").mkdir()
    settings = home / "skede.toml"
    anchors = 'anchors = [{ kind = "folder", path = "worm" }, { kind = "mail" }]\n'
    settings.write_text(anchors + settings.read_text("utf-8"), "utf-8")
    words = ("new", "application", "--event", "contact", "--title", "Läslust", "-s", "contact=Åsa Ask, 0700-123456",
             "-s", "idea_text=x", "-n", "ringde")  # fmt: skip
    assert running.inline(home, *words, "--json").code == 0
    assert running.inline(home, "audit", "seal", "--json", as_="head").code == 0
    return home


@pytest.fixture
def home(sealed_template: Path, tmp_path: Path) -> Path:
    return running.copied(sealed_template, tmp_path / "home")


@pytest.fixture
def here(home: Path) -> Skede:
    return partial(running.inline, home)


@pytest.fixture
def key(home: Path) -> str:
    return (home / "keys" / "seal.vkey").read_text("utf-8").strip()


CASE = "SIM-2021-0001"


def test_a_case_is_proven_to_somebody_who_has_the_key_and_nothing_else(
    here: Skede, home: Path, key: str, tmp_path: Path
) -> None:
    file = tmp_path / "bevis.txt"

    made = here("audit", "prove", CASE, "-o", str(file), "--json")

    assert made.json == {"file": str(file), "entries": 1, "key": [key]}
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    checked = subprocess.run(
        [running.SKEDE, "audit", "check", str(file), "--key", key, "--json"], cwd=outside, capture_output=True,
        encoding="utf-8", check=False, env={"PATH": "/usr/bin:/bin", "HOME": str(outside)},
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
    told = json.loads(checked.stdout)
    assert [(entry["entry"], entry["event"], entry["to"]) for entry in told["entries"]] == [
        (f"{CASE}#1", "contact", "idea")
    ]
    assert [signer["name"] for signer in told["signers"]] == [told["origin"]]
    assert check_proof(file.read_text("utf-8"), [key]) == [f"{CASE}#1"]


def test_a_proof_of_one_entry_goes_to_stdout_without_a_file(here: Skede, key: str) -> None:
    ran = here("audit", "prove", CASE, "1")

    assert check_proof(ran.out, [key]) == [f"{CASE}#1"]
    assert check_proof(here("audit", "prove", "@office", "2").out, [key]) == ["@office#2"]


@pytest.mark.parametrize("change", [("Läslust", "Lästvång"), ("index ", "index 1"), ("\u2014 ", "\u2014 x")])
def test_a_forged_proof_is_refused_by_both_checkers(
    here: Skede, key: str, tmp_path: Path, change: tuple[str, str]
) -> None:
    file = tmp_path / "forged.txt"
    file.write_text(here("audit", "prove", CASE).out.replace(*change, 1), "utf-8")

    ran = here("audit", "check", str(file), "--key", key, lang="en")

    assert ran.code in (2, 7)
    assert ran.err.startswith("skede: ")
    with pytest.raises(Refused):
        check_proof(file.read_text("utf-8"), [key])


def test_keys_may_stand_in_a_file_and_a_wrong_key_proves_nothing(here: Skede, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "bevis.txt"
    assert here("audit", "prove", CASE, "-o", str(file)).code == 0

    assert here("audit", "check", str(file), "--key", str(home / "keys" / "seal.vkey")).code == 0
    stranger = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert here("audit", "check", str(file), "--key", stranger).code == 7
    assert here("audit", "check", str(file), "--key", "nonsense").code == 5
    assert here("audit", "check", str(tmp_path / "none"), "--key", stranger).code == 5


def test_checking_a_proof_loads_neither_store_nor_templates(here: Skede, key: str, tmp_path: Path) -> None:
    file = tmp_path / "bevis.txt"
    here("audit", "prove", CASE, "-o", str(file))
    code = (
        "import sys; from engine.cli.main import main; "
        f"main(['audit', 'check', {str(file)!r}, '--key', {key!r}]); "
        "print([name for name in ('engine.store', 'engine.app.verify', 'jinja2', 'sqlalchemy', 'sqlite3') "
        "if name in sys.modules])"
    )

    ran = subprocess.run(
        [running.SKEDE.with_name("python"), "-c", code], capture_output=True, encoding="utf-8", check=True
    )

    assert ran.stdout.splitlines()[-1] == "[]"


def test_what_is_not_sealed_yet_says_what_to_do(here: Skede) -> None:
    assert here("note", CASE, "mer").code == 0

    ran = here("audit", "prove", CASE, lang="en")

    assert ran.code == 3
    assert "audit seal" in ran.err
    assert here("audit", "seal", as_="auditor").code == 0
    assert here("audit", "prove", CASE).code == 0


def test_sealing_is_told_for_people_and_scripts(here: Skede, home: Path) -> None:
    assert "Nothing new to seal." in here("audit", "seal", as_="head", lang="en").out
    here("note", CASE, "mer")

    told = here("audit", "seal", "--json", as_="head").json

    assert (told["sealed"], told["errors"]) == (True, [])
    assert sorted(name.partition(" ")[0] for name in told["anchors"]) == ["folder", "mail"]
    assert (home / "worm" / f"{told['size']}.checkpoint").read_text("utf-8") == told["note"]
    assert here("status", "--json").json["last_seal"] is not None
    assert here("audit", "seal").code == 3


def test_an_anchor_that_is_away_ends_with_six(here: Skede, home: Path) -> None:
    here("note", CASE, "mer")
    shutil.rmtree(home / "worm")

    ran = here("audit", "seal", as_="head", lang="en")

    assert ran.code == 6
    assert "worm" in ran.err
    assert "Sealed:" in ran.out


def test_the_key_is_changed_by_a_command_and_the_log_verifies(here: Skede, home: Path, key: str) -> None:
    assert here("audit", "seal", "--rotate", "-n", "ny dator", as_="head").code == 0

    present, former = (home / "keys" / "seal.vkey").read_text("utf-8").splitlines()
    assert former == key != present
    anchors = [word for file in (home / "worm").iterdir() for word in ("--anchor", str(file))]
    told = here("audit", "verify", *anchors, "--json").json
    assert (told["ok"], told["anchors"], told["checkpoints"]) == (True, 2, 2)
    assert here("audit", "seal", "--rotate", "--anew", as_="head").code == 2


@pytest.mark.sqlite
def test_a_log_put_back_to_yesterday_is_found_by_a_letter_kept_in_a_mailbox(here: Skede, home: Path) -> None:
    with closing(sqlite3.connect(home / "skede.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    yesterday = (home / "skede.db").read_bytes()
    memory = (home / "keys" / "seal.last").read_bytes()
    here("note", CASE, "i dag")
    assert here("audit", "seal", as_="head").code == 0
    here("tick")
    letters = sorted((home / "outbox").glob("*auditor*.eml"), key=lambda path: path.name)
    assert letters
    for name in ("skede.db-wal", "skede.db-shm"):
        (home / name).unlink(missing_ok=True)
    (home / "skede.db").write_bytes(yesterday)
    (home / "keys" / "seal.last").write_bytes(memory)
    assert here("audit", "verify").code == 0

    anchors = [word for letter in letters for word in ("--anchor", str(letter))]
    ran = here("audit", "verify", *anchors, "--json")

    assert ran.code == 7
    assert ran.json["first_bad"]["code"] == "verify_anchor_beyond"
    assert str(letters[-1]) in ran.json["first_bad"]["why"] or len(letters) > 1


def test_verify_names_what_is_sealed_and_what_waits(here: Skede) -> None:
    here("note", CASE, "mer")

    told = here("audit", "verify", "--json").json
    text = here("audit", "verify", lang="en").out

    assert told["ok"] is True
    assert told["size"] == told["sealed"] + told["waiting"] == told["entries"]
    assert f"Sealed entries: {told['sealed']}, checkpoints: 1, anchors: 0" in text
    assert f"Not sealed yet: {told['waiting']} entries, from @office#" in text


def test_an_auditor_cosigns_with_a_key_of_their_own(here: Skede, home: Path, key: str, tmp_path: Path) -> None:
    own = tmp_path / "anna"
    public = here("audit", "key", str(own), "--name", "revisor.example/anna").out.strip()
    (anchor,) = (home / "worm").iterdir()

    ran = here("audit", "cosign", str(anchor), "--key", str(own), "-o", str(tmp_path / "cosigned"), as_="auditor")

    assert ran.code == 0, ran.err
    both = (tmp_path / "cosigned").read_text("utf-8")
    assert check_signatures(read_checkpoint(both), [key, public]) == 2
    told = here("audit", "check", str(tmp_path / "cosigned"), "--key", public, "--json").json
    assert told["signers"][0]["at"] > 1_600_000_000
    assert here("audit", "key", str(own), "--name", "x").code == 2
    assert own.stat().st_mode & 0o777 == 0o600


def test_an_auditor_does_not_cosign_what_the_log_does_not_contain(here: Skede, home: Path, tmp_path: Path) -> None:
    own = tmp_path / "anna"
    here("audit", "key", str(own), "--name", "anna")
    (anchor,) = (home / "worm").iterdir()
    later = running.copied(home, tmp_path / "later")
    running.inline(later, "note", CASE, "mer")
    running.inline(later, "audit", "seal", as_="head")
    (newer,) = set((later / "worm").iterdir()) - {later / "worm" / anchor.name}

    assert here("audit", "cosign", str(newer), "--key", str(own), as_="auditor").code == 7
    cosigned = running.inline(later, "audit", "cosign", str(newer), "--key", str(own), as_="auditor")
    assert cosigned.code == 0
    assert running.inline(later, "audit", "cosign", str(anchor), "--key", str(own), as_="auditor").code == 7


def test_a_person_is_erased_by_a_command(here: Skede, home: Path) -> None:
    assert here("person", "add", "Åsa Ask", "--email", "asa.ask@kommun.example", "--phone", "0700-123456").code == 0
    tried = here("audit", "erase", "Åsa Ask", "--ground", "GDPR art. 17.1 b", "--dry-run", "--json", as_="head").json
    assert tried["entries"] >= 1
    also = [word for left in tried["left"] for word in ("--also", left["entry"])]
    assert f"{CASE}#1" in also
    plain = here("audit", "erase", "Åsa Ask", "--ground", "GDPR art. 17.1 b", "--dry-run", as_="archivist", lang="en")
    assert f"{CASE}#1  letter, text" in plain.out

    ran = here("audit", "erase", "Åsa Ask", "--ground", "GDPR art. 17.1 b", *also, as_="archivist", lang="en")

    assert ran.code == 0, ran.err
    assert "is erased" in ran.out
    assert "Still there" not in ran.out
    for path in home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(w in content for w in ("Åsa Ask".encode(), b"asa.ask@kommun", b"0700-123456")), path
    verified = here("audit", "verify", lang="en")
    assert verified.code == 0
    assert "ground: GDPR art. 17.1 b" in verified.out
    assert here("show", CASE).code == 0
    assert here("audit", "erase", "Bo", "--ground", "x", as_="officer").code in (3, 5)


def test_doctor_and_status_tell_of_the_seal(here: Skede) -> None:
    assert here("audit", "seal", as_="head").code == 0
    codes = [finding["code"] for finding in here("doctor", "--json").json]

    assert {"seal", "key", "anchors"} <= set(codes)
    assert "Last seal: never" not in here("status", lang="en").out


GO = """
package main

import (
    "fmt"
    "os"

    "golang.org/x/mod/sumdb/note"
    "golang.org/x/mod/sumdb/tlog"
)

func main() {
    key, err := note.NewVerifier(os.Args[1])
    if err != nil { panic(err) }
    text, err := os.ReadFile(os.Args[2])
    if err != nil { panic(err) }
    opened, err := note.Open(text, note.VerifierList(key))
    if err != nil { panic(err) }
    var origin, root string
    var size int64
    fmt.Sscanf(opened.Text, "%s\\n%d\\n%s\\n", &origin, &size, &root)
    want, err := tlog.ParseHash(root)
    if err != nil { panic(err) }
    var index int64
    fmt.Sscanf(os.Args[4], "%d", &index)
    var proof tlog.RecordProof
    for _, one := range os.Args[5:] {
        hash, err := tlog.ParseHash(one)
        if err != nil { panic(err) }
        proof = append(proof, hash)
    }
    err = tlog.CheckRecord(proof, size, want, index, tlog.RecordHash([]byte(os.Args[3])))
    if err != nil { panic(err) }
    fmt.Println("ok", origin, size)
}
"""


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("go") is None or not GO_MOD.is_dir(), reason="Go and Debian's golang-golang-x-mod-dev are not here"
)
def test_the_go_checksum_database_code_checks_our_proofs(here: Skede, home: Path, key: str, tmp_path: Path) -> None:
    """Its verifier is what the Go world checks modules with; a key of ours is a key of theirs."""
    program = tmp_path / "main.go"
    program.write_text(GO, "utf-8")
    block, _, note = here("audit", "prove", CASE).out.partition("\n\ncheckpoint\n")
    (tmp_path / "note").write_text(note, "utf-8")
    _, line, index, *hashes = block.partition("\n\n")[2].split("\n")
    environ = {
        **running.environment(home),
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(tmp_path / "cache"),
    }
    words = ["go", "run", str(program), key, str(tmp_path / "note"), line, index.removeprefix("index "), *hashes]

    good = subprocess.run(words, env=environ, capture_output=True, encoding="utf-8", check=False, timeout=100)
    words[5] = words[5].replace("Läslust", "Lästvång")
    forged = subprocess.run(words, env=environ, capture_output=True, encoding="utf-8", check=False, timeout=100)

    assert good.stdout.startswith("ok sandbox/"), good.stderr
    assert forged.returncode != 0
