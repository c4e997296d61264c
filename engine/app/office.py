"""The office as the use cases see it: its store, its rules, its calendar and its voice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.app.catalog import Catalog
from engine.core.definition import Definition
from engine.core.guard import Registry
from engine.core.schedule import Calendar
from engine.ports import Channel, Mailer, Renderer, Store

Lint = Callable[[Definition, str, Mapping[str, Definition]], list[str]]
"""Renders a template with sample data of a workflow, beside the workflows it knows; what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who gives a command, as the system knows it.

    Attributes:
        login: The login that acts.
        auth: What goes into the log as `auth`: `os:anna`, or `os:anna as eva` where one acts for another.
        lang: The language that the caller reads.
    """

    login: str
    auth: str
    lang: str = "sv"


@dataclass(frozen=True, slots=True)
class Office:
    """Everything a use case needs, put together once by `bootstrap`.

    Attributes:
        renderer, mailer, channel: Made when first called for, so that a command pays only for what it uses.
        name, mailbox, domain: How the office signs its mail.
        rules: Settings that guards may look at (`dnr`, `body`, `pay_requires_force`).
        send_delay: Seconds that a decided message waits before it may leave.
    """

    store: Store
    catalog: Catalog
    registry: Registry
    calendar: Calendar
    renderer: Callable[[], Renderer]
    mailer: Callable[[], Mailer]
    channel: Callable[[], Channel]
    lint: Lint
    name: str = "Skede"
    mailbox: str = "sociala.investeringar@vgr.example"
    domain: str = "vgr.example"
    lang: str = "sv"
    rules: Mapping[str, Any] = field(default_factory=dict)
    send_delay: int = 0
