"""What the README, the tutorial and the how-to pages show is what really happens."""

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/acceptance"))

from console import SLOWEST, clean_environment, commands, run  # noqa: E402
from demo_home import Demo, shared_demo  # noqa: E402

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted((DOCS / "tutorial").glob("*.md")), *sorted((DOCS / "how-to").glob("*.md"))]
PROGRAMS = Path(sys.executable).parent


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo home, made once for all tests of a run."""
    return shared_demo(tmp_path_factory)


@pytest.mark.acceptance
@pytest.mark.slow
@pytest.mark.timeout(2 * SLOWEST)
@pytest.mark.parametrize("page", [page for page in PAGES if commands(page.read_text("utf-8"))], ids=lambda p: p.stem)
def test_what_a_page_shows_is_what_happens(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    text = page.read_text("utf-8")
    if "$ cd demo-home" in text:
        shutil.copytree(request.getfixturevalue("demo").home, tmp_path / "demo-home")
    (tmp_path / "docs").symlink_to(DOCS)

    done = run(text, tmp_path, clean_environment(tmp_path, PROGRAMS))

    wrong = [
        f"{page.name}:{one.line}: $ {one.text}\n  exit {one.code}; does not show: {one.missing()}\n  "
        + "\n  ".join(one.got)
        for one in done
        if one.missing() is not None or (one.code != 0) != one.fails
    ]
    assert not wrong, "\n".join(wrong)


def test_a_line_that_does_not_come_is_noticed(tmp_path: Path) -> None:
    page = "```console\n$ printf 'one\\ntwo  2\\n'\none\ntwo … 3\n```\n"

    done = run(page, tmp_path, clean_environment(tmp_path, PROGRAMS))

    assert done[0].missing() == "two … 3"


def test_commands_of_a_page_share_one_shell(tmp_path: Path) -> None:
    first = "```console\n$ mkdir here && cd here\n$ NAME=x\n```\n\n"
    page = first + "```console\n$ cat > f <<'E'\n> $NAME\n> E\n$ pwd; cat f; echo $NAME\n…here\n $NAME\nx\n```\n"

    done = run(page, tmp_path, clean_environment(tmp_path, PROGRAMS))

    assert [(one.code, one.missing()) for one in done] == [(0, None)] * 4
