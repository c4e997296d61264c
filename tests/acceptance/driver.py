"""Commands as plain values, and a sandbox that runs them: in this process to set the stage, else as one of their own.

An `Act` is one call of `skede`, told by what it is about and not by its words, so that a test can leave a field or a
paper out of it, or let somebody else give it. Cases are called by names of the test's own; `@name` in a value stands
for what the sandbox knows by that name, `@report:final` for the newest report of that kind.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import homes
import running
from hiring import hire
from running import Ran

from engine.core.case import Case
from engine.core.fold import fold
from engine.ports import UnitOfWork

LONG_AGO = date(2000, 1, 1)
_numbers = count(1)


@dataclass(frozen=True)
class Act:
    """One command.

    Attributes:
        who: The login that gives it.
        verb: The command's name.
        case: The case's name here; of `new` the name that the new case gets.
        words: What stands after the case, or after the verb where there is no case.
        fields: Values, as people type them, or JSON for lists.
        papers: Kinds of documents that come with it; each is a new file.
        note: Why.
        behalf: The person on whose behalf.
    """

    who: str
    verb: str
    case: str = ""
    words: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    papers: tuple[str, ...] = ()
    note: str | None = None
    behalf: str | None = None

    @property
    def event(self) -> str:
        """The event that is fired, of `advance` and `new`."""
        return self.words[0] if self.verb == "advance" else self.words[self.words.index("--event") + 1]

    def by(self, login: str) -> "Act":
        """The same from somebody else, in their own name."""
        return replace(self, who=login, behalf=None)

    def having(self, **fields: Any) -> "Act":
        """The same with other values; None leaves a value out."""
        return replace(self, fields={k: v for k, v in {**self.fields, **fields}.items() if v is not None})

    def without_paper(self, kind: str) -> "Act":
        """The same without the documents of a kind."""
        return replace(self, papers=tuple(paper for paper in self.papers if paper != kind))


def advance(
    who: str, case: str, event: str, *papers: str, note: str | None = None, behalf: str | None = None, **fields: Any
) -> Act:
    """Fire an event."""
    return Act(who, "advance", case, (event,), fields, papers, note, behalf)


def new(
    who: str, workflow: str, name: str, event: str, *papers: str, more: tuple[str, ...] = (), behalf: str | None = None,
    note: str | None = None, **fields: Any,
) -> Act:  # fmt: skip
    """Open a case and call it `name`."""
    return Act(who, "new", name, (workflow, "--event", event, *more), fields, papers, note, behalf)


def attach(who: str, case: str, *papers: str) -> Act:
    """File documents."""
    return Act(who, "attach", case, papers=papers)


def sign(who: str, case: str, signer: str, person: str, kind: str) -> Act:
    """Record a signature; `signer` is a role, or ROLE.FUNCTION of a party."""
    return Act(who, "sign", case, ("--party", signer, "--by", person, "--document", kind))


def amend(who: str, case: str, **fields: Any) -> Act:
    """Change fields without moving the case."""
    return Act(who, "amend", case, fields=fields, note="uppgifter")


def assign(who: str, case: str, login: str) -> Act:
    """Give the case to somebody."""
    return Act(who, "assign", case, (login,))


def recuse(who: str, case: str, login: str) -> Act:
    """Record a conflict of interest."""
    return Act(who, "recuse", case, (login,), note="jäv")


def party(who: str, case: str, action: str, text: str) -> Act:
    """Change the parties."""
    return Act(who, "party", case, (action, text), note="ändrade parter")


def clock(when: str) -> Act:
    """Set the sandbox's clock; what falls due on the way is left for the next `tick`."""
    return Act("officer", "clock", words=("set", when))


TICK = Act("officer", "tick")
"""Do what is due."""


@dataclass(frozen=True)
class Way:
    """How one edge of a workflow is taken.

    Attributes:
        place: Where it begins: a name of `PLACES`.
        act: The command that asks for the event, complete.
        before: What must have happened first, and at no earlier place.
        by: The command that makes it happen, where that is another one: of the clock, or on another case.
    """

    place: str
    act: Act
    before: tuple[Act, ...] = ()
    by: Act | None = None


class Sandbox:
    """A sandbox home, what the test calls things in it, and the commands it has been given."""

    def __init__(self, home: Path, names: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.names = dict(names or {})
        self._found: dict[tuple[str, int], str] = {}

    def copy(self, folder: Path) -> "Sandbox":
        """A second one that begins where this one stands."""
        self.close()
        return Sandbox(homes.copied(self.home, folder), self.names)

    def close(self) -> None:
        """Let go of the database, so that its file can be copied."""
        if "office" in self.__dict__:
            self.office.store.close()
            del self.office

    @cached_property
    def office(self) -> Any:
        """The home's office, to look at what the commands did."""
        return running.office_of(self.home)

    def do(self, *acts: Act) -> Any:
        """Run commands in this process; each must be done. The answer of the last."""
        answer: Any = None
        for act in acts:
            answer = self._done(act, running.inline(self.home, *self.argv(act), as_=act.who))
        return answer

    def process(self, act: Act) -> Any:
        """Run the real command as a process of its own; it must be done."""
        return self._done(act, running.skede(self.home, *self.argv(act), as_=act.who))

    def refused(self, act: Act, lang: str = "en") -> Ran:
        """Run a command in this process that must be refused (exit 3)."""
        ran = running.inline(self.home, *self.argv(act), as_=act.who, lang=lang)
        assert ran.code == 3, f"{act} gave {ran.code}, not 3: {ran.out or ran.err}"
        return ran

    def argv(self, act: Act) -> list[str]:
        """The words after `skede`."""
        words = [act.verb, *([] if act.verb in ("clock", "tick", "new") else [self.named(act.case)])]
        words += [self._filled(word) for word in act.words]
        if act.verb == "new":
            words += ["--title", f"Ärende {act.case}"]
        for name, value in act.fields.items():
            if isinstance(value, str):
                words += ["-s", f"{name}={self._filled(value)}"]
        if records := {name: v for name, v in act.fields.items() if not isinstance(v, str)}:
            words += ["--data", self._file(json.dumps(self._filled_all(records)), "json")]
        for kind in act.papers:
            words += [*(["-a"] if act.verb != "attach" else []), f"{kind}={self._file(f'{kind} {next(_numbers)}')}"]
        words += ["-n", act.note] if act.note else []
        words += ["-o", self._filled(act.behalf)] if act.behalf else []
        return [*words, "--json"]

    def named(self, name: str) -> str:
        """What a name stands for: the sandbox's own, else the newest case of `workflow` or `workflow:kind`."""
        if name in self.names:
            return self.names[name]
        with self.office.store.read() as tx:
            references = tuple(tx.cases.references())
            if (name, len(references)) not in self._found:
                self._found[name, len(references)] = _newest(name, [tx.cases.get(one) for one in references])
        return self._found[name, len(references)]

    def case(self, name: str) -> Case:
        """The case as it is stored."""
        with self.office.store.read() as tx:
            found: Case | None = tx.cases.get(self.named(name))
        assert found is not None
        return found

    def taken(self, name: str) -> list[tuple[str, str, str]]:
        """(event, from, to) of every event that the case's log has accepted."""
        with self.office.store.read() as tx:
            return [
                (entry["event"], entry["from"] or "", entry["to"])
                for line in tx.log.entries(self.named(name))
                if (entry := json.loads(line.line))["act"] in ("open", "advance")
            ]

    def folded(self) -> dict[str, tuple[Case | None, Case | None]]:
        """Reference -> the case as stored, and as its log folds."""
        with self.office.store.read() as tx:
            return {reference: (tx.cases.get(reference), _folded(tx, reference)) for reference in tx.cases.references()}

    def _done(self, act: Act, ran: Ran) -> Any:
        assert ran.code == 0, f"{act}\n{self.argv(act)}\n{ran.out}{ran.err}"
        answer: Any = ran.json
        if act.verb == "new":
            self.names[act.case] = answer["reference"]
        return answer

    def _filled(self, text: str) -> str:
        """The text with each `@name` looked up; names end at a colon that a word of the test's own follows not."""
        if "@" not in text:
            return text
        if text.startswith("@"):
            return self.named(text[1:])
        head, _, rest = text.partition("=")
        return f"{head}={':'.join(self._filled(part) for part in rest.split(':'))}"

    def _filled_all(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._filled_all(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._filled_all(inner) for inner in value]
        return self._filled(value) if isinstance(value, str) else value

    def _file(self, text: str, ending: str = "txt") -> str:
        folder = self.home / "papers"
        folder.mkdir(exist_ok=True)
        path = folder / f"{next(_numbers)}.{ending}"
        path.write_text(text, encoding="utf-8")
        return str(path)


def _newest(name: str, cases: Iterable[Case | None]) -> str:
    """The newest case of `workflow` or `workflow:kind`."""
    workflow, _, kind = name.partition(":")
    found = [case for case in cases if case and case.workflow == workflow and kind in ("", case.data.get("kind"))]
    assert found, f"nothing is called {name}"
    return max(found, key=lambda case: (case.opened_at, case.reference)).reference


def _folded(tx: UnitOfWork, reference: str) -> Case | None:
    return fold([(line.line, line.payload) for line in tx.log.entries(reference)])


def furnished(folder: Path) -> Sandbox:
    """A new sandbox whose directory has a municipality, a regional operation, their people, and a second officer."""
    home = running.build_home(folder)
    town = running.add_party(home, "Bengtsfors kommun", "municipality", "Kim Kommun", "kim@kommun.example")
    region = running.add_party(home, "Närhälsan Bengtsfors", "region", "Robin Region", "robin@region.example")
    other = running.add_party(home, "Utvärdering AB", "company", "Uno Utvärderare", "uno@utvardering.example")
    names = {
        "town": town.organisation, "owner": town.person, "region": region.organisation, "partner": region.person,
        "firm": other.organisation, "evaluator": other.person,
    }  # fmt: skip
    sandbox = Sandbox(home, names)
    with sandbox.office.store.write() as tx:
        person = tx.people.add_person("Andra Handläggaren", email="officer2@vgr.example").id
        hire(tx, "officer2", "officer", person=person)
        for role in ("head", "secretary", "controller"):
            names[role] = tx.directory.person_of(tx.directory.user_id(role))
    return Sandbox(home, names)
