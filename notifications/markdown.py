"""Makes the two readable forms of a mail from one Markdown text: HTML, and text without the marks.

Markdown becomes HTML before any value stands in it: a value is a place with a number until then. So nothing that a
value says can mean anything in Markdown (DECISIONS 36), and letters that differ in their values alone, as those of
one mailing do, are parsed once.
"""

import re
import string
import textwrap
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink

# Private-use characters, which neither values nor templates hold, stand around the number of a value, and for a
# line break inside one.
_OPEN, _CLOSE, _LINE_BREAK = "\ue000", "\ue001", "\ue002"
_PLACE = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_FOREIGN = dict.fromkeys(map(ord, (_OPEN, _CLOSE, _LINE_BREAK)), "\ufffd")
_ESCAPED = str.maketrans({character: "\\" + character for character in string.punctuation})
_SAFE_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_WIDTH = 76

_EMPHASIS = re.compile(r"\*\*|__")
_HEADING = re.compile(r"^#{1,6} +", re.MULTILINE)
_LINK = re.compile(r"\[([^\]\n]+)\]\(([^)\s]+)\)")
_HARD_BREAK = re.compile(r"(?:\\| {2,})$", re.MULTILINE)
_MANY_BLANK_LINES = re.compile(r"\n{3,}")


class _ValueInAddress(Exception):
    """A value stands in the address of a link."""


def _parser() -> MarkdownIt:
    # Images would be remote content; an indented block would be taken for code where a template only indents.
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).disable(["image", "code", "html_block"])
    parser.validateLink = lambda url: bool(_SAFE_LINK.match(url))  # type: ignore[method-assign]
    return parser


def _address(url: str) -> str:
    if _OPEN in url:
        raise _ValueInAddress
    return normalizeLink(url)


_MARKDOWN, _SHAPES = _parser(), _parser()
_SHAPES.normalizeLink = _address  # type: ignore[method-assign]


class Values(list[str]):
    """The values of one letter, each of which has a place in its Markdown."""

    def place(self, value: str) -> str:
        """What stands in the Markdown for a value; nothing for an empty one, so that its paragraph can be left out.

        A text that was put together from places is Markdown itself.
        """
        text = value.strip()
        if not text or _OPEN in text:
            return text
        if "\n" in text:
            text = _LINE_BREAK.join(line for part in text.split("\n") if (line := part.strip()))
        self.append(text)
        return f"{_OPEN}{len(self) - 1}{_CLOSE}"


def without_places(source: str) -> str:
    """A template's source without the characters that stand for values."""
    return source.translate(_FOREIGN)


def to_html(markdown: str, values: Values) -> str:
    """The HTML of a Markdown text, with the values in their places, their line breaks kept."""
    html = _shape(markdown)
    if html is not None:
        html = _PLACE.sub(lambda place: _entities(values[int(place[1])]), html)
    else:
        # An address is judged when it is whole; backslashes keep what the values say from meaning anything.
        whole = _PLACE.sub(lambda place: values[int(place[1])].translate(_ESCAPED), markdown)
        html = str(_MARKDOWN.render(whole))
    return html.replace(_LINE_BREAK, "<br>\n")


@lru_cache(maxsize=500)
def _shape(markdown: str) -> str | None:
    """The HTML with the places still in it; None where one is in the address of a link."""
    try:
        return str(_SHAPES.render(markdown))
    except _ValueInAddress:
        return None


def _entities(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def unmark(source: str) -> str:
    """A template's source as it stands for the text part: no stars, no number signs, links written out.

    It works on the source and not on the result, so that a value is printed exactly as it is.
    """
    source = _LINK.sub(r"\1: \2", source)
    for mark in (_EMPHASIS, _HEADING, _HARD_BREAK):
        source = mark.sub("", source)
    return source


def tidy(text: str) -> str:
    """At most one blank line in a row, none at the ends, no white space at the end of a line."""
    lines = "\n".join([line.rstrip() for line in text.split("\n")])
    return _MANY_BLANK_LINES.sub("\n\n", lines).strip("\n") + "\n"


def wrap(text: str) -> str:
    """The text with lines of at most 76 characters where its words allow it."""
    return "\n".join(_wrapped(line) for line in text.split("\n"))


def _wrapped(line: str) -> str:
    return line if len(line) <= _WIDTH else _broken(line)


@lru_cache(maxsize=500)
def _broken(line: str) -> str:
    indent = "  " if line.startswith("- ") else ""
    parts = textwrap.wrap(line, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(parts)
