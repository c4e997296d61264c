"""Turns contexts into pages: all text escaped, and a policy in each page that lets nothing in from elsewhere."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import templates
from engine.exports.site.visible import visible
from engine.exports.site.words import Words

SOURCES = Path(templates.__file__).parent / "site"
_SCRIPT = "search.js"


class Pages:
    """The templates of a site, in one language.

    Args:
        words: What they speak with.
        site: What every page says: `name`, `made`, `sandbox`, `masked`.
    """

    def __init__(self, words: Words, site: Mapping[str, Any]) -> None:
        self.css = (SOURCES / "site.css").read_text("utf-8")
        self._script = (SOURCES / _SCRIPT).read_text("utf-8")
        self._made = Environment(
            loader=FileSystemLoader(SOURCES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, keep_trailing_newline=True, finalize=_finalized,
        )  # fmt: skip
        self._made.globals.update(t=words.text, lang=words.lang, site=site)
        self._made.filters.update(moment=words.moment, day=words.day, role=words.role)

    def render(self, template: str, root: str, here: str, **context: Any) -> Iterator[str]:
        """A page, part by part, so that long lists need not stand in memory.

        Args:
            template: Its template, without `.html`.
            root: The way to the top of the site: "" or "../".
            here: Which part of the site it belongs to, for the menu.
            context: What its template asks for.
        """
        found = self._made.get_template(f"{template}.html")
        return found.generate(
            root=root, here=here, policy=self._policy(template), script=self._inline(template), **context
        )

    def _policy(self, template: str) -> str:
        """What a page may load: its own style sheet, its own forms, and where it searches the one script in it.

        `file:` stands beside `'self'` because a browser may see no origin of its own in a page opened as a file.
        """
        allowed = ["default-src 'none'", "style-src 'self' file:", "base-uri 'none'", "form-action 'self' file:"]
        if template == "search":
            allowed.append(f"script-src 'sha256-{b64encode(sha256(self._script.encode()).digest()).decode()}'")
        return "; ".join(allowed)

    def _inline(self, template: str) -> Markup:
        return Markup(self._script if template == "search" else "")  # noqa: S704 - our own file


def _finalized(value: Any) -> Any:
    """What an expression of a template yields: text made visible, before it is escaped; our own markup as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def inline_json(value: Any) -> Markup:
    """A JSON value that can stand in a script element: nothing in it can end the element or begin a comment."""
    told = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        told = told.replace(char, f"\\u{ord(char):04x}")
    return Markup(told)  # noqa: S704 - no markup is left in it


def drawing(svg: str) -> Markup:
    """An SVG of our own making, whose texts are escaped where it is drawn."""
    return Markup(svg)  # noqa: S704 - `engine.diagram` and `charts` escape
