"""Turns a message's template and its frozen variables into a letter: subject, plain text and HTML.

A template is a first line `Subject: …`, a blank line, and Markdown that says only what is particular to the
message; `_frame.md` of the language stands around it. docs/reference/mail.md lists the variables.
"""

import base64
import hashlib
import os
import re
import stat
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Template, TemplateError, TemplateSyntaxError
from markupsafe import Markup
from msgspec import Struct

from engine.core.errors import DefinitionError, NotFound
from engine.ports import Letter
from notifications.characters import cut, one_line, plain
from notifications.markdown import Values, tidy, to_html, unmark, without_places, wrap
from notifications.sandbox import (
    VALUES,
    MailEnvironment,
    Passage,
    html_environment,
    markdown_environment,
    text_environment,
)

_NAME = re.compile(r"[a-z][a-z0-9_]*(?:/[a-z][a-z0-9_]*)?")
_LANGUAGE = re.compile(r"[a-z]{2}")
_LINE_OF_TAGS = re.compile(r"^[ \t]*((?:\{%(?:(?!%\}).)*%\}[ \t]*)+)\n", re.MULTILINE)
_SUBJECT_LINE = re.compile(r"Subject: *(\S.*)\n\s*\n")
_VALUE_LIMIT = 20_000
_SUBJECT_LIMIT = 180
_OUTPUT_LIMIT = 1_000_000
_SINGLE_LINE = frozenset({"case", "deadlines", "documents", "event", "office", "officer", "parties", "recipient"})
_CUT_MARK = {"sv": "… [avkortat]", "en": "… [cut short]"}
_FAULTS = (TemplateError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError)


class _Source(Struct, frozen=True):
    """A file of the templates as it was read: the same stamp means the same text."""

    path: str
    stamp: tuple[int, int]
    text: str


class _Compiled(Struct, frozen=True):
    """A template in its three uses."""

    sources: tuple[_Source, ...]
    subject: Template
    text: Template
    markdown: Template


class JinjaRenderer:
    """Renders mail templates; `folder` holds a home's own ones, which go before those of the package.

    Both are laid out as `<lang>/<message>.md`. Files are read again when they have changed.
    """

    def __init__(self, folder: Path | None = None) -> None:
        shipped = Path(str(resources.files("templates"))) / "mail"
        self._folders = (shipped,) if folder is None else (folder, shipped)
        self._text = text_environment()
        self._markdown = markdown_environment()
        self._html = html_environment()
        self._sources: dict[str, _Source] = {}
        self._compiled: dict[tuple[str, str], _Compiled] = {}
        self._layout: tuple[_Source, Template] | None = None

    def exists(self, template: str, lang: str) -> bool:
        """Whether there is a template of that name in that language."""
        return _well_named(template, lang) and self._find(f"{lang}/{template}.md") is not None

    def digest(self, template: str, lang: str) -> str:
        """Standard base64 of a SHA-256 over all that makes the letter: the template, its frame, the page.

        Raises:
            NotFound: There is no such template.
        """
        digest = hashlib.sha256()
        for source in (self._template(template, lang), self._frame(lang), self._read("layout.html")):
            content = source.text.encode()
            digest.update(len(content).to_bytes(8, "big") + content)
        return base64.b64encode(digest.digest()).decode("ascii")

    def render(self, template: str, lang: str, variables: Mapping[str, Any]) -> Letter:
        """The letter that a template makes of these variables.

        Raises:
            NotFound: There is no such template.
            DefinitionError: The template is faulty, or asks for a variable that is not there.
        """
        where = f"{lang}/{template}"
        message = self._compile(template, lang, "message")
        frame = self._compile(template, lang, "frame")
        values = {name: _frozen(value, lang, fold=name in _SINGLE_LINE) for name, value in variables.items()}
        title = cut(one_line(_fill(message.subject, values, where)), _SUBJECT_LIMIT)
        if not title:
            raise DefinitionError(f"mail template {where}: its subject came out empty; write one that is always there")
        text = _fill(frame.text, {**values, "body": _fill(message.text, values, where)}, where)
        said = values | {VALUES: Values()}
        body = Passage(_fill(message.markdown, said, where))
        content = to_html(tidy(_fill(frame.markdown, said | {"body": body}, where)), said[VALUES])
        page = _fill(self._page(), {"lang": lang, "title": title, "content": Markup(content)}, where)  # noqa: S704
        return Letter(subject=_numbered(title, values), text=wrap(tidy(text)), html=page)

    def _compile(self, template: str, lang: str, part: str) -> _Compiled:
        name = template if part == "message" else "_frame"
        source = self._template(name, lang) if part == "message" else self._frame(lang)
        kept = self._compiled.get((lang, name))
        if kept is None or kept.sources != (source,):
            kept = self._compiled[lang, name] = self._parse(source, f"{lang}/{name}", with_subject=part == "message")
        return kept

    def _parse(self, source: _Source, where: str, *, with_subject: bool) -> _Compiled:
        subject, body = "", source.text
        if with_subject:
            first = _SUBJECT_LINE.match(source.text)
            if first is None:
                raise DefinitionError(f"mail template {where}: its first line must be `Subject: …`, its second blank")
            subject, body = first.group(1), source.text[first.end() :]
        # A line of nothing but tags leaves no line; the comment keeps the numbers of the lines after it.
        body = _LINE_OF_TAGS.sub(r"\1{#\n#}", body)
        return _Compiled(
            sources=(source,),
            subject=_compiled(self._text, subject, where),
            text=_compiled(self._text, unmark(body), where),
            markdown=_compiled(self._markdown, without_places(body), where),
        )

    def _page(self) -> Template:
        source = self._read("layout.html")
        if self._layout is None or self._layout[0] != source:
            self._layout = (source, _compiled(self._html, source.text, "layout.html"))
        return self._layout[1]

    def _template(self, template: str, lang: str) -> _Source:
        if not _well_named(template, lang):
            raise NotFound(f"{lang}/{template} is not a name that a mail template can have")
        return self._read(f"{lang}/{template}.md")

    def _frame(self, lang: str) -> _Source:
        return self._read(f"{lang}/_frame.md")

    def _read(self, name: str) -> _Source:
        found = self._find(name)
        if found is None:
            raise NotFound(
                f"there is no mail template {name}; they stand in templates/mail, a home's own in its folder"
            )
        kept = self._sources.get(name)
        if kept is None or (kept.path, kept.stamp) != found:
            path, stamp = found
            kept = self._sources[name] = _Source(path, stamp, Path(path).read_text(encoding="utf-8"))
        return kept

    def _find(self, name: str) -> tuple[str, tuple[int, int]] | None:
        """The file of that name that goes before the others, and its stamp."""
        for folder in self._folders:
            path = f"{folder}/{name}"
            try:
                seen = os.stat(path)  # noqa: PTH116 - three for each letter: a Path would cost more than the look
            except (OSError, ValueError):
                continue
            if stat.S_ISREG(seen.st_mode):
                return path, (seen.st_mtime_ns, seen.st_size)
        return None


def _well_named(template: str, lang: str) -> bool:
    return bool(_NAME.fullmatch(template) and _LANGUAGE.fullmatch(lang))


def _compiled(environment: MailEnvironment, source: str, where: str) -> Template:
    try:
        return environment.from_string(source)
    except TemplateSyntaxError as fault:
        raise DefinitionError(f"mail template {where}: {fault.message} (line {fault.lineno} of its text)") from fault
    except TemplateError as fault:
        raise DefinitionError(f"mail template {where}: {fault}") from fault


def _fill(template: Template, values: Mapping[str, Any], where: str) -> str:
    parts: list[str] = []
    size = 0
    try:
        for part in template.generate(values):
            parts.append(part)
            size += len(part)
            if size > _OUTPUT_LIMIT:
                raise DefinitionError(
                    f"mail template {where}: the letter passes {_OUTPUT_LIMIT} characters; shorten it"
                )
    except _FAULTS as fault:
        raise DefinitionError(f"mail template {where}: {one_line(str(fault))}") from fault
    return "".join(parts)


def _frozen(value: Any, lang: str, *, fold: bool) -> Any:
    """Plain data, its texts clean and of a size that a letter can hold; `fold` makes one line of each."""
    kind = type(value)
    if kind is dict and not fold:
        # Most are fields of a case, and clean ones; these need no call each.
        return {
            str(key): item
            if type(item) is str and item.isprintable() and len(item) <= _VALUE_LIMIT
            else _frozen(item, lang, fold=fold)
            for key, item in value.items()
        }
    if kind is str:
        if value.isprintable() and len(value) <= _VALUE_LIMIT:
            return " ".join(value.split()) if fold else value
        return cut(one_line(value) if fold else plain(value), _VALUE_LIMIT, _CUT_MARK.get(lang, "…"))
    if value is None or kind is int or kind is bool:
        return value
    if kind is list or kind is tuple:
        return [_frozen(item, lang, fold=fold) for item in value]
    if isinstance(value, Mapping):
        # A mapping that answers every name is the linter's stand-in for data of an unknown workflow.
        if hasattr(value, "__missing__"):
            return value
        return {str(key): _frozen(item, lang, fold=fold) for key, item in value.items()}
    raise DefinitionError(f"a mail variable is of the type {kind.__name__}; it must be plain JSON, numbers as text")


def _numbered(title: str, values: Mapping[str, Any]) -> str:
    case = values.get("case") or {}
    number = one_line(str(case.get("dnr") or case.get("reference") or ""))
    return f"[{number}] {title}" if number else title
