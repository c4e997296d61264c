"""Every mail of the programme exists in both languages and can be rendered for every workflow that sends it."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

import pytest

from engine.core.build import draft
from engine.core.definition import Definition
from engine.readers.toml import read_definition
from notifications.render import JinjaRenderer
from notifications.sample import LANGUAGES, blank, lint, sample_variables

TEMPLATES = Path(str(resources.files("templates"))) / "mail"
WORKFLOWS = Path(str(resources.files("workflows")))
NAMES = sorted(p.stem for p in (TEMPLATES / "sv").glob("*.md") if not p.stem.startswith("_"))
RENDERER = JinjaRenderer()
# Sent by commands, by the clock and by the engine itself, for a case of any workflow.
GENERAL = (
    "reminder", "deadline_moved", "correction_notice", "contact_welcome", "digest", "delivery_failed",
    "guard_refused", "fire_skipped", "note_to_parties",
)  # fmt: skip
STEPS = ("before", "due", "after", "escalated")


@cache
def definitions() -> dict[str, Definition]:
    drafts = (draft(read_definition(path)[0])[0] for path in sorted(WORKFLOWS.glob("*.toml")))
    return {definition.name: definition for definition in drafts}


def sent() -> Iterator[tuple[str, str]]:
    """(workflow, template) of every message that a definition names."""
    for definition in definitions().values():
        named = {notice.message for t in definition.transitions for notice in t.notify}
        named |= {rule.message for rule in definition.deadlines.values() if rule.message}
        yield from ((definition.name, name) for name in sorted(named | set(GENERAL)))


def any_definition() -> Definition:
    return next(iter(definitions().values()))


def sender_of(template: str) -> Definition:
    """A workflow that sends it; any one, where it is sent for all."""
    return next((definitions()[workflow] for workflow, name in sent() if name == template), any_definition())


def test_both_languages_have_the_same_templates() -> None:
    assert sorted(p.stem for p in (TEMPLATES / "en").glob("*.md") if not p.stem.startswith("_")) == NAMES
    assert len(NAMES) > 100


@pytest.mark.parametrize(("workflow", "template"), sorted(sent()))
def test_a_template_renders_for_the_workflow_that_sends_it(workflow: str, template: str) -> None:
    assert lint(RENDERER, definitions()[workflow], template, definitions()) == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_letter_is_short_whole_and_without_traces_of_the_template(name: str, lang: str) -> None:
    letter = RENDERER.render(name, lang, sample_variables(sender_of(name), lang, definitions()))
    body = letter.text.partition("\n\n")[2]
    assert len(body.split()) < 300
    for trace in ("{{", "{%", "**", "None", "\n\n\n", "  ("):
        assert trace not in letter.text, trace
    assert not re.search(r" [.,;:!?](\s|$)", letter.text)
    assert letter.html.count("<h1") == 1
    assert "http" not in letter.html
    assert "src=" not in letter.html


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_letter_holds_together_where_every_optional_value_is_empty(name: str, lang: str) -> None:
    definition = sender_of(name)
    full = sample_variables(definition, lang, definitions())
    empty = blank(full)
    empty["data"] |= {f.id: full["data"][f.id] for f in definition.fields.values() if f.required}
    text = RENDERER.render(name, lang, empty).text
    assert len(text.split()) > 20
    for trace in ("None", "\n\n\n", "()"):
        assert trace not in text, trace


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_reminder_has_a_subject_of_its_own_for_each_step(lang: str) -> None:
    variables = sample_variables(any_definition(), lang)
    letters = [RENDERER.render("reminder", lang, {**variables, "step": {"kind": kind}}) for kind in STEPS]
    assert len({letter.subject for letter in letters}) == len(STEPS)
    assert all(variables["deadline"]["title"] in letter.subject for letter in letters)


def test_no_letter_speaks_of_the_wrong_kind_of_appeal() -> None:
    texts = [path.read_text(encoding="utf-8").lower() for path in TEMPLATES.glob("*/*.md")]
    assert not any("förvaltningsbesvär" in text for text in texts)
    decision = RENDERER.render("decision_sent", "sv", sample_variables_of("decision", "sv")).text
    assert "laglighetsprövning" in decision
    assert "tre veckor" in " ".join(decision.split())


def sample_variables_of(workflow: str, lang: str) -> dict[str, object]:
    return sample_variables(definitions()[workflow], lang, definitions())


def test_linting_finds_a_field_that_the_workflow_has_not(tmp_path: Path) -> None:
    for lang in LANGUAGES:
        (tmp_path / lang).mkdir()
        (tmp_path / lang / "withdrawn.md").write_text(
            "Subject: Hej\n\n{% if not message %}{{ data.no_such_field }}{% endif %}\n", encoding="utf-8"
        )
    faults = lint(JinjaRenderer(tmp_path), any_definition(), "withdrawn")
    assert len(faults) == 2
    assert all("no_such_field" in fault for fault in faults)


def test_linting_finds_a_template_that_is_not_there() -> None:
    assert len(lint(RENDERER, any_definition(), "no_such_message")) == 2
