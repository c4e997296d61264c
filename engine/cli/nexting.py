"""What can be done next, as JSON and in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.app.next_events import Ahead, Possible
from engine.cli.again import ready
from engine.cli.failure import reason_json, reason_text
from engine.cli.options import Shell
from engine.cli.output import say, say_styled
from engine.cli.telling import arrow
from engine.cli.texts import letter_text, role_text
from engine.core.errors import Refusal
from engine.core.localday import format_day
from engine.core.when import parse_date

TO_BE_GIVEN = ("field_missing", "field_must_be_brought")


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


def told_once(missing: Sequence[Refusal]) -> list[Refusal]:
    """The reasons, each once, without what is wrong with a value that is to be given anyway."""
    asked = {r.params["field"] for r in missing if r.code in TO_BE_GIVEN}
    told: dict[tuple[str, str], Refusal] = {}
    for reason in missing:
        if reason.code in TO_BE_GIVEN or reason.params.get("field") not in asked:
            told.setdefault((reason.code, str(sorted(reason.params.items(), key=str))), reason)
    return list(told.values())


class _Event:
    def __init__(self, shell: Shell, ahead: Ahead, possible: Possible) -> None:
        self.shell, self.ahead, self.possible = shell, ahead, possible
        self.text, self.lang = shell.text, shell.lang

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
            say("  " + self.text("next_how", command=f"skede advance {self.ahead.case.reference} {possible.event}"))
        for reason in missing:
            self._missing(reason)
        self._together(missing)
        if whole:
            self._effects()

    def _together(self, missing: Sequence[Refusal]) -> None:
        """One command that gives all that the event itself can bring."""
        verb = f"skede advance {self.ahead.case.reference} {self.possible.event} "
        brings = list(
            dict.fromkeys(r.fix.removeprefix(verb) for r in missing if r.fix and r.fix.startswith(verb + "-"))
        )
        if len(brings) > 1:
            say("  " + self.text("next_together", command=ready(self.shell, verb + " ".join(brings))))

    def _missing(self, reason: Refusal) -> None:
        say(f"  - {reason_text(reason, self.lang)}")
        if reason.fix and reason.code != "role_missing":
            say(f"    {self.text('reason_fix', command=ready(self.shell, reason.fix, reason.who))}")
        if reason.who:
            say(f"    {self.text('next_may', who=self._people(reason.who))}")
        if reason.waivable_by:
            params = {"roles": list(reason.waivable_by), "guard": reason.guard or ""}
            say(f"    {self.text('reason_waivable', **params)}")

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
