"""A site in which people are pseudonyms: the mask of the other exports, over what only a site tells."""

from collections.abc import Mapping
from typing import Any, Protocol


class Pseudonyms(Protocol):
    """Masks what the contract tells (`engine.exports.masking`)."""

    def case(self, told: Mapping[str, Any]) -> dict[str, Any]: ...
    def entry(self, told: Mapping[str, Any]) -> dict[str, Any]: ...
    def plain(self, value: Any) -> Any: ...


class MaskedSite:
    """Masks all that is told of a case before any of it is written; organisations and titles of cases stay.

    Args:
        mask: What makes the pseudonyms; not an anonymous one, since the pages of a site are called by their cases.
    """

    def __init__(self, mask: Pseudonyms) -> None:
        self._mask = mask

    def case(self, told: dict[str, Any]) -> dict[str, Any]:
        """What is told of a case."""
        return {
            **told, "case": self._mask.case(told["case"]), "entries": [self.entry(one) for one in told["entries"]],
            "names": {one: name for one, name in told["names"].items() if _tells_of_nobody(one)},
            "messages": [self._message(one) for one in told["messages"]],
        }  # fmt: skip

    def entry(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """An entry of a case or of the office: who acted and for whom by pseudonyms, and nobody's name beside them."""
        masked = self._mask.entry({**told, "actor": told["actor_id"]})
        found: dict[str, Any] = {**told, **masked, "name": None, "behalf_name": masked["on_behalf_of"]}
        if told["letter"]:
            found["letter"] = {**told["letter"], "to": str(masked["changes"]["mail"]["key"]).rpartition("/")[2]}
        found["reasons"] = [{**one, "params": self._mask.plain(one["params"]), "titles": {}} for one in told["reasons"]]
        if "names" in told:
            found["names"] = {one: name for one, name in told["names"].items() if _tells_of_nobody(one)}
        return found

    def _message(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """A letter: its kind and fate, and the pseudonym of whom it went to; its subject may name anybody."""
        person = str(told["key"]).rpartition("/")[2]
        return {**told, "key": self._mask.plain(told["key"]), "to": self._mask.plain(person), "to_name": "",
                "subject": "", "error": None, "message_id": None}  # fmt: skip


def _tells_of_nobody(one: str) -> bool:
    return not one.startswith(("p:", "u:"))
