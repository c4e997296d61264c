"""What can be done next, as JSON and in words."""

from collections.abc import Mapping
from typing import Any

from engine.app.next_events import Ahead, Possible
from engine.cli.again import NOTE, mending, ready, together, told_once, without_gap
from engine.cli.failure import reason_json, reason_text
from engine.cli.options import Shell
from engine.cli.output import say, say_styled
from engine.cli.telling import arrow
from engine.cli.texts import letter_text, role_text
from engine.core.errors import Refusal
from engine.core.localday import format_day
from engine.core.when import parse_date


def possible_json(possible: Possible, lang: str) -> dict[str, Any]:
    """An event as scripts read it."""
    return {
        "event": possible.event, "title": possible.title[lang], "target": possible.target,
        "allowed": possible.allowed, "roles": list(possible.roles),
        "missing": [_reason(possible, reason, lang) for reason in possible.missing],
        "opens": list(possible.opens), "closes": list(possible.closes), "messages": list(possible.messages),
        "cases": list(possible.cases),
    }  # fmt: skip


def _reason(possible: Possible, reason: Refusal, lang: str) -> dict[str, Any]:
    told = {"fix": None, "who": [], **reason_json(reason, lang)}
    return told | {"people": {role: list(possible.people.get(role, ())) for role in reason.who}}


def print_ahead(shell: Shell, ahead: Ahead, *, whole: bool) -> None:
    """The events for people; `whole`: also what each would open, close, send and set going."""
    case, lang = ahead.case, shell.lang
    state = ahead.definition.states[case.state].title[lang]
    say_styled([(case.reference, "bold"), (f"  {case.title}", None), (f"  {state}", "cyan")], color=shell.color)
    if not ahead.events:
        say(shell.text("case_nothing_next"))
    for possible in ahead.events:
        _Event(shell, ahead, possible).print(whole=whole)


class _Event:
    def __init__(self, shell: Shell, ahead: Ahead, possible: Possible) -> None:
        self.shell, self.ahead, self.possible = shell, ahead, possible
        self.text, self.lang = shell.text, shell.lang
        self.verb = f"skede advance {ahead.case.reference} {possible.event}"
        self.waivers: set[tuple[str, ...]] = set()

    def print(self, *, whole: bool) -> None:
        possible, missing = self.possible, told_once(self.possible.missing)
        mark = self.text("next_can") if possible.allowed else self.text("next_missing", n=len(missing))
        roles = ", ".join(role_text(role, self.lang) for role in possible.roles)
        say()
        say_styled(
            [(possible.event, "bold"),
             (f"  {possible.title[self.lang]} {arrow()} {possible.target_title[self.lang]}", None),
             (f"  {mark}", "green" if possible.allowed else "yellow")], color=self.shell.color,
        )  # fmt: skip
        if possible.help and whole:
            say(f"  {possible.help[self.lang]}")
        say("  " + self.text("next_who", roles=roles))
        if possible.allowed:
            say("  " + self.text("next_how", command=ready(self.shell, self.verb)))
        for reason in missing:
            self._missing(reason)
        self._together()
        if whole:
            self._effects()

    def _brings(self) -> list[str]:
        """The options that give all that the event itself can bring."""
        fixes = [without_gap(reason.fix) for reason in told_once(self.possible.missing) if reason.fix]
        return together(f[len(self.verb) + 1 :] for f in fixes if f.startswith(f"{self.verb} -"))

    def _together(self) -> None:
        brings = self._brings()
        if len(brings) > 1:
            say("  " + self.text("next_together", command=ready(self.shell, f"{self.verb} {' '.join(brings)}")))

    def _missing(self, reason: Refusal) -> None:
        say(f"  - {reason_text(reason, self.lang)}")
        fix = mending(reason)
        if fix and fix != self.verb.replace(" advance ", " next ", 1):  # that is what is being read
            say(f"    {self.text('reason_fix', command=ready(self.shell, fix, reason.who))}")
        if reason.who:
            say(f"    {self.text('next_may', who=self._people(reason.who))}")
        if reason.waivable_by and reason.waivable_by not in self.waivers:
            self.waivers.add(reason.waivable_by)
            options = together((*self._brings(), *self._overrides(reason), NOTE))
            command = ready(self.shell, f"{self.verb} {' '.join(options)}", reason.waivable_by)
            say(f"    {self.text('next_waivable', who=self._people(reason.waivable_by), command=command)}")

    def _overrides(self, reason: Refusal) -> list[str]:
        """The options that waive a rule, and with it the others that the same people may waive."""
        same = [r for r in self.possible.missing if r.guard and r.waivable_by == reason.waivable_by]
        return list(dict.fromkeys(f"--override {r.guard}" for r in same))

    def _people(self, roles: tuple[str, ...]) -> str:
        told = []
        for role in roles:
            names = self.possible.people.get(role, ())
            told.append(role_text(role, self.lang) + (f" ({', '.join(names)})" if names else ""))
        return ", ".join(told)

    def _effects(self) -> None:
        for deadline in self.possible.opens:
            say("  " + self.text("next_opens", title=self._title(deadline), day=self._day(deadline)))
        for deadline in self.possible.closes:
            say("  " + self.text("next_closes", title=self._title(deadline)))
        for message in self.possible.messages:
            names = ", ".join(person["name"] or person["id"] for person in message["to"])
            code = "next_sends_maybe" if message["conditional"] and not self.possible.allowed else "next_sends"
            say(
                "  "
                + self.text(
                    code, template=letter_text(message["template"], self.lang), names=names or self.text("next_nobody")
                )
            )
        for other in self.possible.cases:
            code = "next_fires" if other["reference"] else "next_spawns"
            say("  " + self.text(code, **self._called(other)))

    def _called(self, other: Mapping[str, Any]) -> dict[str, str]:
        """Another case's workflow and event by their titles."""
        definition = self.ahead.others.get(other["workflow"] or "")
        if definition is None:
            return {key: value or "" for key, value in other.items()}
        event = next((t.title[self.lang] for t in definition.transitions if t.event == other["event"]), other["event"])
        return {"workflow": definition.title[self.lang], "event": event, "reference": other["reference"] or ""}

    def _title(self, deadline: Mapping[str, Any]) -> str:
        return self.ahead.definition.deadlines[deadline["name"]].title[self.lang]

    def _day(self, deadline: Mapping[str, Any]) -> str:
        day = deadline["due_on"]
        return format_day(parse_date(day), self.lang) if day else self.text("next_day_unknown")
