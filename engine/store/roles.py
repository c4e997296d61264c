"""Rights in the database (PostgreSQL): what each role may do, so that no login of the application can touch the log.

The roles bear no login of their own; a login is made a member of those it needs: an official of `skede_app`, a worker
that runs the clock also of `skede_sequencer` and `skede_sealer`, an auditor of `skede_auditor` alone.
"""

from collections.abc import Iterator

from engine.core.errors import UsageError
from engine.store import row_rights
from engine.store.migrate import alone, is_url, on_server
from engine.store.schema import metadata

OWNER, APP, AUDITOR, SEQUENCER, SEALER = (
    f"skede_{name}" for name in ("owner", "app", "auditor", "sequencer", "sealer")
)
ROLES = (OWNER, APP, AUDITOR, SEQUENCER, SEALER)

_APPENDED = {
    "entries": "INSERT (case_ref, n, line)",
    "entry_private": "INSERT, DELETE",
    "pending": "INSERT (case_ref, n)",
    "definitions": "INSERT",
}
"""What the application may do with the log, beside reading it. The number and the login of an entry are not its to set.

It may delete the private part of an entry, which erasure needs and verification finds where no entry tells of it.
"""

_EVIDENCE = {
    SEQUENCER: {"leaves": "INSERT", "nodes": "INSERT", "pending": "DELETE"},
    SEALER: {"checkpoints": "INSERT"},
}


def install(place: str) -> tuple[str, ...]:
    """Make the roles, give them their rights and take all others away; may be done again. The roles' names.

    Raises:
        UsageError: The database is a file, which knows no roles.
        Unavailable: The login may make no roles.
    """
    if not is_url(place):
        raise UsageError("a file of SQLite knows no roles; those of the file's folder decide who may write it")
    with on_server(place) as connection:
        alone(connection)
        for sql in statements():
            connection.execute(sql)
    return ROLES


def statements() -> Iterator[str]:
    """What makes the roles and their rights."""
    for role in ROLES:
        yield (
            f"DO $$BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN "
            f"CREATE ROLE {role} NOLOGIN; END IF; END$$"
        )
    # Whoever makes a role must be in it to hand tables to it; a superuser need not.
    yield (
        "DO $$BEGIN IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN "
        f"GRANT {OWNER} TO CURRENT_USER; END IF; END$$"
    )
    yield f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER}"
    tables = (*metadata.tables, "alembic_version")
    others = f"PUBLIC, {', '.join(ROLES[1:])}"
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    # A table of the same name that a login makes for itself must not stand before ours.
    yield (
        "DO $$BEGIN EXECUTE 'REVOKE TEMPORARY ON DATABASE ' || quote_ident(current_database()) "
        f"|| ' FROM {others}'; END$$"
    )
    for role in ROLES[1:]:
        yield f"GRANT USAGE ON SCHEMA public TO {role}"
    for table in tables:
        yield f'ALTER TABLE "{table}" OWNER TO {OWNER}'
        yield f'REVOKE ALL ON "{table}" FROM {others}'
        yield f'GRANT SELECT ON "{table}" TO {APP}, {AUDITOR}, {SEQUENCER}, {SEALER}'
    yield from row_rights.statements()
    for function in ("fold(text)", "refuse_change()", *row_rights.FUNCTIONS):
        yield f"ALTER FUNCTION {function} OWNER TO {OWNER}"
    yield from _rights()


def _rights() -> Iterator[str]:
    evidence = {table for rights in _EVIDENCE.values() for table in rights}
    for table in metadata.tables:
        if table in _APPENDED:
            yield f'GRANT {_APPENDED[table]} ON "{table}" TO {APP}'
        elif table not in evidence:
            yield f'GRANT INSERT, UPDATE, DELETE ON "{table}" TO {APP}'
    for role, rights in _EVIDENCE.items():
        for table, right in rights.items():
            yield f'GRANT {right} ON "{table}" TO {role}'
