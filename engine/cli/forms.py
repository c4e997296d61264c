"""Forms in an editor: TOML with the fields that are needed, what they mean, and what is missing, as comments.

A form that was refused is kept, so that nothing typed is lost; `--data FILE` takes it up again.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from engine.app.advance import Given
from engine.cli.giving import FromFile, from_table, toml_table
from engine.cli.options import Shell
from engine.cli.output import safe, safe_lines
from engine.core.definition import Definition, DocumentKind, Field, Transition
from engine.core.errors import EngineError, UsageError

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Form:
    """One form on its way through the editor."""

    def __init__(self, shell: Shell, name: str, text: str) -> None:
        self._shell, self._text = shell, text
        handle, path = tempfile.mkstemp(prefix=f"skede-{re.sub('[^A-Za-z0-9-]+', '-', name)}-", suffix=".toml")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        self.path = Path(path)

    def filled(self) -> FromFile:
        """What stands in the form when the editor is closed; only what was changed, for fields that had a value.

        Raises:
            UsageError: The form was left as it was, or is no TOML any more; it is kept in the latter case.
        """
        click.edit(filename=str(self.path), editor=_editor())
        text = self.path.read_text("utf-8-sig")
        if text == self._text:
            self.drop()
            raise UsageError(self._shell.text("form_untouched"))
        try:
            after = toml_table(text, str(self.path))
            before = toml_table(self._text, str(self.path))
            emptied = _emptied(before, after)
            file = from_table(_changes(before, after), str(self.path))
        except EngineError as error:
            self.keep()
            raise error
        return FromFile({**file.set, **emptied}, file.attach, file.note, file.on_behalf_of, file.occurred, file.message)

    def keep(self) -> None:
        """Say where the form is kept, because what it asked for was not done."""
        self._shell.tell("form_kept", path=self.path)

    def drop(self) -> None:
        """Remove the form: what it asked for was done, or nothing was asked for."""
        self.path.unlink(missing_ok=True)


def _editor() -> str:
    """The editor of the environment, as git finds it."""
    return os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The form without the values that stood in it already."""
    old = before.get("set", {})
    table = {key: value for key, value in after.items() if key != "set"}
    given = after.get("set", {})
    if not isinstance(given, dict):
        return dict(after)
    return table | {"set": {name: value for name, value in given.items() if name not in old or value != old[name]}}


def _emptied(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that had a value in the form and were emptied."""
    old, given = before.get("set", {}), after.get("set", {})
    return {name: "" for name, value in given.items() if value == "" and old.get(name, "") != ""}


def event_form(
    shell: Shell, definition: Definition, edges: Sequence[Transition], data: Mapping[str, Any], given: Given,
    header: Iterable[str],
) -> str:  # fmt: skip
    """The form of an event: fields that must be given first, then those that may be.

    Args:
        shell: For the language.
        definition: The case's.
        edges: The edges that the event can take here.
        data: The case's data.
        given: What was given already.
        header: Lines that say what the form is for and what is missing.
    """
    brings = list(dict.fromkeys(name for edge in edges for name in edge.needs.brings))
    needed = list(dict.fromkeys(name for edge in edges for name in edge.needs.fields))
    may = list(dict.fromkeys(name for edge in edges for name in edge.takes))
    fields = definition.fields
    lines = [*_comments(header), "", f"note = {_quoted(given.note or '')}", "", "[set]"]
    for name in dict.fromkeys((*brings, *needed)):
        if not fields[name].computed:
            held = None if name in brings else data.get(name)
            lines += field_lines(fields[name], given.set.get(name, held), shell)
    for name in may:
        if name not in brings and name not in needed and not fields[name].computed:
            lines += field_lines(fields[name], given.set.get(name, data.get(name)), shell, optional=True)
    lines += _document_lines(shell, definition, edges, given)
    return "\n".join(lines) + "\n"


def _document_lines(shell: Shell, definition: Definition, edges: Sequence[Transition], given: Given) -> list[str]:
    kinds = dict.fromkeys(k for edge in edges for k in (*edge.needs.new_documents, *edge.needs.documents))
    lines = ["", "[attach]", *_comments([shell.text("form_attach")])]
    for kind in kinds:
        lines += [f"# {definition.documents[kind].title[shell.lang]}", f'{kind} = ""']
    others: list[DocumentKind] = [d for d in definition.documents.values() if d.id not in kinds]
    return lines + [f'# {d.id} = ""   # {d.title[shell.lang]}' for d in others]


def amend_form(shell: Shell, definition: Definition, names: Sequence[str], data: Mapping[str, Any],
               given: Given, header: Iterable[str]) -> str:  # fmt: skip
    """The form of `amend`: the fields that may be changed, with what they hold."""
    lines = [*_comments(header), "", f"note = {_quoted(given.note or '')}", "", "[set]"]
    for name in names:
        value = given.set.get(name, data.get(name))
        lines += field_lines(definition.fields[name], value, shell, optional=value is None)
    return "\n".join(lines) + "\n"


def review_form(shell: Shell, definition: Definition, given: Mapping[str, Any], header: Iterable[str]) -> str:
    """The form of a review: one line per criterion."""
    lines = [*_comments(header), "", 'note = ""', "", "[set]"]
    for name, title in definition.review.criteria.items() if definition.review else ():
        lines += ["", f"# {title[shell.lang]}", f"{name} = {_quoted(str(given.get(name, '')))}"]
    return "\n".join(lines) + "\n"


def field_lines(field: Field, value: Any, shell: Shell, *, optional: bool = False) -> list[str]:
    """A field in a form: title, help and choices as comments, then its line; commented out where it is optional."""
    lang = shell.lang
    about = [field.title[lang] + ("" if not optional else f" ({shell.text('form_optional')})")]
    about += [field.help[lang]] if field.help else []
    if field.of and field.type in ("choice", "choices"):
        about.append(", ".join(f"{one} ({field.labels.get(one, {}).get(lang, one)})" for one in field.of))
    if field.type == "list":
        record = ", ".join(f'{name} = "{item.title[lang]}"' for name, item in field.item.items())
        about.append(f"[{{ {record} }}]")
    empty = value in (None, "", [])
    line = f"{field.id} = {to_toml('' if empty else value)}"
    return ["", *_comments(about), f"# {line}" if optional and empty else line]


def to_toml(value: Any) -> str:
    """A plain value as TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case list() | tuple():
            return f"[{', '.join(to_toml(part) for part in value)}]"
        case Mapping():
            pairs = (f"{k if _BARE.fullmatch(k) else _quoted(k)} = {to_toml(v)}" for k, v in value.items())
            return f"{{ {', '.join(pairs)} }}"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    """A basic string; over several lines where the text has several."""
    lines = [json.dumps(line, ensure_ascii=False).replace("\x7f", "\\u007f")[1:-1] for line in text.split("\n")]
    return f'"{lines[0]}"' if len(lines) == 1 else '"""\n' + "\n".join(lines) + '"""'


def _comments(lines: Iterable[str]) -> list[str]:
    return [f"# {safe(part)}" for line in lines for part in safe_lines(line)]
