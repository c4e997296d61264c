"""Makes the two readable forms of a mail from one Markdown text: HTML, and text without the marks."""

import re
import string
import textwrap

from markdown_it import MarkdownIt

_LINE_BREAK = "\ue000"  # stands for a line break inside a value; values themselves hold no private-use characters
_ESCAPED = str.maketrans({character: "\\" + character for character in string.punctuation})
_SAFE_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_WIDTH = 76

_EMPHASIS = re.compile(r"\*\*|__")
_HEADING = re.compile(r"^#{1,6} +", re.MULTILINE)
_LINK = re.compile(r"\[([^\]\n]+)\]\(([^)\s]+)\)")
_HARD_BREAK = re.compile(r"(?:\\| {2,})$", re.MULTILINE)
_MANY_BLANK_LINES = re.compile(r"\n{3,}")


def _parser() -> MarkdownIt:
    # Images would be remote content; an indented block would be taken for code where a template only indents.
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).disable(["image", "code", "html_block"])
    parser.validateLink = lambda url: bool(_SAFE_LINK.match(url))  # type: ignore[method-assign]
    return parser


_MARKDOWN = _parser()


def escape(value: str) -> str:
    """A value as it stands in Markdown that becomes HTML: its punctuation means nothing, its line breaks stay inside.

    A title can so become neither a link nor a heading nor a list (DECISIONS 36).
    """
    return re.sub(r"\s*\n\s*", _LINE_BREAK, value.strip()).translate(_ESCAPED)


def to_html(markdown: str) -> str:
    """The HTML of a Markdown text whose values were escaped."""
    html: str = _MARKDOWN.render(markdown)
    return html.replace(_LINE_BREAK, "<br>\n")


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
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _MANY_BLANK_LINES.sub("\n\n", lines).strip("\n") + "\n"


def wrap(text: str) -> str:
    """The text with lines of at most 76 characters where its words allow it."""
    return "\n".join(_wrapped(line) for line in text.split("\n"))


def _wrapped(line: str) -> str:
    if len(line) <= _WIDTH:
        return line
    indent = "  " if line.startswith("- ") else ""
    parts = textwrap.wrap(line, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(parts)
