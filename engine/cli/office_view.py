"""The office for people: `status`, `today` and `doctor` as they are printed."""

import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from engine.app.doctor_finding import Finding
from engine.cli.deadline import print_deadlines
from engine.cli.options import Shell
from engine.cli.output import can_draw, say, say_styled
from engine.cli.session import Session, moment_text
from engine.cli.tables import Column, bar, pad, print_table, width
from engine.cli.texts import has_text
from engine.core.localday import format_moment
from engine.core.money import format_money
from engine.core.plain import read_instant

MOST = 10
"""Rows of a list in the overview; the commands that list all of them are named beside it."""

MOMENTS = ("now", "newest", "at")
LACKING = ("_never", "_old", "_none")
"""How the findings end that say what an office ought to have, and a sandbox need not."""

MARKS = {"ok": ("ok", "green"), "warning": ("!", "yellow"), "error": ("x", "red")}


def print_status(shell: Shell, session: Session, told: Mapping[str, Any]) -> None:
    """The office at a glance."""
    say_styled([(session.office.name, "bold"), (f"  {moment_text(session, told['now'])}", None)], color=shell.color)
    _phases(shell, told["workflows"])
    _deadlines(shell, session, "status_overdue", told["overdue"], "skede deadline list --overdue")
    _deadlines(shell, session, "status_due_soon", told["due_soon"], "skede deadline list --within 14d")
    say()
    mail = ", ".join(f"{n} {shell.text('mail_' + state)}" for state, n in told["mail"].items())
    say(shell.text("status_mail", what=mail or shell.text("nothing_found")))
    if told["mail_held"]:
        say(shell.text("status_mail_held"))
    if told["mail_paused"]:
        at = moment_text(session, told["mail_paused"]["at"])
        say(shell.text("status_mail_paused", at=at, why=told["mail_paused"]["why"]))
    say(shell.text("status_seal", at=_moment(shell, session, told["last_seal"])))
    beat = told["heartbeat"]
    say(shell.text("status_heartbeat", ago=_ago(shell, beat["age_seconds"]) if beat else shell.text("never")))


def _phases(shell: Shell, workflows: Sequence[Mapping[str, Any]]) -> None:
    most = max((phase["open"] for flow in workflows for phase in flow["phases"]), default=0)
    wide = max((width(phase["title"]) for flow in workflows for phase in flow["phases"]), default=0)
    if not any(flow["open"] or flow["closed"] for flow in workflows):
        say(shell.text("status_no_cases"))
    for flow in workflows:
        if not flow["open"] and not flow["closed"]:
            continue
        say()
        counts = shell.text("status_counts", n=flow["open"], closed=flow["closed"])
        say_styled([(flow["title"], "bold"), (f"  {counts}", "dim")], color=shell.color)
        for phase in flow["phases"]:
            told = f"  {pad(phase['title'], wide)}  {phase['open']:>4}  "
            say_styled([(told, None), (bar(phase["open"], most), "cyan")], color=shell.color)


def _deadlines(
    shell: Shell, session: Session, title: str, found: Sequence[Mapping[str, Any]], all_of_them: str
) -> None:
    if not found:
        return
    say()
    say_styled([(shell.text(title, n=len(found)), "bold")], color=shell.color)
    print_deadlines(shell, session, [dict(d) for d in found[:MOST]])
    if len(found) > MOST:
        say(shell.text("status_more", n=len(found) - MOST, command=all_of_them))


def _moment(shell: Shell, session: Session, at: str | None) -> str:
    return moment_text(session, at) if at else shell.text("never")


def _ago(shell: Shell, seconds: int) -> str:
    span = timedelta(seconds=seconds)
    if span < timedelta(minutes=2):
        return shell.text("ago_seconds", n=seconds)
    if span < timedelta(hours=2):
        return shell.text("ago_minutes", n=seconds // 60)
    return (
        shell.text("ago_hours", n=seconds // 3600) if span < timedelta(days=2) else shell.text("ago_days", n=span.days)
    )


def print_call(shell: Shell, told: Mapping[str, Any]) -> None:
    """The money of a call, each amount with its share of the frame."""
    say_styled([(told["reference"], "bold"), (f"  {told['title']}", None)], color=shell.color)
    say(shell.text("call_applications", n=told["applications"], granted=told["granted_applications"]))
    names = ("frame", "applied", "proposed", "granted", "paid", "left")
    labels = {name: shell.text(f"call_{name}") for name in names}
    wide = max(map(width, labels.values()))
    frame = float(told["frame"] or 0)
    for name in names:
        if told[name] is None:
            say(f"  {pad(labels[name], wide)}  {shell.text('call_no_frame')}")
            continue
        amount = pad(format_money(told[name], shell.lang), 18, right=True)
        told_so = f"  {pad(labels[name], wide)}  {amount}  "
        say_styled([(told_so, None), (bar(float(told[name]), frame), "cyan")], color=shell.color)


def print_today(shell: Shell, session: Session, told: Mapping[str, Any]) -> None:
    """One person's day."""
    roles = ", ".join(shell.text(f"role_{role}") for role in told["roles"])
    say_styled([(told["login"], "bold"), (f"  {roles}  {moment_text(session, told['now'])}", None)], color=shell.color)
    nothing = True
    for name in ("overdue", "this_week"):
        nothing = nothing and not told[name]
        _deadlines(shell, session, f"today_{name}", told[name], "skede deadline list")
    for name in ("waiting_for_me", "waiting_for_others"):
        nothing = nothing and not told[name]
        _cases(shell, session, f"today_{name}", told[name])
    if nothing:
        say(shell.text("today_nothing"))


def _cases(shell: Shell, session: Session, title: str, found: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        return
    say()
    say_styled([(shell.text(title, n=len(found)), "bold")], color=shell.color)
    columns = [Column(shell.text(f"today_col_{name}")) for name in ("case", "title", "state", "waits_for", "due")]
    rows = (
        (row["reference"], row["title"], row["state_title"], shell.text(f"role_{row['waits_for']}"),
         row["due_on"] or "")
        for row in found[:MOST]
    )  # fmt: skip
    print_table(columns, rows, color=shell.color)
    if len(found) > MOST:
        say(shell.text("status_more", n=len(found) - MOST, command="skede list"))


def print_findings(shell: Shell, findings: Sequence[Finding]) -> None:
    """Each finding on a line, with what to do under it."""
    for finding in findings:
        relaxed = finding.level == "ok" and finding.code.endswith(LACKING)  # a sandbox need not have it
        mark, style = ("–" if can_draw(sys.stdout) else "-", "dim") if relaxed else MARKS[finding.level]
        text = shell.text(f"doctor_{finding.code}", **_shown(shell, finding.params))
        say_styled([(pad(mark, 2), style), (f"  {text}", None)], color=shell.color)
        fix = _fix(shell, finding)
        if fix:
            say(f"    {fix}")


def _shown(shell: Shell, params: Mapping[str, Any]) -> dict[str, Any]:
    """What a finding mentions, with its instants as local moments."""
    zone = shell.settings.tz
    return {
        name: format_moment(read_instant(value), shell.lang, zone, ends_day=False) if name in MOMENTS else value
        for name, value in params.items()
    }


def finding_json(shell: Shell, finding: Finding) -> dict[str, Any]:
    """A finding as scripts read it."""
    told = {
        "code": finding.code,
        "level": finding.level,
        "text": shell.text(f"doctor_{finding.code}", **finding.params),
    }
    return {**told, "fix": _fix(shell, finding), "params": dict(finding.params)}


def _fix(shell: Shell, finding: Finding) -> str | None:
    key = f"doctor_{finding.code}_fix"
    if finding.level == "ok" or not has_text(key, shell.lang):
        return None
    return shell.text(key, **finding.params)
