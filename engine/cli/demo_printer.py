"""What the demo shows, in a screen or two: calls, ribbons, a mail, a log, and the log as evidence."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from engine.cli.options import Shell
from engine.cli.output import mark_sandbox, safe, safe_lines, say, say_styled
from engine.cli.showing import print_line
from engine.cli.tables import Column, pad, print_table, ribbon, width
from engine.cli.telling import arrow
from engine.cli.texts import role_text
from engine.core.localday import format_day, format_moment
from engine.core.money import format_money
from engine.settings import Settings

MAIL_LINES = 14
"""So many lines of the mail's text are shown."""


class DemoPrinter:
    """Prints what the command gives with `--json`."""

    def __init__(self, shell: Shell, told: Mapping[str, Any]) -> None:
        self.shell, self.told, self.folder = shell, told, told["home"]
        self.text, self.lang, self.color = shell.text, shell.lang, shell.color
        self.zone = Settings().tz

    def print(self) -> None:
        """All of it."""
        self._head()
        self._calls()
        self._projects()
        self._mail()
        self._log()
        self._overdue()
        self._proof()
        self._onwards()

    def _head(self) -> None:
        totals = self.told["totals"]
        mark_sandbox(self.text("sandbox"), as_json=False)
        now = format_day(datetime.fromisoformat(self.told["now"]).astimezone(self.zone).date(), self.lang)
        sent, waiting = totals["mail"].get("sent", 0), totals["mail"].get("queued", 0)
        say(self.text("demo_done", cases=totals["cases"], entries=totals["entries"], sent=sent, waiting=waiting,
                      seconds=round(self.told["seconds"]), now=now))  # fmt: skip
        say(self.text("demo_real"))
        say(self.text("demo_made_up"))

    def _title(self, code: str, **params: Any) -> None:
        say()
        say_styled([(self.text(code, **params), "bold")], color=self.color)

    def _calls(self) -> None:
        self._title("demo_calls")
        names = ("call", "body", "closes", "board", "granted")
        rows = [
            [f"{call['reference']} {call['title']}", call["body"], self._sure(call, "closes"),
             self._sure(call, "board"), call["granted"]]
            for call in self.told["calls"]
        ]  # fmt: skip
        columns = [Column(self.text(f"demo_column_{name}")) for name in names]
        print_table(columns, rows, color=self.color)
        say(self.text("demo_star"))

    def _sure(self, call: Mapping[str, Any], what: str) -> str:
        """A day or moment of a call, with a star if no source tells it."""
        return str(call[what]).replace("T", " ") + ("" if what in call["sure"] else " *")

    def _projects(self) -> None:
        projects = self.told["projects"]
        together = format_money(projects[0]["together"], self.lang)
        self._title("demo_projects", together=together)
        for project in projects:
            granted = format_money(project["granted"], self.lang)
            say_styled(
                [(project["reference"], "bold"), (f"  {project['place']}: {project['title']}  ({granted})", None)],
                color=self.color,
            )
            line = ribbon([safe(label) for label in project["phases"]], project["passed"], color=self.color)
            here = project["passed"] is not None and project["phases"][project["passed"]]
            print_line(f"  {line}  {safe(project['state']) if project['state'] != here else ''}")

    def _mail(self) -> None:
        mail = self.told["mail"]
        self._title("demo_mail", file=f"{self.folder}/outbox/{mail['file']}")
        for name, value in mail["headers"].items():
            say(f"  {name}: {value}")
        say(f"  {self.text('demo_enclosed', files=mail['enclosures'])}")
        say()
        lines = safe_lines(mail["text"].rstrip())
        for line in lines[:MAIL_LINES]:
            say(f"  {line}")
        if len(lines) > MAIL_LINES:
            say("  …")

    def _log(self) -> None:
        log = self.told["log"]
        self._title("demo_log", reference=log["reference"], title=log["title"])
        for entry in log["entries"]:
            when = datetime.fromisoformat(entry["at"]).astimezone(self.zone)
            who = role_text(entry["by"], self.lang)
            say(f"  {when:%Y-%m-%d %H:%M}  {pad(who, 17)}  {entry['event']}{self._led_to(entry)}")

    def _led_to(self, entry: Mapping[str, Any]) -> str:
        if entry["kind"] == "expire":
            return f"  {self.text('demo_expired')}"
        if entry["kind"] == "refused":
            reasons = "; ".join(self.text(r["code"], **self._shown(r["params"])) for r in entry["reasons"])
            return f"  {self.text('demo_refused', reasons=reasons)}"
        return f"  {arrow()} {entry['state']}" if entry["state"] else ""

    def _shown(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Instants in a reason as local moments."""
        return {name: self._moment(value) for name, value in params.items()}

    def _moment(self, value: Any) -> Any:
        try:
            found = datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else None
        except ValueError:
            found = None
        return format_moment(found, self.lang, self.zone) if found else value

    def _overdue(self) -> None:
        self._title("demo_overdue")
        for one in self.told["overdue"]:
            day = format_day(date.fromisoformat(one["due_on"]), self.lang)
            say(f"  {self.text('demo_overdue_line', reference=one['reference'], title=one['title'], day=day)}")

    def _proof(self) -> None:
        proof = self.told["proof"]
        self._title("demo_proof")
        ok = "verify_bad" if proof["faulty"] else "verify_ok"
        say(f"  {self.text(ok, **{name: proof[name] for name in ('entries', 'cases', 'faulty')})}")
        changed = proof["changed"]
        say(f"  {self.text('demo_changed', **changed)}")
        for line in self._found(proof):
            say(f"  {line}")

    def _found(self, proof: Mapping[str, Any]) -> Iterator[str]:
        if not proof["found"]:
            yield self.text("demo_unnoticed")
        for found in proof["found"]:
            why = self.text(found["code"], **found["params"])
            yield self.text("demo_noticed", entry=found["entry"], why=why)

    def _onwards(self) -> None:
        self._title("demo_onwards")
        late = self.told["log"]["reference"]
        overdue = self.told["overdue"][0]["reference"] if self.told["overdue"] else late
        commands = {
            "home": f"cd {self.folder}",
            "status": "skede status",
            "next": f"skede --as officer next {overdue}",
            "show": f"skede show {late}",
            "tree": "skede tree U-2021-001",
            "mail": "skede mail list --state queued",
            "clock": "skede clock forward 30d --tick",
            "verify": "skede audit verify",
        }
        space = max(map(width, commands.values()))
        for name, command in commands.items():
            say(f"  {pad(command, space)}  {self.text(f'demo_try_{name}')}".rstrip())
