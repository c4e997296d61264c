"""The office as the use cases see it: its store, its rules, its calendar and its voice."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from engine.app.catalog import Catalog
from engine.core.definition import Definition
from engine.core.errors import Refusal
from engine.core.guard import Registry
from engine.core.schedule import Calendar
from engine.ports import Anchor, Channel, Mailer, Postbox, Renderer, Signer, Store

Lint = Callable[[Definition, str, Mapping[str, Definition]], list[str]]
"""Renders a template with sample data of a workflow, beside the workflows it knows; what is wrong with it."""


class Caller(Struct, frozen=True):
    """Who gives a command, as the system knows it.

    Attributes:
        login: The login that acts.
        auth: What goes into the log as `auth`: `os:anna`, or `os:anna as eva` where one acts for another.
        lang: The language that the caller reads.
    """

    login: str
    auth: str
    lang: str = "sv"


class MailRules(Struct, frozen=True):
    """What the office wants of its mail beside the send window.

    Attributes:
        connections: At most so many mails are on their way to the mail server at once.
        per_minute: At most so many mails leave in a minute; 0 is no limit.
        per_domain: At most so many of them to one domain; 0 is no limit.
        domains: Mail leaves to these domains alone; none is to all.
        held: Messages that wait for their meeting to be released.
        decisions: Messages of which no second copy leaves unless a person says so.
        digest: Whether people of the office are told each working morning what waits; None: not in a sandbox.
    """

    connections: int = 1
    per_minute: int = 0
    per_domain: int = 0
    domains: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    decisions: frozenset[str] = frozenset()
    digest: bool | None = None


class Words(Struct, frozen=True):
    """Sentences for what is written to people; where none are given, codes and names stand for themselves.

    Attributes:
        reason: Says why something was refused, in a language.
        letter: What the letter of a template is called, in a language.
    """

    reason: Callable[[Refusal, str], str] = lambda reason, lang: reason.code
    letter: Callable[[str, str], str] = lambda template, lang: template


class Office(Struct, frozen=True):
    """Everything a use case needs, put together once by `bootstrap`.

    Attributes:
        renderer, mailer, channel, signer: Made when first called for, so that a command pays only for what it uses.
        signer: None in an office that is only tried out: nothing is sealed there.
        anchors: Where every seal is handed to.
        home: The home's folder.
        outbox: The folder of the mails, where they are written as files.
        name, mailbox, domain: How the office signs its mail.
        rules: Settings that guards may look at (`dnr`, `body`, `pay_requires_force`).
        send_delay: Seconds that a decided message waits before it may leave.
        seal_every: Seconds from one seal that the clock makes to the next.
        mail: What the office wants of its mail.
        bounces: Where delivery reports come in, if anywhere.
        words: Sentences for letters that tell of refusals and of other letters.
    """

    store: Store
    catalog: Catalog
    registry: Registry
    calendar: Calendar
    renderer: Callable[[], Renderer]
    mailer: Callable[[], Mailer]
    channel: Callable[[], Channel]
    signer: Callable[[], Signer] | None
    lint: Lint
    anchors: Callable[[], Sequence[Anchor]] = tuple
    name: str = "Skede"
    mailbox: str = "sociala.investeringar@vgr.example"
    domain: str = "vgr.example"
    lang: str = "sv"
    rules: Mapping[str, Any] = field(default_factory=dict)
    send_delay: int = 0
    seal_every: int = 3600
    home: Path | None = None
    outbox: Path | None = None
    mail: MailRules = MailRules()
    bounces: Postbox | None = None
    words: Words = Words()
