"""A bulk file: one outcome per row, each row whole or not at all, and the same file may be run again."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from errands import OFFICER, Desk, build_home
from msgspec.structs import replace

from engine.app import bulk
from engine.app.advance import Given, advance
from engine.app.bulk import Bulk, run_bulk
from engine.app.bulk_row import Files, read_errands
from engine.app.bulk_template import bulk_template
from engine.app.listing import Wanted
from engine.app.perform import perform
from engine.app.verify import verify
from engine.app.within import Within
from engine.cli.giving import paper, past_moment, read_values
from engine.core.command import Note
from engine.core.errors import TransitionRefused, Unavailable, UsageError

Run = Callable[..., Bulk]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("bulk") / "home")


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    return Desk(template, tmp_path / "home")


@pytest.fixture
def run(desk: Desk, tmp_path: Path) -> Run:
    """Carries out rows given as mappings; the first stands on line 2."""

    def carry_out(*rows: Mapping[str, str], dry_run: bool = False, all_or_nothing: bool = False) -> Bulk:
        files = Files(
            paper=lambda kind, path: paper(kind, str(tmp_path / path)),
            values=lambda path: read_values(str(tmp_path / path)).set, moment=past_moment, folder=tmp_path,
        )  # fmt: skip
        columns = list(dict.fromkeys(name for row in rows for name in row))
        errands = read_errands(desk.office, columns, list(enumerate(rows, 2)), files)
        return run_bulk(desk.office, OFFICER, errands, files, dry_run=dry_run, all_or_nothing=all_or_nothing)

    return carry_out


def outcomes(done: Bulk) -> list[str]:
    return [one.outcome for one in done.outcomes]


def row(reference: str, event: str = "wait", **more: str) -> dict[str, str]:
    return {"reference": reference, "event": event, **{name.replace("__", ":"): cell for name, cell in more.items()}}


def test_each_row_is_carried_out_as_the_single_command_would(desk: Desk, run: Run) -> None:
    first, second = desk.order("2021-04-01"), desk.order("2021-05-01")

    done = run(row(first, "Vila", note="semester"), row(second, "postpone", set__due_on="2021-06-01", set__reason="x"))

    assert outcomes(done) == ["done", "done"]
    assert (desk.state(first), desk.state(second)) == ("waiting", "open")
    assert [one.reference for one in done.outcomes] == [first, second]
    assert done.exit_code == 0


def test_a_refused_row_holds_up_no_other_and_is_in_the_log(desk: Desk, run: Run) -> None:
    first, second = desk.order("2021-04-01"), desk.order("2021-05-01")

    done = run(row(first, "resume"), row(second))

    assert outcomes(done) == ["refused", "done"]
    assert done.outcomes[0].reasons[0].code == "wrong_state"
    assert done.exit_code == 3
    assert desk.acts(first) == ["open", "refused"]
    assert desk.state(second) == "waiting"


def test_what_was_refused_stands_in_the_log_where_it_happened(desk: Desk, run: Run) -> None:
    first = desk.order("2021-04-01")

    done = run(row(first, "resume"), row(first), row(first, "resume"))

    assert outcomes(done) == ["refused", "done", "done"]
    assert desk.acts(first) == ["open", "refused", "advance", "advance"]


def test_rows_are_kept_some_at_a_time(desk: Desk, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a cut takes with it is the group that was at work, and the same file then does the rest."""
    monkeypatch.setattr("engine.app.bulk.GROUP", 2)
    references = [desk.order("2021-04-01") for _ in range(5)]
    rows = [row(reference) for reference in references]
    calls = []
    real = bulk._carry_out

    def cut(tx: Any, office: Any, caller: Any, errand: Any, files: Any) -> Any:
        calls.append(errand.reference)
        if len(calls) == 4:
            raise Unavailable("cut")
        return real(tx, office, caller, errand, files)

    monkeypatch.setattr(bulk, "_carry_out", cut)
    with pytest.raises(Unavailable):
        run(*rows)
    assert [desk.state(reference) for reference in references] == ["waiting", "waiting", "open", "open", "open"]

    monkeypatch.setattr(bulk, "_carry_out", real)
    assert outcomes(run(*rows)) == ["already", "already", "done", "done", "done"]


def test_the_same_file_run_again_changes_nothing(desk: Desk, run: Run) -> None:
    first = desk.order("2021-04-01")
    rows = [row(first), row(first, "resume"), row(first)]
    assert outcomes(run(*rows)) == ["done", "done", "done"]
    acts = desk.acts(first)

    again = run(*rows)

    assert outcomes(again) == ["already", "already", "already"]
    assert desk.acts(first) == acts


def test_a_mended_file_carries_out_only_what_was_refused_before(desk: Desk, run: Run) -> None:
    first, second = desk.order("2021-04-01"), desk.order("2021-05-01")
    assert outcomes(run(row(first), row(second, "resume"))) == ["done", "refused"]

    mended = run(row(second), row(first))

    assert outcomes(mended) == ["done", "already"]


def test_equal_rows_are_each_carried_out_once(desk: Desk, run: Run) -> None:
    first = desk.order("2021-04-01")
    note = {"reference": first, "note": "Ringde igen."}

    assert outcomes(run(note, note)) == ["done", "done"]
    assert outcomes(run(note, note, note)) == ["already", "already", "done"]
    assert desk.acts(first).count("note") == 3


def test_a_request_id_of_ones_own_is_used_and_may_not_mean_something_else(desk: Desk, run: Run) -> None:
    first = desk.order("2021-04-01")
    request = "0c7f3f0a-0000-4000-8000-000000000001"
    run(row(first, request_id=request))

    done = run(row(first, "resume", request_id=request))

    assert outcomes(done) == ["error"]
    assert done.outcomes[0].message is not None
    assert "already used for another command" in done.outcomes[0].message
    assert done.exit_code == 2


def test_a_row_of_several_parts_is_whole_or_not_at_all(desk: Desk, run: Run) -> None:
    first = desk.order("2021-04-01")

    assert outcomes(run(row(first, "resume", assign="anna"))) == ["refused"]
    assert desk.acts(first) == ["open", "refused"]

    assert outcomes(run(row(first, "wait", assign="anna"))) == ["done"]
    assert desk.acts(first) == ["open", "refused", "assign", "advance"]
    assert outcomes(run(row(first, "wait", assign="anna"))) == ["already"]
    assert desk.acts(first) == ["open", "refused", "assign", "advance"]


def test_all_or_nothing_keeps_nothing_when_one_row_fails_and_tells_of_each(desk: Desk, run: Run) -> None:
    first, second = desk.order("2021-04-01"), desk.order("2021-05-01")

    done = run(row(first), row(second, "resume"), all_or_nothing=True)

    assert outcomes(done) == ["undone", "refused"]
    assert desk.acts(first) == ["open"]
    assert desk.acts(second) == ["open", "refused"]
    assert outcomes(run(row(first), row(second), all_or_nothing=True)) == ["done", "done"]
    assert desk.state(first) == "waiting"


def test_a_trial_changes_nothing_and_lets_rows_build_upon_each_other(desk: Desk, run: Run) -> None:
    first = desk.order("2021-04-01")

    tried = run(row(first), row(first, "resume"), row(first, "drop"), dry_run=True)

    assert outcomes(tried) == ["done", "done", "refused"]
    assert desk.acts(first) == ["open"]
    assert outcomes(run(row(first), row(first, "resume"))) == ["done", "done"]


def test_cases_are_opened_too(desk: Desk, run: Run) -> None:
    done = run({"workflow": "errand", "title": "Nytt", "set:due_on": "2021-04-01", "assign": "anna"})

    reference = done.outcomes[0].reference
    assert outcomes(done) == ["done"]
    assert reference is not None
    assert desk.acts(reference) == ["open", "assign"]
    again = run({"workflow": "errand", "title": "Nytt", "set:due_on": "2021-04-01", "assign": "anna"})
    assert (outcomes(again), again.outcomes[0].reference) == (["already"], reference)


def test_a_moment_is_kept_and_data_comes_from_a_file(desk: Desk, run: Run, tmp_path: Path) -> None:
    first = desk.order("2021-04-01")
    desk.clock.forward(days=3)
    (tmp_path / "more.json").write_text('{"due_on": "2021-07-01", "reason": "sjuk"}', "utf-8")

    done = run(row(first, "postpone", occurred="2021-03-02T08:00", data="more.json", set__due_on="2021-08-01"))

    assert outcomes(done) == ["done"]
    with desk.office.store.read() as tx:
        case = tx.cases.get(first)
    assert case is not None
    assert case.data["due_on"] == "2021-08-01"
    assert case.data["reason"] == "sjuk"
    assert case.events["postpone"].at == datetime(2021, 3, 2, 7, tzinfo=UTC)


def test_what_bulk_did_is_found_sound(desk: Desk, run: Run) -> None:
    first = desk.order("2021-04-01")
    run(row(first, assign="anna"), row(first, "resume"), row(first, "drop"))
    run(row(first), row(first, "drop"), all_or_nothing=True)
    run(row(first), row(first, "finish"), dry_run=True)

    assert verify(desk.office).bad == []


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        ({"event": "fly"}, "line 2, column event: errand has no event fly"),
        ({"set:due_on": "soon"}, "line 2, column set:due_on: due_on"),
        ({"set:colour": "red"}, "line 2, column set:colour: errand has no field colour"),
        ({"attach:letter": "x.pdf"}, "line 2, column attach:letter: errand has no document kind"),
        ({"occurred": "once"}, "line 2, column occurred: 'once' is no date or time"),
        ({"on_behalf_of": "Ingen Alls"}, "line 2, column on_behalf_of: there is no person"),
        ({"assign": "nobody"}, "line 2, column assign: there is no user nobody"),
        ({"data": "gone.json"}, "line 2, column data: .*gone.json"),
        ({"reference": "E-9"}, "line 2, column reference: there is no case E-9"),
        ({"workflow": "errand"}, "line 2, column reference: name a case, or a workflow"),
        ({"title": "x"}, "line 2, column title: is for cases that are opened"),
        ({"sign:owner": "Anna Ask"}, "line 2, column sign:owner: name the document"),
        ({"event": "", "set:answer": "ja"}, "line 2, column event: fields are set by an event"),
        ({"event": ""}, "line 2, column event: the row does nothing"),
        ({"colour": "red"}, "there is no column colour"),
    ],
)
def test_what_cannot_be_meant_is_told_by_line_and_column_before_anything_is_done(
    desk: Desk, run: Run, cells: Mapping[str, str], complaint: str
) -> None:
    first, second = desk.order("2021-04-01"), desk.order("2021-05-01")

    with pytest.raises(UsageError, match=complaint):
        run({**row(first), **cells}, row(second))

    assert desk.acts(second) == ["open"]


def test_empty_cells_and_remarks_give_nothing(desk: Desk, run: Run) -> None:
    first = desk.order("2021-04-01")

    done = run({**row(first), "note": "", "set:answer": "", "#title": "anything"})

    assert outcomes(done) == ["done"]


def test_the_template_asks_for_what_is_missing_and_nothing_else(desk: Desk) -> None:
    first, second = desk.order("2021-04-01"), desk.order("2021-05-01", "Ett annat")
    advance(desk.office, OFFICER, second, "finish", Given())

    made = bulk_template(desk.office, OFFICER, "postpone", Wanted())

    assert made.columns == ("reference", "#title", "event", "set:due_on", "set:reason")
    assert made.rows == ((first, "Ett uppdrag", "postpone", "", ""),)
    assert made.obstacles == ()


def test_the_template_tells_what_no_cell_can_mend(desk: Desk) -> None:
    first = desk.order("2021-04-01")

    made = bulk_template(desk.office, OFFICER, "become_late", Wanted())

    assert [(reference, reasons[0].code) for reference, reasons in made.obstacles] == [(first, "role_missing")]
    with pytest.raises(UsageError, match="no case listed can take drop"):
        bulk_template(desk.office, OFFICER, "drop", Wanted())


def test_a_filled_in_template_is_carried_out(desk: Desk, run: Run) -> None:
    first = desk.order("2021-04-01")
    made = bulk_template(desk.office, OFFICER, "postpone", Wanted())
    cells = dict(zip(made.columns, made.rows[0], strict=True))

    done = run({**cells, "set:due_on": "2021-09-01", "set:reason": "sjuk"})

    assert outcomes(done) == ["done"]
    assert desk.state(first) == "open"


def test_a_store_within_a_transaction_undoes_a_part_alone(desk: Desk) -> None:
    first = desk.order("2021-04-01")

    def noted(office: Any, text: str, *, fail: bool = False) -> None:
        def answer(tx: Any, done: Any) -> dict[str, Any]:
            if fail:
                raise TransitionRefused
            return {}

        perform(office, OFFICER, {}, lambda tx, actor: Note(reference=first, actor=actor, note=text), answer)

    with desk.office.store.write() as tx:
        inside = replace(desk.office, store=Within(tx))
        noted(inside, "one")
        with pytest.raises(TransitionRefused):
            noted(inside, "two", fail=True)
        with inside.store.read() as seen:
            assert seen.now == tx.now
    assert desk.acts(first) == ["open", "note", "refused"]
