"""Copies of a database: taken while it is in use, and put back in one transaction."""

import os
from pathlib import Path

from engine.core.errors import LogTampered, UsageError
from engine.store.connection import Connection
from engine.store.database import connect, is_driver_error, raw_connection, translated
from engine.store.files import finish, private_files, unfinished
from engine.store.migrate import check


def backup(path: Path, target: Path) -> None:
    """Copy a database, consistent while it is in use; the copy has its name only when it is whole and checked.

    Raises:
        UsageError: There is something at the target already.
        LogTampered: The database is damaged, and so would be the copy.
    """
    if os.path.lexists(target):
        raise UsageError(f"{target} is there already; a backup is never written over another file")
    source = connect(path, read_only=True)
    try:
        with private_files(), unfinished(target) as temporary:
            _copy(source, temporary)
            refuse_if_wrong(temporary)
            finish(temporary, target)
    finally:
        source.close()


def restore(path: Path, source: Path) -> None:
    """Put a backup back. What was there is replaced whole, or, if anything fails, not at all.

    Raises:
        LogTampered: The backup is damaged or no database of ours.
        Unavailable: Someone else is writing to the database.
    """
    refuse_if_wrong(source)
    if not os.path.lexists(path):
        backup(source, path)
        return
    kept = connect(source, read_only=True)
    # Through SQLite and not by renaming: a write-ahead log left beside the old file must not meet the new one.
    target = connect(path, any_schema=True)
    try:
        kept.backup(target)
    except Exception as error:
        if is_driver_error(error):
            raise translated(error, path) from error
        raise
    finally:
        target.close()
        kept.close()


def _copy(source: Connection, target: Path) -> None:
    copy = raw_connection(target, "rwc")
    try:
        source.backup(copy)
    except Exception as error:
        if is_driver_error(error):
            raise translated(error, target) from error
        raise
    finally:
        copy.close()


def refuse_if_wrong(path: Path) -> None:
    """Refuse a file that is not whole.

    Raises:
        LogTampered: Something is wrong with it.
    """
    findings = check(path)
    if findings:
        raise LogTampered(f"{path}: {findings[0]}")
