"""What may come with any change: the options that such commands share, and what was given with them.

A command is decorated with `giving(...)` and gets one argument, `gave`, in place of an argument per option.
"""

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import click
from msgspec import Struct, field
from msgspec.structs import replace

from engine.app.advance import LARGEST_PAPER, Given, Paper
from engine.cli.options import FIELD_VALUE, KIND_PATH
from engine.cli.session import Session
from engine.core.errors import EngineError, UsageError
from engine.core.localday import end_of_day
from engine.core.when import parse_when

MOST_VALUES = 10 * 1024 * 1024
"""Bytes of a file of values."""


class Gave(Struct, frozen=True):
    """The shared options as they were typed; what a command does not take is empty."""

    set: Sequence[tuple[str, str]] = ()
    attach: Sequence[tuple[str, str]] = ()
    note: str | None = None
    on_behalf_of: str | None = None
    occurred: str | None = None
    request_id: str | None = None
    dry_run: bool = False
    revision: int | None = None
    data: str | None = None
    edit: bool = False
    override: Sequence[str] = ()
    hold_mail: bool = False
    no_mail: bool = False
    message: str | None = None


_OPTIONS: Mapping[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "set": (
        ("-s", "--set"),
        {"multiple": True, "type": FIELD_VALUE, "help": "A value for the field of that id or title; none empties it."},
    ),
    "attach": (("-a", "--attach"), {"multiple": True, "type": KIND_PATH, "help": "A document to file."}),
    "data": (("--data",), {"metavar": "FILE", "help": "Values from a JSON or TOML file; - reads stdin."}),
    "edit": (("--edit",), {"is_flag": True, "help": "Fill in a form in $EDITOR."}),
    "note": (("-n", "--note"), {"metavar": "T", "help": "Why, in your own words; goes into the log."}),
    "on_behalf_of": (("-o", "--on-behalf-of"), {"metavar": "PERSON", "help": "Whose act is recorded."}),
    "occurred": (("--occurred",), {"metavar": "WHEN", "help": "When it happened, if not now."}),
    "override": (("--override",), {"multiple": True, "metavar": "GUARD", "help": "A rule to waive, with a note."}),
    "hold_mail": (("--hold-mail",), {"is_flag": True, "help": "Decide the mails, but hold them."}),
    "no_mail": (("--no-mail",), {"is_flag": True, "help": "Send no mail for this."}),
    "message": (("--message",), {"metavar": "T", "help": "Words of your own in the mails."}),
    "revision": (("--revision",), {"type": click.IntRange(min=0), "metavar": "N", "help": "The revision you saw."}),
    "request_id": (("--request-id",), {"metavar": "ID", "help": "Makes the command safe to repeat."}),
    "dry_run": (("--dry-run",), {"is_flag": True, "help": "Say what would happen, and do nothing."}),
}

FRAME = ("note", "on_behalf_of", "occurred", "revision", "request_id", "dry_run")
"""What every change takes."""


def giving(*more: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the shared options, and those named beside them (`set`, `attach`, `data`, `edit`, ...)."""
    names = [name for name in _OPTIONS if name in more or name in FRAME]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def run(*args: Any, **kwargs: Any) -> Any:
            gave = Gave(**{name: kwargs.pop(f"gave_{name}") for name in names})
            return command(*args, gave=gave, **kwargs)

        decorated: Callable[..., Any] = run
        for name in reversed(names):
            words, settings = _OPTIONS[name]
            decorated = click.option(*words, f"gave_{name}", **settings)(decorated)
        return decorated

    return decorate


class FromFile(Struct, frozen=True):
    """What a file of values gave: a plain table of fields, or a form with `set`, `attach`, `note` and so on."""

    set: Mapping[str, Any] = field(default_factory=dict)
    attach: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
    on_behalf_of: str | None = None
    occurred: str | None = None
    message: str | None = None


def given(session: Session, gave: Gave, papers: Sequence[Paper] = ()) -> Given:
    """What was given, ready for a use case; flags win over the file.

    Raises:
        UsageError: A file cannot be read, a field is given twice, or the mail options contradict each other.
        ValueMalformed: `--occurred` is no moment.
    """
    if gave.hold_mail and gave.no_mail:
        raise UsageError(
            "--hold-mail and --no-mail exclude each other: a mail is held, or it is not sent",
            says="options_exclude", one="--hold-mail", other="--no-mail",
        )  # fmt: skip
    twice = [name for name, _ in gave.set if sum(name == other for other, _ in gave.set) > 1]
    if twice:
        raise UsageError(f"-s {twice[0]}=… is given twice: leave one out", says="given_twice", field=twice[0])
    file = read_values(gave.data) if gave.data else FromFile()
    occurred = gave.occurred or file.occurred
    attached = [*gave.attach, *((k, p) for k, p in file.attach.items() if k not in dict(gave.attach))]
    return Given(
        set={**file.set, **dict(gave.set)}, papers=(*(paper(kind, path) for kind, path in attached), *papers),
        note=gave.note or file.note, on_behalf_of=gave.on_behalf_of or file.on_behalf_of,
        occurred_at=occurred_at(session, occurred) if occurred else None, revision=gave.revision,
        request_id=gave.request_id, override=tuple(gave.override), hold_mail=gave.hold_mail, no_mail=gave.no_mail,
        message=gave.message or file.message, dry_run=gave.dry_run,
    )  # fmt: skip


def with_file(given_so_far: Given, file: FromFile) -> Given:
    """What was given, with what a form says in place of it."""
    papers = tuple(p for p in given_so_far.papers if p.kind not in file.attach)
    return replace(
        given_so_far, set={**given_so_far.set, **file.set}, note=file.note or given_so_far.note,
        papers=(*papers, *(paper(kind, path) for kind, path in file.attach.items())),
        on_behalf_of=file.on_behalf_of or given_so_far.on_behalf_of, message=file.message or given_so_far.message,
    )  # fmt: skip


def occurred_at(session: Session, text: str) -> datetime:
    """The instant of `--occurred`; a bare date is the last second of that day, or now if it is today."""
    with session.office.store.read() as tx:
        now = tx.now
    return past_moment(text, session.office.calendar.zone, now)


def past_moment(text: str, zone: tzinfo, now: datetime) -> datetime:
    """The instant at which something happened.

    Of a bare date the last second is taken: nothing else that day is known to have come after it, and no rule that
    asks whether an hour of that day has passed refuses it.
    """
    found = parse_when(text, zone, now=now)
    if isinstance(found, datetime):
        return found
    last = end_of_day(found, zone) - timedelta(seconds=1)
    return min(last, now) if found == now.astimezone(zone).date() else last


def day_of_when(session: Session, text: str) -> date:
    """A day given as a WHEN; an instant is taken by its local day."""
    zone = session.office.calendar.zone
    with session.office.store.read() as tx:
        found = parse_when(text, zone, now=tx.now)
    return found.astimezone(zone).date() if isinstance(found, datetime) else found


def paper(kind: str, path: str, **more: Any) -> Paper:
    """A file as a document, or what is piped in (`-`), which is called by its kind.

    Raises:
        UsageError: It cannot be read, or is larger than a document may be.
    """
    from engine.readers.given import read_given

    place = Path(path).expanduser()
    try:
        content = sys.stdin.buffer.read(LARGEST_PAPER + 1) if path == "-" else read_given(place, LARGEST_PAPER)
    except OSError as error:
        raise _unreadable(path, error, "give the path of a file") from None
    if len(content) > LARGEST_PAPER:
        raise UsageError(
            f"{path} is larger than 25 MB: split it, or file a reference to where it is kept",
            says="file_too_large", path=path,
        )  # fmt: skip
    return Paper(kind.strip(), kind.strip() if path == "-" else place.name, content, **more)


def _unreadable(path: str, error: OSError | UnicodeDecodeError, advice: str) -> EngineError:
    from engine.readers.unreadable import unreadable

    return unreadable(path, error, advice)


def read_values(path: str) -> FromFile:
    """Values from a JSON or TOML file, or from stdin (`-`).

    Raises:
        UsageError: It cannot be read, or is neither JSON nor TOML, or no table.
    """
    from engine.readers.given import read_given

    try:
        piped = path == "-"
        content = sys.stdin.buffer.read(MOST_VALUES + 1) if piped else read_given(Path(path).expanduser(), MOST_VALUES)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error, "give a JSON or TOML file") from None
    if len(content) > MOST_VALUES:
        raise UsageError(f"{path}: is larger than 10 MB: no form is", says="values_too_large", path=path)
    return from_table(_table(text, path), path)


def _table(text: str, path: str) -> Any:
    if path.endswith(".json") or (not path.endswith(".toml") and text.lstrip().startswith("{")):
        import json

        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path} is not valid JSON: {error}", says="data_no_json", path=path, why=error) from None
    return toml_table(text, path)


def toml_table(text: str, path: str) -> dict[str, Any]:
    """A TOML text as a table.

    Raises:
        UsageError: It is not TOML.
    """
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}", says="data_no_toml", path=path, why=error) from None


def from_table(table: Any, path: str) -> FromFile:
    """A table as values: a form has a table `set` or `attach`, and its empty values are left out.

    Raises:
        UsageError: It is no table, or the form has a key that no form has.
    """
    if not isinstance(table, dict):
        raise UsageError(
            f'{path} holds no table: write {{ "field": value }}, or field = value in TOML',
            says="data_no_table",
            path=path,
        )
    if not any(isinstance(table.get(key), dict) for key in ("set", "attach")):
        return FromFile(set=table)
    known = FromFile.__struct_fields__
    strange = [key for key in table if key not in known]
    if strange:
        raise UsageError(
            f"{path}: a form has no {strange[0]}; it has {', '.join(sorted(known))}",
            says="form_key_unknown",
            path=path,
            key=strange[0],
            known=", ".join(sorted(known)),
        )
    form = {key: value for key, value in table.items() if value not in ("", None)}
    for key in ("set", "attach"):
        form[key] = {name: value for name, value in form.get(key, {}).items() if value != ""}
    return FromFile(**form)
