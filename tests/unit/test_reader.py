"""Reading a definition file: TOML, the shared file, and where a fault stands."""

from pathlib import Path

import pytest

from engine.core.errors import DefinitionError
from engine.readers.toml import locate, read_definition, read_text

SHARED = """
[phases]
idea = { sv = "Idé", en = "Idea" }
work = { sv = "Arbete", en = "Work" }

[record]
officer = ["applicant"]
registrar = ["applicant"]
"""

OWN = """
name = "report"
uses = "shared/programme.toml"

[phases]
work = { sv = "Genomförande", en = "Implementation" }
done = { sv = "Klart", en = "Done" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "workflows" / "shared").mkdir(parents=True)
    (tmp_path / "workflows" / "shared" / "programme.toml").write_text(SHARED, encoding="utf-8")
    return tmp_path / "workflows"


def write(folder: Path, text: str) -> Path:
    path = folder / "report.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_definition_is_read_with_its_text(folder: Path) -> None:
    plain, text = read_definition(write(folder, 'name = "report"\n'))

    assert plain == {"name": "report"}
    assert text == 'name = "report"\n'


def test_the_shared_file_is_merged_under_the_definition_key_by_key(folder: Path) -> None:
    plain, _ = read_definition(write(folder, OWN))

    assert list(plain["phases"]) == ["idea", "work", "done"]
    assert plain["phases"]["work"]["en"] == "Implementation"
    assert plain["record"] == {"officer": ["applicant"], "registrar": ["applicant"]}
    assert "uses" not in plain


@pytest.mark.parametrize("uses", ["../outside.toml", "/etc/hosts", "shared/../../outside.toml"])
def test_a_shared_file_outside_the_folder_is_refused(folder: Path, uses: str) -> None:
    (folder.parent / "outside.toml").write_text(SHARED, encoding="utf-8")

    with pytest.raises(DefinitionError, match="must stay in the definition's folder"):
        read_definition(write(folder, f'uses = "{uses}"'))


def test_a_link_that_leads_outside_the_folder_is_refused(folder: Path) -> None:
    (folder.parent / "outside.toml").write_text(SHARED, encoding="utf-8")
    (folder / "link.toml").symlink_to(folder.parent / "outside.toml")

    with pytest.raises(DefinitionError, match="must stay in the definition's folder"):
        read_definition(write(folder, 'uses = "link.toml"'))


def test_a_shared_file_may_not_hold_states(folder: Path) -> None:
    (folder / "shared" / "programme.toml").write_text("[state.open]\nphase = 'idea'\n", encoding="utf-8")

    with pytest.raises(DefinitionError, match=r"may hold only the tables phases, .*, not “state”"):
        read_definition(write(folder, OWN))


def test_a_shared_file_cannot_be_used_by_a_text_without_a_folder() -> None:
    with pytest.raises(DefinitionError, match="itself a file"):
        read_text('uses = "shared/programme.toml"', None)


def test_a_missing_shared_file_is_named(folder: Path) -> None:
    with pytest.raises(DefinitionError, match=r"none\.toml: cannot be read"):
        read_definition(write(folder, 'uses = "none.toml"'))


def test_a_fault_of_toml_names_the_file_and_the_line(folder: Path) -> None:
    with pytest.raises(DefinitionError, match=r"report\.toml: is not TOML: .*line 3"):
        read_definition(write(folder, 'name = "report"\nversion = 1\ntitle = = 2\n'))


def test_a_key_given_twice_is_refused(folder: Path) -> None:
    with pytest.raises(DefinitionError, match="is not TOML"):
        read_definition(write(folder, "version = 1\nversion = 2\n"))


def test_text_that_is_not_utf8_is_refused_with_its_line(folder: Path) -> None:
    path = folder / "report.toml"
    path.write_bytes(b'name = "x"\ntitle = "\xe5"\n')

    with pytest.raises(DefinitionError, match=r"is not UTF-8 \(at line 2\)"):
        read_definition(path)


def test_a_definition_of_one_megabyte_is_read_and_a_larger_one_is_not(folder: Path) -> None:
    head = 'name = "report"\n#'

    plain, _ = read_definition(write(folder, head + "x" * (1_000_000 - len(head))))

    assert plain == {"name": "report"}
    with pytest.raises(DefinitionError, match="larger than 1 MB"):
        read_definition(write(folder, head + "x" * (1_000_001 - len(head))))


@pytest.mark.parametrize("depth", [51, 400, 50_000])
def test_a_definition_that_is_nested_too_deep_is_refused(depth: int) -> None:
    with pytest.raises(DefinitionError, match="more than 50 levels deep"):
        read_text(f"x = {'[' * depth}{']' * depth}", None)


def test_fifty_levels_are_not_too_deep() -> None:
    assert "x" in read_text(f"x = {'[' * 50}{']' * 50}", None)


TEXT = '''name = "x"
title = { sv = "a", en = "[[transition]]" }
help = """
[state.fake]
phase = "none"
"""

[state.open]
phase = "work"

[[transition]]
event = "one"

[[transition]]   # the second
event = "two"
from = [
  "open",
]
to = "closed"

[[transition.notify]]
message = "a"
[[transition.notify]]
message = "b"

[[transition]]
event = "three"
[[transition.notify]]
message = "c"

[fields.list.item."text"]
type = "text"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("name", 1),
        ("title.en", 2),
        ("state.open", 8),
        ("state.open.phase", 9),
        ("state.open.owner", 8),
        ("transition[1]", 11),
        ("transition[2]", 14),
        ("transition[2].to", 19),
        ("transition[2].needs.fields", 14),
        ("transition[2].notify[2].message", 24),
        ("transition[3].notify[1].to", 28),
        ("fields.list.item.text.type", 32),
        ("state.fake", None),
        ("nowhere", None),
    ],
)
def test_a_fault_is_located_at_its_key_or_at_the_nearest_table_around_it(path: str, line: int | None) -> None:
    assert locate(TEXT, path) == line
