"""Whatever can be looked at, in the demo home: in Swedish, in English and as JSON, and none of it writes a line."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import running
from demo_home import Demo, shared_demo

pytestmark = pytest.mark.acceptance

VIEWS = [
    ("officer", view.split()) for view in (
        "status", "status --call U-2023-001", "today", "list", "list --closed", "list --mine", "list --overdue",
        "list project --columns reference,owner,granted_amount --sum granted_amount", "list --limit 2",
        "show P-2021-0002", "show SIM-2021-0002", "show U-2021-001", "show M-2021-001", "show CR-2024-0001",
        "show P-2021-0002 --as-of 2023-01-01", "show B-2021-0002 --decision", "show SIM-2021-0002 --decision",
        "show CR-2024-0001 --decision", "next P-2021-0002", "next SIM-2025-0003", "next SIM-2025-0003 complete",
        "next M-2025-003", "next P-2021-0004", "tree U-2021-001", "tree R-2022-0012", "log P-2021-0004",
        "log --kind amend", "log @office", "party P-2021-0001 list", "deadline list",
        "deadline list --overdue", "deadline list P-2021-0002", "deadline why R-2024-0004:report_due",
        "deadline why SIM-2025-0002:board_papers", "mail list --state queued", "mail show 1",
        "mail why U-2016-001", "mail why 1", "mail forecast --within 2d", "workflow list", "workflow show project",
        "org list", "org show o:1", "org show o:2", "person list", "person show p:1", "person show p:10",
    )
] + [
    ("root", view.split()) for view in (
        "user list", "user show officer", "doctor", "db check", "audit replay P-2021-0004", "clock show",
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return shared_demo(tmp_path_factory)


@pytest.fixture(scope="module", autouse=True)
def unchanged(demo: Demo) -> Iterator[None]:
    before = _log(demo.home)
    yield
    assert _log(demo.home) == before


def _log(home: Path) -> str:
    with running.office_of(home).store.read() as tx:
        return hashlib.sha256("\n".join(line.line for line in tx.log.all()).encode()).hexdigest()


@pytest.mark.parametrize(("login", "words"), VIEWS, ids=lambda part: part if isinstance(part, str) else " ".join(part))
def test_a_view_is_told_in_both_languages_and_to_scripts(demo: Demo, login: str, words: list[str]) -> None:
    who = None if login == "root" else login

    swedish = running.inline(demo.home, *words, as_=who, lang="sv")
    english = running.inline(demo.home, *words, as_=who, lang="en")
    script = running.inline(demo.home, *words, "--json", as_=who)

    assert (swedish.code, english.code, script.code) == (0, 0, 0), swedish.err + english.err + script.err
    assert len(swedish.out.strip().splitlines()) >= 1
    assert len(swedish.out.splitlines()) == len(english.out.splitlines())
    assert swedish.out != english.out
    assert script.lines if words[0] == "log" else script.json
