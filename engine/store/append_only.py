"""What refuses changes of the log, its tree and seals, and of published definitions, whoever asks through SQL.

Triggers stop mistakes and the program itself, not the owner of the database: against that one stand the seal and
the anchors. On SQLite the insert trigger is needed beside the delete trigger, because `INSERT OR REPLACE` deletes
without firing it unless a connection has `recursive_triggers`. On PostgreSQL `TRUNCATE` has a trigger of its own.
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

REFUSE = """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END$$"""
"""What the triggers of PostgreSQL do."""


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


def postgresql_triggers(tables: Iterable[str] = tuple(_KEYS)) -> dict[str, str]:
    """The same for PostgreSQL, in the words in which it tells of them."""
    made: dict[str, str] = {}
    for table in tables:
        for verb, each in (("update", "ROW"), ("delete", "ROW"), ("truncate", "STATEMENT")):
            if verb == "delete" and table in _ERASABLE:
                continue
            name = f"{table}_no_{verb}"
            made[name] = (
                f"CREATE TRIGGER {name} BEFORE {verb.upper()} ON public.{table} "
                f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
    return made


def install(dialect: str, execute: Callable[[str], Any], *tables: str) -> None:
    """Create the triggers of some tables by a function that runs one statement."""
    if dialect == "postgresql":
        execute(REFUSE)
        made = postgresql_triggers(tables)
    else:
        made = triggers(tables)
    for sql in made.values():
        execute(sql)


def missing_postgresql(execute: Callable[[str], Any]) -> tuple[str, ...]:
    """Names of PostgreSQL's triggers that are not there, switched off, or not as they should be."""
    rows = execute(
        "SELECT t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
        "WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND p.prosrc LIKE '%RAISE EXCEPTION%'"
    )
    there = {name: sql.replace("public.refuse_change", "refuse_change") for name, sql in rows}
    return tuple(name for name, sql in postgresql_triggers().items() if there.get(name) != sql)
