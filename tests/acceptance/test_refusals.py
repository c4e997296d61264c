"""Every transition is refused for whoever may not, and for whatever is missing; each refusal says what mends it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from driver import Act, Sandbox
from paths import WAYS, Places
from refusing import LOGINS, edge_of, edges, expect_refusal, may, place_of, title

pytestmark = pytest.mark.acceptance

EXTERNAL = {"applicant": "@owner", "partner": "@partner", "evaluator": "@evaluator"}


def test_there_is_a_way_for_every_edge_of_every_workflow() -> None:
    assert sorted(place_of(name) for name in WAYS) == sorted(edges())


@pytest.mark.parametrize("name", [name for name in WAYS if name != "report/waive#fired"])
def test_it_is_refused_for_every_role_that_may_not(name: str, places: Places) -> None:
    sandbox, act, edge = places.ready(name), WAYS[name].act, edge_of(name)

    for login in LOGINS:
        if not may(edge, login):
            refused = expect_refusal(sandbox, act.by(login), "role_missing", lang="sv", roles=edge["by"])
            assert refused.reason["who"] == edge["by"]


@pytest.mark.parametrize("name", [name for name in WAYS if {"fields", "brings"} & set(edge_of(name).get("needs", ()))])
def test_it_is_refused_without_each_field_that_it_needs(name: str, places: Places) -> None:
    needs, act = edge_of(name).get("needs", {}), WAYS[name].act
    machine = name.partition("/")[0]
    for code, fields in (("field_missing", needs.get("fields", ())), ("field_must_be_brought", needs.get("brings", ()))):
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
