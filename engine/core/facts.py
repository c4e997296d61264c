"""What a decision may know beside the case itself, gathered before it and only as far as it is named.

A fact is named by a short text, so that a guard's needs are data:
`parent`, `FIELD` of type case, and paths of them (`parent.call`) give one related case;
`children`, `siblings`, `linking:FIELD`, and paths to them (`parent.parent/children`) give several;
`users:ROLE`, `list:NAME` give the people behind a recipient token; `settings` the home's settings;
`told:N` the people whom a message of entry N has reached;
`next_meeting` the body's next planned meeting; `number:FIELD` the next number of a counter field.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from engine.core.case import Case


class FactMissing(LookupError):
    """A rule asked for a fact that it had not named: a fault of the program."""


class Facts(Struct, frozen=True):
    """The facts of one decision, by name.

    Attributes:
        values: Name -> fact; `@REF` and `@REF.path` name a case and what lies beyond it.
        links: Case fields that the command itself sets: paths begin from these before those of the case.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

    def case(self, path: str) -> Case | None:
        """One related case, or None where the link is empty."""
        found: Case | None = self._get(self._from_links(path))
        return found

    def cases(self, path: str) -> tuple[Case, ...]:
        """Several related cases, in the order of their references."""
        found: tuple[Case, ...] = self._get(self._from_links(path))
        return found

    def people(self, token: str) -> tuple[str, ...]:
        """The person ids behind `users:ROLE` or `list:NAME`."""
        found: tuple[str, ...] = self._get(token)
        return found

    def setting(self, name: str, default: Any = None) -> Any:
        """A setting of the home that rules may look at."""
        return self._get("settings").get(name, default)

    def text(self, name: str) -> str | None:
        """A fact that is a text: `number:FIELD`, `next_meeting`."""
        found: str | None = self._get(name)
        return found

    def _from_links(self, path: str) -> str:
        head, dot, rest = path.partition("." if "." in path.partition("/")[0] else "/")
        return f"@{self.links[head]}{dot}{rest}" if head in self.links else path

    def _get(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise FactMissing(name) from None
