"""The Jinja environments that mail templates run in: no code, no missing names, no growth without bound."""

from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, Undefined, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notifications.markdown import Values

_FILTERS = frozenset({
    "capitalize", "first", "join", "last", "length", "list", "lower", "map", "reject", "rejectattr",
    "replace", "select", "selectattr", "sort", "trim", "unique", "upper",
})  # fmt: skip


VALUES = "values of the letter"
"""Under this name, which no template can write, the values of a letter are collected."""


class Passage(str):
    """Markdown that was rendered already and is no value."""

    __slots__ = ()


class MailEnvironment(ImmutableSandboxedEnvironment):
    """Where `a.b` on a mapping is its key `b` and nothing else, and operators that blow up memory are refused."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A key of a mapping, or something about the loop; texts and lists have no attributes here at all."""
        if type(obj) is dict or isinstance(obj, Mapping):  # the first is what nearly all are, at a tenth of the cost
            return self._key(obj, attribute)
        if isinstance(obj, (str, int, list, tuple)):
            # Methods such as `ljust` could fill the memory; filters do what a letter needs.
            return self.undefined(f"{attribute!r} cannot be asked of a {type(obj).__name__}")
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """As `getattr`, for `a["b"]` and for filters that look into records."""
        if isinstance(obj, Mapping):
            return self._key(obj, argument)
        return super().getitem(obj, argument)

    def _key(self, obj: Mapping[str, Any], key: Any) -> Any:
        try:
            return obj[key]
        except KeyError:
            return self.undefined(f"there is no {key!r} here; there are: {', '.join(sorted(obj)) or 'no names'}")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Refuse multiplication and formatting: no letter needs them, and one line of them can fill the memory."""
        raise SecurityError(f"the operator {operator} is not allowed in a mail template")


def due(deadlines: Any, name: str) -> str:
    """The due date, as text, of the open deadline of that name, or "" where none is open; a filter."""
    if isinstance(deadlines, Undefined):
        return str(deadlines)  # raises, as every use of a missing name does
    return next((str(d["due"]) for d in deadlines if d["name"] == name), "")


def text_environment() -> MailEnvironment:
    """For the subject and the text part: values are inserted as they are."""
    return _environment(finalize=_as_text)


def markdown_environment() -> MailEnvironment:
    """For the Markdown that becomes HTML: every value has a place in it, and is collected."""
    return _environment(finalize=_as_markdown)


def html_environment() -> MailEnvironment:
    """For the page around the HTML part."""
    return _environment(autoescape=True)


def _environment(**options: Any) -> MailEnvironment:
    environment = MailEnvironment(undefined=StrictUndefined, **options)
    environment.filters = {name: environment.filters[name] for name in _FILTERS} | {"due": due}
    environment.globals.clear()
    return environment


def _as_text(value: Any) -> Any:
    return "" if value is None else value


@pass_context
def _as_markdown(context: Context, value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, (Passage, int)):
        return value
    values: Values = context.parent[VALUES]
    return values.place(str(value))
