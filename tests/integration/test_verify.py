"""Whatever is changed behind the program's back, by somebody who may write the file, `verify` finds it.

The attacker drops the triggers first and switches off what SQLite itself would check. What no look inside the
database can find is named by the last tests: the root changes, and that is what an anchor holds.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from walking import Walker

from engine.app.advance import Given
from engine.app.edit import note
from engine.app.office import Caller, Office
from engine.app.record import origin, record_office
from engine.app.timing import correct
from engine.app.verify import Verified, replay, verify
from engine.app.verify_chain import personal_fields
from engine.bootstrap.office import open_office
from engine.core.canonical import canonical
from engine.core.chain import genesis, leaf_hash
from engine.core.errors import TransitionRefused
from engine.core.fold import fold
from engine.settings import load

Attack = Callable[[str], int]


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which cases moved, letters left, deadlines ended, something was refused and something taken back."""
    home = tmp_path_factory.mktemp("verify") / "home"
    walker = Walker.begin(home, 7)
    walker.beginnings()
    application = next(r for r in walker.references if r.startswith("SIM"))
    assert walker.advance(application, "attend_info", "officer") is not None
    entry = walker.case(application).n
    correct(walker.office, walker.caller("officer"), application, entry, Given(note="fel dag"), undo=True)
    note(walker.office, walker.caller("officer"), application, Given(note="Anna Ask ringde."))
    with pytest.raises(TransitionRefused):
        note(walker.office, walker.caller("auditor"), application, Given(note="x"))
    for days in (30, 60, 90):
        walker.forward(days)
    for text in ("Ett.", "Två.", "Tre."):  # So that something waits to be sealed.
        note(walker.office, walker.caller("officer"), application, Given(note=text))
    return home


@pytest.fixture
def home(lived_in: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(lived_in, tmp_path / "home"))


@pytest.fixture
def office(home: Path) -> Office:
    return open_office(load(home))


@pytest.fixture
def attack(home: Path) -> Iterator[Attack]:
    """Runs a statement on the file as its owner may; how many rows it changed."""
    with closing(sqlite3.connect(home / "skede.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")

        def attack(sql: str) -> int:
            """The triggers stand there again afterwards, or the schema would tell."""
            triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for trigger, _ in triggers:
                connection.execute(f"DROP TRIGGER {trigger}")
            changed = connection.execute(sql).rowcount
            for _, made in triggers:
                connection.execute(made)
            return changed

        yield attack


def codes(found: Verified) -> set[str]:
    return {bad.why.code for bad in found.bad}


def test_an_office_that_only_the_program_wrote_to_is_found_sound(office: Office) -> None:
    found = verify(office)

    assert found.bad == []
    assert found.cases >= 4
    assert found.entries == found.size > 40


def test_what_is_verified_has_every_kind_of_row(home: Path) -> None:
    with closing(sqlite3.connect(home / "skede.db")) as connection:
        for rows in (
            "entries WHERE kind = 'reversed'", "entries WHERE kind = 'refused'", "deadlines WHERE state = 'open'",
            "deadlines WHERE state <> 'open'", "messages WHERE state = 'sent'", "blobs", "links", "entry_private",
        ):  # fmt: skip
            assert connection.execute(f"SELECT count(*) FROM {rows}").fetchone()[0] >= 1, rows


COLUMNS = {
    "cases": {
        "reference": "'SIM-2021-9999'", "workflow": "'project'", "version": "version + 1", "state": "'granted'",
        "phase": "'closed'", "title": "title || '.'", "assignee": "'u:1'", "parent": "NULL",
        "revision": "revision - 1", "n": "n + 1", "head": "'AAAA'", "opened_at": "'2020-01-01T00:00:00.000000Z'",
        "closed_at": "'2022-01-01T00:00:00.000000Z'", "registry_number": "'RUN2021-1'", "batch": "'x'",
        "snapshot": "replace(snapshot, '\"state\":\"', '\"state\":\"x')", "private": "'{\"data\":{\"contact\":\"x\"}}'",
    },
    "links": {"case_ref": "'SIM-2021-0008'", "field": "'other'", "target": "'SIM-2021-0001'"},
    "entries": {
        "id": "-id", "case_ref": "'SIM-2021-0008'", "n": "n + 100",
        "line": "replace(line, '\"role\":\"', '\"role\":\"x')",
    },
    "entry_private": {
        "case_ref": "'SIM-2021-9999'", "n": "n + 100", "salt": "zeroblob(32)",
        "payload": "replace(payload, '}', ',\"x\":1}')",
    },
    "pending": {"id": "id + 10000", "case_ref": "'SIM-2021-9999'", "n": "n + 100"},
    "deadlines": {
        "id": "id || 'x'", "case_ref": "'SIM-2021-0008'", "name": "name || 'x'", "item": "7", "owner": "'head'",
        "version": "version + 1", "state": "CASE state WHEN 'met' THEN 'waived' ELSE 'met' END",
        "due_at": "'2030-01-01T00:00:00.000000Z'", "due_on": "'2030-01-01'",
        "next_reminder_at": "'2030-01-01T00:00:00.000000Z'", "then_at": "'2030-01-01T00:00:00.000000Z'",
        "passed_at": "'2030-01-01T00:00:00.000000Z'", "closed_at": "'2030-01-01T00:00:00.000000Z'",
        "body": "replace(body, '\"version\":1', '\"version\":2')",
    },
    "messages": {
        "key": "key || 'x'", "case_ref": "'SIM-2021-0008'", "n": "n + 1", "template": "'reminder'", "person": "'p:99'",
        "lang": "CASE lang WHEN 'sv' THEN 'en' ELSE 'sv' END", "variables": "replace(variables, 'title', 'titel')",
        "attach": "'[\"secret\"]'", "due_at": "'2020-01-01T00:00:00.000000Z'", "deadline": "'x'", "state": "'queued'",
        "reason": "'moved'", "subject": "'x'", "header": "'x'", "address": "'x@x.example'",
        "sent_at": "'2020-01-01T00:00:00.000000Z'", "error": "'x'", "content": "X'00'",
    },
    "definitions": {
        "name": "'other'", "version": "version + 1", "digest": "'x'", "body": "replace(body, 'officer', 'head')",
        "text": "text || ' '", "published_at": "'2020-01-01T00:00:00.000000Z'", "valid_from": "'2020-01-01'",
    },
    "leaves": {"idx": "idx + 10000", "case_ref": "'SIM-2021-9999'", "n": "n + 100"},
    "nodes": {"level": "level + 9", "idx": "idx + 10000", "hash": "zeroblob(32)"},
    "checkpoints": {
        "size": "size + 1", "note": "replace(note, '1', '2')", "sealed_at": "'2020-01-01T00:00:00.000000Z'",
    },
    "blobs": {"sha256": "replace(sha256, 'a', 'b')", "content": "CAST(content || 'x' AS BLOB)"},
}  # fmt: skip
"""Table -> column -> what the attacker writes there. `messages.id` is left out: no log names it."""

ROWS = {
    "cases": "reference = 'SIM-2021-0001'",
    "links": "case_ref = 'SIM-2021-0001'",
    "entries": "case_ref = 'SIM-2021-0001' AND n = 2",
    "pending": "id = (SELECT min(id) FROM pending)",  # where the last waits, the order is told by no number
    "leaves": "case_ref = 'SIM-2021-0001' AND n = 2",
    "nodes": "level = 1",
    "checkpoints": "1",
    "messages": "state = 'sent'",
    "blobs": "1",
}


def row_of(table: str) -> str:
    """A condition that names one row."""
    if table == "nodes":  # It has no rowid.
        return "level = 1 AND idx = 1"
    return f"rowid = (SELECT rowid FROM {table} WHERE {ROWS.get(table, '1')} LIMIT 1)"


@pytest.mark.parametrize(("table", "column"), [(t, c) for t, columns in COLUMNS.items() for c in columns])
def test_a_changed_column_is_found(office: Office, attack: Attack, table: str, column: str) -> None:
    assert attack(f"UPDATE {table} SET {column} = {COLUMNS[table][column]} WHERE {row_of(table)}") == 1

    found = verify(office)

    assert found.faulty >= 1
    if table in ("cases", "links", "deadlines", "messages", "definitions"):
        assert any(bad.why.params.get("table") == table for bad in found.bad), found.bad


@pytest.mark.parametrize("table", list(COLUMNS))
def test_a_row_that_is_gone_is_found(office: Office, attack: Attack, table: str) -> None:
    assert attack(f"DELETE FROM {table} WHERE {row_of(table)}") == 1

    assert verify(office).faulty >= 1


def test_every_column_is_attacked(home: Path) -> None:
    with closing(sqlite3.connect(home / "skede.db")) as connection:
        for table, columns in COLUMNS.items():
            real = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            assert set(columns) == real - ({"id"} if table == "messages" else set())


def lines_of(office: Office, reference: str) -> list[str]:
    with office.store.read() as tx:
        return [logged.line for logged in tx.log.entries(reference)]


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def test_two_entries_that_changed_places_are_found(office: Office, attack: Attack) -> None:
    second, third = lines_of(office, "SIM-2021-0001")[1:3]
    for n, line in ((2, third), (3, second)):
        attack(f"UPDATE entries SET line = {quoted(line)} WHERE case_ref = 'SIM-2021-0001' AND n = {n}")

    assert verify(office).bad[0].why.code == "verify_elsewhere"


def test_an_entry_copied_to_the_end_is_found(office: Office, attack: Attack) -> None:
    lines = lines_of(office, "SIM-2021-0001")
    n = len(lines) + 1
    copy = json.loads(lines[-1]) | {"n": n}
    attack(f"INSERT INTO entries (case_ref, n, line) VALUES ('SIM-2021-0001', {n}, {quoted(canonical(copy))})")
    attack(f"INSERT INTO pending (case_ref, n) VALUES ('SIM-2021-0001', {n})")

    assert {(bad.n, bad.why.code) for bad in verify(office).bad} == {(n, "verify_broken")}


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("cases", "reference = 'SIM-2021-9999'"),
        ("deadlines", "id = id || 'x'"),
        ("messages", "id = 9999, key = key || 'x'"),
        ("definitions", "version = 9"),
        ("links", "field = 'other'"),
    ],
)
def test_a_row_copied_under_another_name_is_found(office: Office, attack: Attack, table: str, values: str) -> None:
    attack(f"CREATE TEMP TABLE copied AS SELECT * FROM {table} WHERE {row_of(table)}")
    attack(f"UPDATE copied SET {values}")
    assert attack(f"INSERT INTO {table} SELECT * FROM copied") == 1

    assert "verify_row_unexpected" in codes(verify(office)) or table == "links"
    assert verify(office).faulty >= 1


def test_a_line_that_says_the_same_in_other_bytes_is_found(office: Office, attack: Attack) -> None:
    attack(
        "UPDATE entries SET line = replace(line, '{\"act\"', '{ \"act\"') WHERE case_ref = 'SIM-2021-0001' AND n = 2"
    )

    assert verify(office).bad[0].why.code == "verify_line"


def test_a_column_that_is_no_longer_computed_from_the_line_is_found(office: Office, attack: Attack) -> None:
    attack("PRAGMA writable_schema = ON")
    attack("UPDATE sqlite_master SET sql = replace(sql, '$.actor', '$.auth') WHERE name = 'entries'")
    attack("PRAGMA writable_schema = RESET")

    assert verify(office).bad[0].why.params["column"] == "actor"


def test_a_payload_that_is_gone_is_found_unless_the_log_says_that_it_was_erased(office: Office, attack: Attack) -> None:
    noted = next(json.loads(line)["n"] for line in lines_of(office, "SIM-2021-0001") if '"act":"note"' in line)
    attack(f"DELETE FROM entry_private WHERE case_ref = 'SIM-2021-0001' AND n = {noted}")
    assert codes(verify(office)) == {"verify_payload_missing"}

    with office.store.write() as tx:
        record_office(tx, None, "os:root", "erase", {"entries": [f"SIM-2021-0001#{noted}"], "ground": "art. 17"})

    found = verify(office)
    assert (found.bad, found.erased) == ([], 1)


def test_a_chain_moved_to_another_log_is_found(office: Office, attack: Attack) -> None:
    attack("UPDATE settings SET value = 'another/skede' WHERE name = 'origin'")

    assert codes(verify(office)) == {"verify_genesis", "verify_other_log"}


def rewrite(office: Office, attack: Attack, reference: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the lines of a case and make everything inside the database agree with them, as one who knows us would."""
    with office.store.read() as tx:
        kept = list(tx.log.entries(reference))
        prev = genesis(origin(tx), reference)
        forged: list[tuple[str, str | None]] = []
        for logged in kept:
            raw = json.loads(logged.line)
            change(raw)
            forged.append((canonical(raw | {"prev": prev}), logged.payload))
            prev = leaf_hash(forged[-1][0])
        case = fold(forged)
        assert case is not None
        definition = office.catalog.definition(tx, case.workflow, case.version)
        row = tx.audit.case_expected(case, definition.states[case.state].phase, personal_fields(definition))
    for n, (line, _) in enumerate(forged, 1):
        attack(f"UPDATE entries SET line = {quoted(line)} WHERE case_ref = '{reference}' AND n = {n}")
    columns = ", ".join(
        f"{name} = {'NULL' if value is None else quoted(value) if isinstance(value, str) else value}"
        for name, value in row.items()
    )
    assert attack(f"UPDATE cases SET {columns} WHERE reference = '{reference}'") == 1


def changing(act: str, **values: Any) -> Callable[[dict[str, Any]], None]:
    """Put values into the entries of a kind."""

    def change(raw: dict[str, Any]) -> None:
        if raw["act"] == act:
            raw.update(values)
            raw["body"] |= values.get("body_too", {})
            raw.pop("body_too", None)

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (changing("open", to="closed"), "replay_target"),
        (changing("open", role="auditor"), "replay_role"),
        (changing("open", event="grant"), "replay_no_edge"),
        (changing("open", body_too={"guards": ["nothing@1"]}), "replay_guards"),
        (changing("open", body_too={"waived": ["nothing@1"]}), "replay_waived"),
        (changing("open", body_too={"set": {"bribe": "1.00"}}), "replay_field_unknown"),
        (changing("open", body_too={"set": {"contact": "Anna Ask"}}), "replay_field_place"),
        (changing("open", body_too={"final": True}), "replay_final"),
        (changing("note", to="closed"), "replay_not_a_move"),
        (changing("open", at="2021-03-01 09:00"), "verify_instant"),
        (changing("open", wf="meeting@1"), "verify_definition_unknown"),
    ],
)
def test_a_history_rewritten_against_the_rules_is_found_although_every_hash_is_right(
    office: Office, attack: Attack, change: Callable[[dict[str, Any]], None], code: str
) -> None:
    reference = "SIM-2021-0002" if code == "replay_target" else "SIM-2021-0001"
    rewrite(office, attack, reference, change)

    assert code in codes(verify(office))


def test_a_history_rewritten_within_the_rules_is_found_by_the_tree_alone(office: Office, attack: Attack) -> None:
    noted = verify(office)

    rewrite(office, attack, "SIM-2021-0002", changing("open", body_too={"title": "En annan rubrik"}))

    found = verify(office)
    assert codes(found) == {"verify_node", "verify_checkpoint_root", "verify_memory_root"}
    assert found.size == noted.size
    assert found.root != noted.root


def test_a_tail_cut_off_whole_changes_size_and_root_and_nothing_else(home: Path, tmp_path: Path) -> None:
    office = open_office(load(home))
    older = shutil.copytree(home, tmp_path / "older")
    note(office, Caller("officer", "os:root as officer"), "SIM-2021-0001", Given(note="Nu."))

    now, then = verify(office), verify(open_office(load(older)))

    assert (now.faulty, then.faulty) == (0, 0)
    assert now.size == then.size + 1
    assert now.root != then.root


def test_an_entry_kept_from_the_sealer_or_put_out_of_turn_is_found(office: Office, attack: Attack) -> None:
    n = len(lines_of(office, "SIM-2021-0001")) - 1
    attack(f"DELETE FROM pending WHERE case_ref = 'SIM-2021-0001' AND n = {n}")
    assert codes(verify(office)) == {"verify_not_pending"}

    attack(f"INSERT INTO pending (case_ref, n) VALUES ('SIM-2021-0001', {n})")
    assert codes(verify(office)) == {"verify_out_of_turn"}


def test_every_faulty_case_is_named_with_the_first_entry_that_is_wrong(office: Office, attack: Attack) -> None:
    attack("UPDATE cases SET title = 'x'")
    attack("DELETE FROM entries WHERE case_ref = 'SIM-2021-0001' AND n = 2")

    found = verify(office)

    chains = found.bad[: found.cases]
    assert len({bad.case for bad in chains}) == found.cases
    assert {bad.case: bad.n for bad in chains}["SIM-2021-0001"] == 2
    assert "verify_leaf_gap" in {bad.why.code for bad in found.bad[found.cases :]}


def test_replay_tells_what_each_log_makes_of_its_case(office: Office, attack: Attack) -> None:
    attack("UPDATE cases SET title = 'x' WHERE reference = 'SIM-2021-0001'")

    told = {one.reference: one for one in replay(office)}
    alone = list(replay(office, "SIM-2021-1"))

    assert [name for name, one in told.items() if one.bad] == ["SIM-2021-0001"]
    assert told["SIM-2021-0001"].state == "idea"
    assert alone == [told["SIM-2021-0001"]]
