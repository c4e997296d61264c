"""Time: the sandbox's clock, and the work that time brings (`clock`, `tick`, `run`)."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

import click
from msgspec.structs import asdict

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox, say, say_beside
from engine.cli.session import moment_text, open_session
from engine.core.localday import start_of_day
from engine.core.when import format_instant, parse_when

if TYPE_CHECKING:
    from engine.app.tick import Ticked


def instant_of(text: str, zone: tzinfo) -> datetime:
    """A WHEN as an instant, before there is a home whose clock could be asked; a bare date is its first moment."""
    found = parse_when(text, zone, now=datetime.now(UTC))
    return found if isinstance(found, datetime) else start_of_day(found, zone)


@click.group()
def clock() -> None:
    """Look at the clock; in a sandbox, move it."""


@clock.command("show")
@pass_shell
def show(shell: Shell) -> None:
    """Where the clock stands."""
    from engine.app.clock import clock_now

    session = open_session(shell, read_only=True)
    told = clock_now(session.office)
    if shell.json:
        emit_json(told)
        return
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=False)
    say(moment_text(session, told["now"]))


@clock.command("set")
@click.argument("when")
@pass_shell
def set_(shell: Shell, when: str) -> None:
    """Put a sandbox's clock to WHEN; it only ever goes forward."""
    from engine.app.clock import goal_of, move_clock

    session = open_session(shell)
    _, goal = goal_of(session.office, when=when)
    told = move_clock(session.office, session.caller, goal)
    if shell.json:
        emit_json(told)
        return
    say(shell.text("clock_moved", at=moment_text(session, told["to"])))


@clock.command("forward")
@click.argument("span")
@click.option("--tick", "ticking", is_flag=True, help="Do on the way all that falls due.")
@pass_shell
def forward(shell: Shell, span: str, ticking: bool) -> None:
    """Put a sandbox's clock SPAN ahead (90d, 6m, 5wd)."""
    from engine.app import clock as use
    from engine.app.tick import Ticked
    from engine.cli.progress import track

    session = open_session(shell)
    now, goal = use.goal_of(session.office, span=span)
    if not ticking:
        told = use.move_clock(session.office, session.caller, goal)
        if shell.json:
            emit_json(told)
        else:
            say(shell.text("clock_moved", at=moment_text(session, told["to"])))
        return
    done = Ticked()
    days = _days(use.forward(session.office, session.caller, goal), now, done)
    for _ in track(days, shell.text("clock_running"), shell, total=(goal - now).days + 1):
        pass
    done.errors = list(dict.fromkeys(done.errors))
    tell_ticked(shell, done, moment_text(session, format_instant(goal)))


def _days(stops: Iterator[tuple[datetime, "Ticked"]], start: datetime, done: "Ticked") -> Iterator[int]:
    """Count every tick in, and pass on one item for each day that has gone."""
    gone = 0
    for at, ticked in stops:
        done.add(ticked)
        while start + timedelta(days=gone) <= at:
            gone += 1
            yield gone


@click.command()
@click.option("--dry-run", is_flag=True, help="Only tell what would be done now, and which mails would leave.")
@pass_shell
def tick(shell: Shell, dry_run: bool) -> None:
    """Do everything that is due now, once; prints what was done."""
    from engine.app.tick import tick as do_tick

    if dry_run:
        _would_tick(shell)
        return
    session = open_session(shell)
    tell_ticked(shell, do_tick(session.office), None)


def _would_tick(shell: Shell) -> None:
    """What a tick would do, found out on a copy that is thrown away."""
    from engine.app.clock import goal_of
    from engine.app.forecast import forecast
    from engine.app.mail_queue import seen_by_office
    from engine.bootstrap.home import throw_away
    from engine.cli.mail_ahead import print_mails

    session = open_session(shell, read_only=True)
    seen_by_office(session.office, session.caller, None)
    now, _ = goal_of(session.office, when="now")
    with throw_away(shell.settings, now) as (office, clock):
        told = forecast(office, clock, now)
    tell_ticked(shell, told.ticked, None)
    if not shell.json:
        print_mails(shell, session, told.mails)
        say(shell.text("tick_would"))


@click.command()
@click.option(
    "--every", type=click.FloatRange(min=0.1), default=30.0, show_default=True, metavar="SECONDS", help="How often."
)
@click.option("--once", is_flag=True, help="One round, as tick does it.")
@pass_shell
def run(shell: Shell, every: float, once: bool) -> None:
    """Do what is due for ever, with a heartbeat; ends on SIGTERM or Ctrl-C when what was begun is finished."""
    import logging

    from engine.bootstrap.databases import bell_of
    from engine.scheduler import Worker

    session = open_session(shell)
    if once:
        from engine.app.tick import tick as do_tick

        tell_ticked(shell, do_tick(session.office), None)
        return
    logging.basicConfig(level=logging.ERROR if shell.quiet else logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def told(done: "Ticked") -> None:
        if any(value for value in asdict(done).values()):
            tell_ticked(shell, done, None)
            sys.stdout.flush()

    shell.tell("run_begins", n=f"{every:g}")
    Worker(session.office, every, told, bell_of(shell.settings)).run()
    shell.tell("run_ends")


def tell_ticked(shell: Shell, done: "Ticked", at: str | None) -> None:
    """Print the counts: as JSON, or as one line with what is not zero, and the errors beside it."""
    counts = asdict(done)
    if shell.json:
        emit_json(counts)
        return
    if at is not None:
        say(shell.text("clock_moved", at=at))
    parts = [shell.text(f"tick_{name}", n=n) for name, n in counts.items() if name != "errors" and n]
    say(", ".join(parts) if parts else shell.text("tick_nothing"))
    for error in done.errors:
        say_beside(shell.text("tick_error", what=error))
