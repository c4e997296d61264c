"""A file that a caller names is a plain one, of bounded size, and none of the home's own: whatever reads it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import running
from running import Ran

pytestmark = pytest.mark.acceptance

Run = Callable[..., Ran]
MB = 1024 * 1024


@pytest.fixture
def case(inline: Run) -> str:
    fields = ("-s", "contact=Eva Ek", "-s", "idea_text=Läsa")
    made = inline("new", "application", "--event", "contact", "--title", "Idé", *fields)
    assert made.code == 0, made.err
    return made.out.split()[-1]


def readers(case: str, path: Path) -> Iterator[tuple[str, ...]]:
    """Every command that reads a file which its caller names."""
    yield ("attach", case, f"completion={path}")
    yield ("advance", case, "drop", "-a", f"completion={path}", "-n", "x")
    yield ("amend", case, "--data", str(path))
    yield ("bulk", "run", str(path))
    yield ("import", "cases", str(path), "--workflow", "application")
    yield ("import", "history", str(path))
    yield ("import", "history", "x.csv", "--map", str(path))
    yield ("org", "import", str(path))
    yield ("audit", "check", str(path), "--key", "log+00000000+AA")
    yield ("audit", "verify", "--anchor", str(path))
    yield ("workflow", "check", str(path))


def all_refused(inline: Run, home: Path, case: str, path: Path, said: str) -> None:
    for words in readers(case, path):
        ran = inline(*words, as_="head", lang="en")
        assert ran.code != 0, words
        assert said in " ".join(ran.err.split()), (words, ran.err)
        assert len(ran.err.splitlines()) == 1, (words, ran.err)


def test_a_pipe_keeps_nobody_waiting(inline: Run, home: Path, case: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    all_refused(inline, home, case, tmp_path / "pipe", "is a device or a pipe")


@pytest.mark.parametrize("device", ["/dev/zero", "/proc/self/environ"])
def test_what_is_no_plain_file_is_not_read(inline: Run, home: Path, case: str, device: str) -> None:
    all_refused(inline, home, case, Path(device), "is a device or a pipe")


@pytest.mark.sqlite
@pytest.mark.parametrize("secret", ["keys/seal.key", "skede.toml", "skede.db", "linked"])
def test_what_belongs_to_the_home_is_never_handed_in(
    inline: Run, home: Path, case: str, tmp_path: Path, secret: str
) -> None:
    (home / "linked").symlink_to(home / "keys" / "seal.key")

    all_refused(inline, home, case, home / secret, "belongs to the home itself")


def test_a_file_is_read_no_further_than_it_may_be_long(inline: Run, case: str, tmp_path: Path) -> None:
    vast = tmp_path / "vast"
    with vast.open("wb") as file:
        file.truncate(10 * 1024 * MB)

    filed = inline("attach", case, f"completion={vast}", lang="en")
    given = inline("amend", case, "--data", str(vast), lang="en")

    assert (filed.code, "larger than 25 MB" in filed.err) == (2, True)
    assert (given.code, "larger than 10 MB" in given.err) == (2, True)


def test_a_document_can_be_piped_in_with_the_rights_of_who_has_it(home: Path, inline: Run, case: str) -> None:
    filed = running.skede(home, "attach", case, "completion=-", input="Komplettering")

    assert filed.code == 0, filed.err
    told = inline("show", case, "--json").json
    assert [paper["name"] for paper in told["documents"]] == ["completion"]
