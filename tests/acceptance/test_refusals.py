"""Every transition is refused for whoever may not, and for whatever is missing; each refusal says what mends it."""

from pathlib import Path

import pytest
import running
from driver import Act, Sandbox
from failing import CHILDREN, GUARDS, OUT_OF_REACH, PEOPLE, Failing
from paths import WAYS, Places
from refusing import (
    LOGINS,
    Refused,
    complete,
    edge_of,
    edges,
    expect_refusal,
    may,
    may_otherwise,
    place_of,
    title,
    workflow,
)

pytestmark = pytest.mark.acceptance


def test_there_is_a_way_for_every_edge_of_every_workflow() -> None:
    assert sorted(place_of(name) for name in WAYS) == sorted(edges())


@pytest.mark.parametrize("name", [name for name in WAYS if name != "report/waive#fired"])
def test_it_is_refused_for_every_role_that_may_not(name: str, places: Places) -> None:
    sandbox, act, edge = places.ready(name), WAYS[name].act, edge_of(name)

    for login in LOGINS:
        if not may(edge, login) and not may_otherwise(name, login):
            refused = expect_refusal(sandbox, act.by(login), "role_missing", lang="sv", roles=edge["by"])
            assert refused.reason["who"] == edge["by"]
            assert refused.fix


@pytest.mark.parametrize("name", [name for name in WAYS if {"fields", "brings"} & set(edge_of(name).get("needs", ()))])
def test_it_is_refused_without_each_field_that_it_needs(name: str, places: Places) -> None:
    needs, act = edge_of(name).get("needs", {}), WAYS[name].act
    machine = name.partition("/")[0]
    for code, fields in (
        ("field_missing", needs.get("fields", ())),
        ("field_must_be_brought", needs.get("brings", ())),
    ):
        for field in fields:
            sandbox = places.ready(name)

            refused = expect_refusal(sandbox, act.having(**{field: ""}), code, field=field)

            assert title(machine, "fields", field) in refused.reason["text"]
            assert refused.fix


def missing_paper(sandbox: Sandbox, act: Act, kind: str) -> str:
    """The code of the refusal where a document is wanted that has not come, or came too long ago."""
    case = sandbox.case(act.case) if act.verb != "new" else None
    filed = case.document(kind) if case else None
    if case is None or filed is None:
        return "document_missing"
    return "document_must_be_new" if filed.n <= case.entered_n else "document_too_old"


@pytest.mark.parametrize("name", [name for name in WAYS if "documents" in str(edge_of(name).get("needs"))])
def test_it_is_refused_without_each_document_that_it_needs(name: str, places: Places, tmp_path: Path) -> None:
    way, needs = WAYS[name], edge_of(name)["needs"]
    machine = name.partition("/")[0]
    for kind in (*needs.get("documents", ()), *needs.get("new_documents", ())):
        sandbox, act = places.ready(name), way.act.without_paper(kind)
        if any(kind in (*earlier.papers, *earlier.words) for earlier in way.before):
            sandbox = places.copy(way.place, tmp_path / kind)
            sandbox.do(*(earlier for earlier in way.before if kind not in (*earlier.papers, *earlier.words)))

        refused = expect_refusal(sandbox, act, missing_paper(sandbox, act, kind), kind=kind)

        assert title(machine, "documents", kind) in refused.reason["text"]
        assert refused.fix


@pytest.mark.parametrize("name", [name for name in WAYS if "signatures" in edge_of(name).get("needs", {})])
def test_it_is_refused_without_each_signature_that_it_needs(name: str, places: Places, tmp_path: Path) -> None:
    way = WAYS[name]
    signatures = [act for act in (*way.before, *([way.by] if way.by else [])) if act.verb == "sign"]
    for number, missing in enumerate(signatures):
        sandbox = places.copy(way.place, tmp_path / str(number))
        sandbox.do(*(act for act in way.before if act is not missing))
        _, signer, _, _, _, kind = missing.words
        who = f"{signer}.signatory" if signer in ("owner", "partner") else signer

        refused = expect_refusal(sandbox, way.act, "signature_missing", kind=kind, who=who)

        assert title(name.partition("/")[0], "documents", kind) in refused.reason["text"]
        assert refused.fix
    assert signatures


def used_guards() -> set[str]:
    """Every guard that some edge must please."""
    return {
        guard["name"] for machine, kind, _, _ in edges() for edge in workflow(machine)[kind]
        for guard in edge.get("guards", ())
    }  # fmt: skip


def arrange(failing: Failing, places: Places, folder: Path) -> tuple[Sandbox, Act]:
    """A home in which the situation is there, and the command that it does not allow."""
    way = WAYS[failing.way]
    sandbox = places.copy(failing.place or way.place, folder)
    if failing.settings:
        settings = sandbox.home / "skede.toml"
        settings.write_text(f"{failing.settings}\n{settings.read_text('utf-8')}", encoding="utf-8")
    moved = failing.place is not None
    sandbox.do(*(failing.before if failing.before is not None else () if moved else way.before))
    return sandbox, failing.act or way.act


def mend(sandbox: Sandbox, refused: Refused) -> None:
    """Run the command that a refusal gives, where nothing is left in it for a person to fill in."""
    words = complete(refused.fix) if refused.fix else None
    if words is not None:
        login = next(iter(refused.reason.get("who", ())), "officer")
        ran = running.inline(sandbox.home, *words, as_=login)
        assert ran.code == 0, f"{refused.fix} as {login}: {ran.out}{ran.err}"


def test_every_guard_of_the_workflows_has_a_situation_or_a_reason_why_there_is_none() -> None:
    assert set(GUARDS) | set(OUT_OF_REACH) == used_guards()
    assert not set(GUARDS) & set(OUT_OF_REACH)


@pytest.mark.parametrize("guard", GUARDS)
def test_it_is_refused_where_the_guard_fails(guard: str, places: Places, tmp_path: Path) -> None:
    failing = GUARDS[guard]
    sandbox, act = arrange(failing, places, tmp_path / "home")

    refused = expect_refusal(sandbox, act, failing.code, guard=guard)

    assert refused.fix
    mend(sandbox, refused)


def test_every_child_case_that_is_needed_has_a_situation() -> None:
    assert set(CHILDREN) == {name for name in WAYS if "children" in edge_of(name).get("needs", {})}


@pytest.mark.parametrize("name", CHILDREN)
def test_it_is_refused_without_the_child_case_that_it_needs(name: str, places: Places, tmp_path: Path) -> None:
    sandbox, act = arrange(CHILDREN[name], places, tmp_path / "home")
    for needed in edge_of(name)["needs"]["children"]:
        refused = expect_refusal(sandbox, act, "child_missing", workflow=needed["workflow"])
        assert refused.fix
        mend(sandbox, refused)


@pytest.mark.parametrize("what", PEOPLE)
def test_it_is_refused_for_who_gives_it(what: str, places: Places, tmp_path: Path) -> None:
    sandbox, act = arrange(PEOPLE[what], places, tmp_path / "home")

    refused = expect_refusal(sandbox, act, PEOPLE[what].code)

    assert refused.fix
    mend(sandbox, refused)
