"""Toy definitions, a registry that knows a few guards, and ways to spoil a definition, for the tests of judging."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from engine.core.build import build
from engine.core.definition import Definition
from engine.core.errors import Refusal
from engine.core.guard import Context, Registry
from engine.core.shape import Fault
from engine.core.validate import validate
from engine.readers.toml import read_definition

ROOT = Path(__file__).parent.parent.parent
TOYS = ROOT / "tests" / "toys"
Plain = dict[str, Any]
Change = Callable[[Plain], None]


def _content(context: Context, /, **params: Any) -> Iterable[Refusal]:
    return ()


def _registry() -> Registry:
    registry = Registry()
    registry.guard("field_in@1", field=str, values=list)(_content)
    registry.guard("document_filed@1", kind=str)(_content)
    registry.guard("reached@1", field=str)(_content)
    registry.guard("deadline_passed@1", deadline=str, after=str, optional=("after",))(_content)
    registry.guard("at_least@1", field=str, workflow=str, count=int, strict=bool, optional=("workflow", "strict"))(
        _content
    )
    registry.fill("arrived_late@1")(lambda context, /: True)
    return registry


REGISTRY = _registry()


def toy(name: str) -> Plain:
    plain, _ = read_definition(TOYS / f"{name}.toml")
    return plain


def definition(plain: Plain) -> Definition:
    made, faults = build(plain)
    assert not faults
    assert made
    return made


LETTER = definition(toy("tiny"))


def templates(name: str, lang: str) -> bool:
    return name in ("note_to_parties", "reminder") or (name == "only_swedish" and lang == "sv")


def faults_of(plain: Plain) -> list[Fault]:
    return validate(definition(plain), REGISTRY, known_workflows={"letter": LETTER}, templates=templates)


def put(*path: str | int, to: Any) -> Change:
    def change(plain: Plain) -> None:
        *parents, last = path
        table: Any = plain
        for key in parents:
            table = table[key]
        if last == "+":
            table.append(to)
        else:
            table[last] = to

    return change


def drop(*path: str | int) -> Change:
    def change(plain: Plain) -> None:
        *parents, last = path
        table: Any = plain
        for key in parents:
            table = table[key]
        del table[last]

    return change


def both(*changes: Change) -> Change:
    def change(plain: Plain) -> None:
        for one in changes:
            one(plain)

    return change
