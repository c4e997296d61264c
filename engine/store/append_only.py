"""What refuses changes of the log, its tree and seals, and of published definitions, whoever asks through SQL.

Triggers stop mistakes and the program itself, not the owner of the file: against that one stand the seal and
the anchors. The insert trigger is needed beside the delete trigger, because `INSERT OR REPLACE` deletes
without firing it unless a connection has `recursive_triggers`.
"""

from collections.abc import Callable, Iterable
from typing import Any

_KEYS = {
    "entries": "id = NEW.id OR (case_ref = NEW.case_ref AND n = NEW.n)",
    "definitions": "name = NEW.name AND version = NEW.version",
    "entry_private": "case_ref = NEW.case_ref AND n = NEW.n",
    "leaves": "idx = NEW.idx OR (case_ref = NEW.case_ref AND n = NEW.n)",
    "nodes": "level = NEW.level AND idx = NEW.idx",
    "checkpoints": "size = NEW.size",
}
_ERASABLE = frozenset({"entry_private"})


def triggers(tables: Iterable[str] = tuple(_KEYS)) -> dict[str, str]:
    """Trigger -> its SQL. The private part of an entry may be deleted (erasure) but never replaced."""
    made: dict[str, str] = {}
    for table in tables:
        key = _KEYS[table]
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        made[f"{table}_no_update"] = f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}"
        made[f"{table}_no_replace"] = (
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key}) {refuse}"
        )
        if table not in _ERASABLE:
            made[f"{table}_no_delete"] = f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}"
    return made


def install(execute: Callable[[str], Any], *tables: str) -> None:
    """Create the triggers of some tables by a function that runs one statement."""
    for sql in triggers(tables).values():
        execute(sql)


def missing(execute: Callable[[str], Any]) -> tuple[str, ...]:
    """Names of the triggers that are not there, or not as they should be."""
    there = dict(execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    return tuple(name for name, sql in triggers().items() if there.get(name) != sql)
