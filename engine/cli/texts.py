"""Sentences by code and language: `templates/texts/<lang>/*.toml`, read when the first of them is needed.

A file holds `code = "text with {param}"`, and `{n:case|cases}` where a number decides the word; every code stands in
both languages with the same parameters (a test compares them). `glossary.toml` and `help.toml` have other forms and
belong to `skede help` and to help pages.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import templates
from engine.core.errors import EngineError

TEXTS = Path(templates.__file__).parent / "texts"
FIRST = ("cli", "engine")
APART = ("glossary", "help")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_COUNTED = re.compile(r"\{(\w+):([^{}|]*)\|([^{}|]*)\}")
_NAMES_ROLES = ("role", "roles", "who")


def text(code: str, lang: str, /, **params: Any) -> str:
    """The sentence of a code; a code without one is shown as itself with its parameters, never an error."""
    found = _find(code, lang)
    if found is None:
        told = ", ".join(f"{name} {param_text(name, value, lang)}" for name, value in params.items())
        return f"{code} ({told})" if told else code
    return _PLACEHOLDER.sub(lambda match: _filled(match[1], params, lang), counted(found, params))


def has_text(code: str, lang: str) -> bool:
    """Whether a code has a sentence."""
    return _find(code, lang) is not None


def error_text(error: EngineError, lang: str) -> str:
    """What an error says in a language; its English message where it has no sentence."""
    if error.says and (sentence := f"says_{error.says}") and has_text(sentence, lang):
        return text(sentence, lang, **error.params)
    default = (type(error).__doc__ or "").split("\n")[0]
    own = f"error_{error.code}"
    return text(own, lang) if error.message == default and has_text(own, lang) else error.message


def param_text(name: str, value: Any, lang: str) -> str:
    """A parameter in a sentence: lists with commas, roles by their names, titles and errors in the language."""
    if isinstance(value, EngineError):
        return error_text(value, lang)
    if isinstance(value, Mapping) and lang in value:
        return str(value[lang])
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(param_text(name, part, lang) for part in value)
    if isinstance(value, bool):
        return _find("yes" if value else "no", lang) or str(value)
    return role_text(str(value), lang) if name in _NAMES_ROLES else str(value)


def role_text(role: str, lang: str) -> str:
    """A role by its name, and `owner.leader` as `projektledare (projektägare)`; what is no role stays as it is."""
    holder, dot, function = role.partition(".")
    name = _find(f"role_{holder}", lang)
    if name is None or not dot:
        return name or role
    return f"{_find(f'role_{function}', lang) or function} ({name})"


def letter_text(template: str, lang: str) -> str:
    """What a letter is called in listings; a template of the home's own by its name."""
    return _find(f"letter_{template}", lang) or template


@cache
def files(lang: str) -> list[Path]:
    """The files of a language, in the order in which they are asked."""
    names = sorted(path.stem for path in (TEXTS / lang).glob("*.toml") if path.stem not in APART)
    ordered = [name for name in FIRST if name in names] + [name for name in names if name not in FIRST]
    return [TEXTS / lang / f"{name}.toml" for name in ordered]


@cache
def read(path: Path) -> Mapping[str, Any]:
    """One file of texts."""
    import tomllib

    with path.open("rb") as file:
        return tomllib.load(file)


def counted(sentence: str, params: Mapping[str, Any] | None = None) -> str:
    """A sentence with the words that its numbers ask for; those of many where no number is known."""
    return _COUNTED.sub(lambda match: match[2] if (params or {}).get(match[1]) == 1 else match[3], sentence)


def placeholders(sentence: str) -> frozenset[str]:
    """The parameters that a sentence mentions."""
    return frozenset((*_PLACEHOLDER.findall(sentence), *(name for name, _, _ in _COUNTED.findall(sentence))))


def all_texts(lang: str) -> Iterator[tuple[str, str, str]]:
    """(file, code, sentence) of every text of a language."""
    for path in files(lang):
        for code, sentence in read(path).items():
            yield path.name, code, sentence


@cache
def _find(code: str, lang: str) -> str | None:
    """The sentence of a code: only its own lines are parsed, which is most of what a short command would spend."""
    for path in files(lang):
        whole = _whole(path)
        at = whole.find(f"\n{code} = ") + 1
        if at:
            import tomllib

            long = whole.startswith('"""', at + len(code) + 3)
            end = whole.index('"""\n', at + len(code) + 6) + 3 if long else whole.index("\n", at)
            return str(tomllib.loads(whole[at:end])[code])
    return None


@cache
def _whole(path: Path) -> str:
    return "\n" + path.read_text("utf-8") + "\n"


def _filled(name: str, params: Mapping[str, Any], lang: str) -> str:
    return param_text(name, params[name], lang) if name in params else "…"
