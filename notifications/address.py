"""Checks mail addresses and writes them for a header so that no name can add a second one."""

import re
from email.headerregistry import Address
from functools import lru_cache

from msgspec import Struct

from engine.core.errors import ValueMalformed
from notifications.characters import one_line, plain

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]+)>")
# IDNA 2003, which Python speaks, maps these to other letters than IDNA 2008 does: another domain.
_DEVIATING = frozenset("ßẞς\u200c\u200d")


class Mailbox(Struct, frozen=True):
    """A display name, which may be empty, and an address of ASCII characters alone."""

    name: str
    address: str


@lru_cache(maxsize=1000)
def checked(address: str) -> str:
    """The address as it may stand on the wire, its domain in IDNA form.

    Quoted local parts, domain literals and local parts beyond ASCII (which would need SMTPUTF8 on the whole
    way) are refused.

    Raises:
        ValueMalformed: It is not such an address.
    """
    if plain(address) != address or address.strip() != address:
        raise ValueMalformed("the e-mail address holds a space or an invisible character; write it anew")
    local, at, domain = address.rpartition("@")
    if not at or len(local) > 64 or not _LOCAL_PART.fullmatch(local):
        raise ValueMalformed(f"{one_line(address)!r} is not an e-mail address of the form name@domain in plain letters")
    host = _ascii_domain(domain)
    if len(local) + 1 + len(host) > 254:
        raise ValueMalformed(f"the e-mail address {local[:20]}…@{host[:20]}… is longer than 254 characters")
    spec = Address(username=local, domain=host).addr_spec  # the library's own judgement, beside ours
    if spec != f"{local}@{host}":
        raise ValueMalformed(f"{one_line(address)!r} is not an e-mail address that a header can hold")
    return spec


@lru_cache(maxsize=100)
def mailbox(text: str) -> Mailbox:
    """`name@domain`, or `Name <name@domain>` as settings give it.

    Raises:
        ValueMalformed: It is neither.
    """
    named = _NAMED.fullmatch(text.strip())
    if named is None:
        return Mailbox("", checked(text.strip()))
    return Mailbox(one_line(named["name"]).strip('"'), checked(named["address"].strip()))


def _ascii_domain(domain: str) -> str:
    if _DEVIATING & set(domain):
        raise ValueMalformed(f"the domain {one_line(domain)!r} is ambiguous; give it in its xn-- form")
    try:
        host = domain.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise ValueMalformed(f"the domain {one_line(domain)!r} is not one that the name system can hold") from error
    if not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise ValueMalformed(f"the domain {one_line(domain)!r} is not one that the name system can hold")
    return host
