"""The documentation is whole: generated pages are up to date, nothing is left out, and no link leads nowhere."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
sys.path.insert(0, str(ROOT))

from docs.generator.commands import every_command  # noqa: E402
from docs.generator.tables import meanings, refusal_codes, written_refusals  # noqa: E402
from docs.generator.workflows import definitions  # noqa: E402
from engine.cli.lazy import COMMANDS  # noqa: E402
from engine.cli.texts import all_texts  # noqa: E402
from engine.core.errors import EngineError  # noqa: E402
from engine.setting_values import KEYS  # noqa: E402
from engine.settings import ChannelSettings, Office, Settings  # noqa: E402

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def test_the_generated_pages_are_what_would_be_generated() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "docs.generator", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_every_command_has_a_line_about_it_in_both_languages(lang: str) -> None:
    assert [name for name, entry in COMMANDS.items() if not getattr(entry, lang).strip()] == []


def test_every_command_and_every_part_of_one_has_help() -> None:
    assert [name for name, command in every_command() if not (command.help or "").strip()] == []


def test_every_option_has_help() -> None:
    bare = [
        f"{name} {param.opts[0]}"
        for name, command in every_command()
        for param in command.params
        if isinstance(param, click.Option) and not param.hidden and not param.help
    ]

    assert bare == []


def test_every_command_is_documented() -> None:
    headings = set(re.findall(r"^#{3,4} (.+)$", page("reference/commands.md"), re.MULTILINE))

    assert set(COMMANDS) | {name for name, _ in every_command()} == headings


def test_every_setting_is_documented_with_its_meaning() -> None:
    text = page("reference/settings.md")
    told: dict[str, str] = {}
    for owner, table in ((Settings, ""), (Office, "office."), (ChannelSettings, "channel.")):
        told |= {table + name: meaning for name, meaning in meanings(owner).items()}

    assert [key for key in KEYS if not told.get(key) or f"| `{key}` |" not in text] == []


def test_every_setting_stands_in_the_settings_file_of_a_new_home() -> None:
    text = (ROOT / "templates/skede.toml").read_text("utf-8")
    uncommented = re.sub(r"^# (?=[a-z_]+ = )", "", text, flags=re.MULTILINE)

    assert _keys(tomllib.loads(uncommented)) == set(KEYS)


def test_every_exit_code_is_documented() -> None:
    text = page("reference/exit-codes.md")

    for kind in _kinds(EngineError):
        if kind.__module__ == EngineError.__module__:
            assert f"| {kind.exit_code} | `{kind.code}` |" in text


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_every_refusal_has_a_text(lang: str) -> None:
    texts = {code: sentence for _, code, sentence in all_texts(lang)}

    assert [code for code in sorted(written_refusals()) if not texts.get(code)] == []


def test_every_refusal_is_documented() -> None:
    text = page("reference/refusals.md")

    assert [code for code in refusal_codes() if f"| `{code}` |" not in text] == []


def test_every_workflow_has_a_page_that_names_all_its_states_events_and_deadlines() -> None:
    for name, definition in definitions().items():
        text = page(f"reference/workflows/{name}.md")
        events = {move.event for move in definition.transitions}

        assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) == events
        assert all(f"| `{word}` |" in text for word in [*definition.states, *definition.deadlines])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    text = _without_code(path.read_text("utf-8"))

    broken = [link for link in _LINK.findall(text) if "://" not in link and not _exists(path, link)]

    assert broken == []


def test_every_page_can_be_reached_from_the_index() -> None:
    seen: set[Path] = set()
    waiting = [DOCS / "README.md"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        links = (link.partition("#")[0] for link in _LINK.findall(_without_code(path.read_text("utf-8"))))
        found = {(path.parent / link).resolve() for link in links if link.endswith(".md")}
        waiting += [target for target in found if target.is_relative_to(DOCS) and target not in seen]

    kept = set((DOCS / "design").glob("*.md"))  # its own README tells of them in prose
    assert set(DOCS.rglob("*.md")) - seen - kept == set()


def test_no_page_names_a_path_of_somebodys_machine() -> None:
    for path in PAGES:
        assert re.findall(r"/(?:home|Users|root|work|tmp)/\S+", path.read_text("utf-8")) == [], path.name


def _exists(page_path: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = (page_path.parent / name).resolve() if name else page_path
    return target.exists() and (not anchor or anchor in set(_anchors(target.read_text("utf-8"))))


def _anchors(text: str) -> Iterator[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    for heading in re.findall(r"^#+ (.+)$", _without_code(text), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def _keys(tables: dict[str, object], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for name, value in tables.items():
        found |= _keys(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
    return found


def _kinds(kind: type[EngineError]) -> Iterator[type[EngineError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _kinds(inner)
