"""What a change did, in words: from where to where, which deadlines, who is told, what followed, and what is next."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.app.letters import days_text
from engine.app.wording import Words, words_for
from engine.cli.again import ready
from engine.cli.options import Shell
from engine.cli.output import can_draw, emit_json, say, say_beside, say_styled
from engine.cli.session import Session
from engine.cli.texts import has_text, letter_text, role_text
from engine.core.localday import format_day
from engine.core.when import parse_date

SILENT = ("cancelled", "held")
"""States of a message that does not leave by itself."""


def tell_done(shell: Shell, session: Session, told: Mapping[str, Any], *, dry_run: bool) -> None:
    """Print the answer of a change, as JSON or in words."""
    if shell.json:
        emit_json(told)
        return
    _Teller(shell, session, words_for(session.office, told), say).tell(told, dry_run=dry_run)


def tell_opened(shell: Shell, session: Session, told: Mapping[str, Any], *, dry_run: bool) -> None:
    """Print the reference of a new case as the result, and the rest beside it."""
    if shell.json:
        emit_json(told)
        return
    say(told["reference"])
    if not shell.quiet:
        done = {**told, "deadlines": {"opened": told["deadlines"]}, "parties": ()}  # all that it has, none changed
        _Teller(shell, session, words_for(session.office, done), say_beside).tell(done, dry_run=dry_run)


class _Teller:
    """One answer being told; every line goes through `say`."""

    def __init__(self, shell: Shell, session: Session, words: Words, say: Callable[[object], None]) -> None:
        self.shell, self.session, self.words, self.say = shell, session, words, say
        self.text, self.lang = shell.text, shell.lang
        with session.office.store.read() as tx:
            self.today = session.office.calendar.day(tx.now)

    def tell(self, told: Mapping[str, Any], *, dry_run: bool) -> None:
        self._head(told, f"{self.text('sandbox_mark')} " if self.session.sandbox else "")
        if self.shell.quiet:
            return
        self._parties(told)
        self._deadlines(told)
        self._messages(told)
        self._others(told)
        if dry_run:
            self.say(self.text("case_dry_run"))
            return
        self.say(self.text("case_next", command=f"skede next {told['reference']}"))

    def _head(self, told: Mapping[str, Any], mark: str) -> None:
        source, target = self.words.states[told["reference"]]
        what = self._what(told)
        states = target[self.lang]
        if source is not None and told["source"] != told["target"]:
            states = f"{source[self.lang]} {arrow()} {target[self.lang]}"
        line = f"{mark}{told['reference']}: {what}. {states}"
        if self.say is say and self.shell.color:
            say_styled([(mark, "yellow"), (told["reference"], "bold"), (f": {what}. {states}", None)], color=True)
        else:
            self.say(line)
        if told.get("pending"):
            self.say("  " + self.text("case_pending"))

    def _what(self, told: Mapping[str, Any]) -> str:
        """The event, or the kind of change; both where an event was taken back, or is one yes of several."""
        event = self.words.event[self.lang] if self.words.event else None
        if event and told["kind"] in ("open", "advance"):
            return event
        code = f"kind_{told['kind']}"
        kind = self.text(code) if has_text(code, self.lang) else str(told["kind"])
        return f"{kind}: {event}" if event else kind

    def _parties(self, told: Mapping[str, Any]) -> None:
        for party in told.get("parties", ()):
            function = role_text(party["function"], self.lang) if party["function"] else ""
            self.say("  " + self.text(
                f"party_{party['change']}", role=role_text(party["role"], self.lang), name=party["name"] or "",
                organisation=party["organisation"] or party["organisation_id"], function=function,
            ))  # fmt: skip

    def _deadlines(self, told: Mapping[str, Any]) -> None:
        for deadline in told["deadlines"].get("closed", ()):
            how = self.text(f"ended_{deadline['state']}")
            self.say("  " + self.text("case_deadline_closed", title=self._title(deadline), how=how))
        for what in ("opened", "moved"):
            for deadline in told["deadlines"].get(what, ()):
                day = parse_date(deadline["due_on"])
                self.say("  " + self.text(
                    f"case_deadline_{what}", title=self._title(deadline), day=format_day(day, self.lang),
                    days=days_text((day - self.today).days, self.lang), who=deadline["owner"],
                ))  # fmt: skip

    def _title(self, deadline: Mapping[str, Any]) -> str:
        title = self.words.deadlines.get((deadline["case"], deadline["name"]))
        return title[self.lang] if title else str(deadline["name"])

    def _messages(self, told: Mapping[str, Any]) -> None:
        for message in told["messages"]:
            if message["to"] is None:
                letter = letter_text(message["template"], self.lang)
                command = ready(self.shell, f"skede mail why {told['reference']}")
                self.say("  " + self.text("case_message_nobody", template=letter, command=command))
                continue
            code = f"case_message_{message['state']}" if message["state"] in SILENT else "case_message"
            letter = letter_text(message["template"], self.lang)
            self.say("  " + self.text(code, name=message["to_name"] or message["to"], template=letter))

    def _others(self, told: Mapping[str, Any]) -> None:
        for other in told["cases"]:
            state = self.words.states[other["reference"]][1][self.lang]
            if other["opened"]:
                self.say("  " + self.text("case_opened_too", reference=other["reference"], state=state))
                continue
            what = self._event(other)
            self.say("  " + self.text("case_moved_too", reference=other["reference"], event=what, state=state))
        for skipped in told.get("skipped", ()):
            reasons = "; ".join(self.text(r["code"], **r["params"]) for r in skipped["reasons"])
            what = self._event(skipped)
            self.say("  " + self.text("case_skipped", reference=skipped["reference"], event=what, reasons=reasons))

    def _event(self, other: Mapping[str, Any]) -> str:
        title = self.words.events.get((other["reference"], other["event"]))
        if title:
            return title[self.lang]
        kind = f"kind_{other['event']}"
        return self.text(kind) if has_text(kind, self.lang) else str(other["event"])


def arrow() -> str:
    """An arrow, as far as the output can draw one."""
    import sys

    return "→" if can_draw(sys.stdout) else "->"
