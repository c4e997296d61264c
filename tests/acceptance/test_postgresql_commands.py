"""A home on PostgreSQL, by the real commands: made there, moved there and back, backed up, and away."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import homes
import postgres_server
import pytest
import running
from running import Ran

pytestmark = [pytest.mark.acceptance, pytest.mark.postgresql]


@pytest.fixture
def url() -> Iterator[str]:
    """A database with nothing in it."""
    with postgres_server.database(postgres_server.BARE) as made:
        yield made


def put(home: Path, url: str) -> None:
    """Name another database in the home's settings."""
    settings = home / "skede.toml"
    lines = [line for line in settings.read_text("utf-8").splitlines() if not line.startswith("database = ")]
    settings.write_text("\n".join([f"database = {json.dumps(url)}", *lines]) + "\n", "utf-8")


def told(ran: Ran) -> dict[str, object]:
    assert ran.code == 0, ran.err
    found: dict[str, object] = json.loads(ran.out)
    return found


def test_a_home_is_made_on_a_server_and_nothing_of_it_if_that_fails(url: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    secret = url.replace("postgres@", "postgres:hemligt@")
    made = running.inline(tmp_path, "--json", "init", str(home), "--sandbox", "--database-url", secret, as_=None)

    assert "hemligt" not in made.out + made.err
    assert str(told(made)["database"]).startswith("postgresql://postgres@")
    assert not (home / "skede.db").exists()
    assert told(running.inline(home, "--json", "status"))["sandbox"] is True
    again = running.inline(tmp_path, "init", str(tmp_path / "other"), "--database-url", url, as_=None, lang="en")
    assert (again.code, "not empty" in again.err) == (2, True)
    assert not (tmp_path / "other" / "skede.toml").exists()


def test_a_home_moves_to_a_server_and_back(home: Path, url: str) -> None:
    opened = running.inline(home, "new", "application", "--event", "contact", "--title", "Trygg start",
                            "-s", "contact=Eva", "-s", "idea_text=Idé")  # fmt: skip
    assert opened.code == 0, opened.err
    assert running.inline(home, "audit", "seal", as_="auditor").code == 0

    there = told(running.inline(home, "--json", "db", "copy", url, as_=None))
    put(home, url)
    assert running.inline(home, "audit", "verify", as_="auditor").code == 0
    noted = running.inline(home, "note", opened.out.strip(), "på servern")
    assert noted.code == 0, noted.err
    back = told(running.inline(home, "--json", "db", "copy", str(home / "back.db"), as_=None))
    put(home, "back.db")

    assert running.inline(home, "audit", "verify", as_="auditor").code == 0
    assert "på servern" in running.inline(home, "log", opened.out.strip()).out
    assert there["root"] == back["root"]


def test_a_backup_is_a_file_and_fills_an_empty_database(home: Path, url: str, tmp_path: Path) -> None:
    told(running.inline(home, "--json", "db", "copy", url, as_=None))
    put(home, url)
    assert running.inline(home, "db", "backup", str(tmp_path / "copy.db"), as_=None).code == 0
    full = running.inline(home, "db", "restore", str(tmp_path / "copy.db"), "--yes", as_=None, lang="en")
    assert (full.code, "not empty" in full.err) == (2, True)

    with postgres_server.database(postgres_server.BARE) as other:
        put(home, other)
        restored = running.inline(home, "db", "restore", str(tmp_path / "copy.db"), "--yes", as_=None)
        assert restored.code == 0, restored.err
        assert running.inline(home, "db", "check", as_=None).code == 0


@pytest.mark.sqlite
def test_roles_are_for_a_server(home: Path, url: str) -> None:
    refused = running.inline(home, "db", "upgrade", "--roles", as_=None, lang="en")
    assert (refused.code, "knows no roles" in refused.err) == (2, True)
    told(running.inline(home, "--json", "db", "copy", url, as_=None))
    put(home, url)
    with postgres_server.locked():
        made = told(running.inline(home, "--json", "db", "upgrade", "--roles", as_=None))
    assert "skede_auditor" in str(made["roles"])


def test_a_server_that_is_away_is_one_line_and_6(home: Path, tmp_path: Path) -> None:
    put(home, f"postgresql://me:hemligt@/office?host={tmp_path}")
    for words in (("list",), ("status",), ("db", "check"), ("tick",)):
        ran = running.inline(home, *words, lang="en")
        assert ran.code == 6, ran
        assert ran.err.count("\n") == 1
        assert "hemligt" not in ran.err


def test_commands_on_a_file_do_not_load_the_driver_of_a_server(home: Path) -> None:
    if homes.on_postgresql():
        pytest.skip("this home is on a server")
    program = (
        "import sys; from engine.cli.main import main; code = main(['--home', sys.argv[1], 'list'])\n"
        "print([m for m in sys.modules if m.startswith('psycopg')], code)"
    )

    done = subprocess.run([sys.executable, "-c", program, str(home)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[] 0"
