"""Put an office together: the only place that picks implementations.

Everything that a command may not need is made when it is first asked for.
"""

from collections.abc import Callable, Mapping
from datetime import time
from functools import cache
from typing import TYPE_CHECKING

from engine.app.catalog import Catalog
from engine.app.office import MailRules, Office
from engine.bootstrap.outside import anchor_for, channel_for, mailer_for, postbox_for
from engine.core.definition import Definition
from engine.core.schedule import Calendar
from engine.ports import Clock, Signer
from engine.settings import Settings
from engine.store.unit_of_work import store_at
from workflows.guards import registry

if TYPE_CHECKING:
    from notifications.render import JinjaRenderer

KEYS = "keys"
"""Folder of the home with what must be kept secret: the seal's key, the mail server's password."""


def open_office(
    settings: Settings, *, clock: Clock | None = None, read_only: bool = False, salts: Callable[[], bytes] | None = None
) -> Office:
    """The office of a home.

    Args:
        settings: The home's settings.
        clock: Another clock than the host's; a sandbox brings its own.
        read_only: For commands that only look: the file is opened so that nothing can be written.
        salts: Another source of the log's salts than the system's, for whoever wants the same bytes twice.
    """
    store = store_at(settings.database, clock, read_only=read_only, salts=salts)
    window = settings.send_window or (time(0), time(23, 59, 59))
    calendar = Calendar(settings.tz, settings.closed_days, *window)
    rules = {"dnr": settings.dnr, "body": settings.body, "pay_requires_force": settings.pay_requires_force}

    @cache
    def renderer() -> "JinjaRenderer":
        from notifications.render import JinjaRenderer

        own = settings.at_home() / "templates"
        return JinjaRenderer(own if own.is_dir() else None)

    @cache
    def signer() -> Signer:
        from engine.app.record import origin

        if settings.signer:
            from engine.signer.command import CommandSigner

            with store.read() as tx:
                return CommandSigner(settings.signer, origin(tx))
        from engine.signing import FileSigner

        with store.read() as tx:
            return FileSigner(settings.at_home() / KEYS, origin(tx))

    def lint(definition: Definition, template: str, known: Mapping[str, Definition]) -> list[str]:
        from notifications import sample

        return sample.lint(renderer(), definition, template, known)

    return Office(
        store=store, catalog=Catalog(), registry=registry, calendar=calendar, renderer=renderer,
        mailer=cache(lambda: mailer_for(settings)), channel=lambda: channel_for(settings, store), signer=signer,
        lint=lint, anchors=cache(lambda: tuple(anchor_for(settings, one) for one in settings.anchors)),
        name=settings.office.name, mailbox=settings.office.mailbox, domain=settings.office.domain, lang=settings.lang,
        rules=rules, send_delay=int(settings.send_delay.total_seconds()), mail=_mail_rules(settings),
        home=settings.home, outbox=settings.channel.folder if settings.channel.kind == "folder" else None,
        bounces=postbox_for(settings), seal_every=int(settings.seal_every.total_seconds()),
    )  # fmt: skip


def _mail_rules(settings: Settings) -> MailRules:
    from engine.setting_values import DECISIONS

    return MailRules(
        connections=settings.channel.connections if settings.channel.kind == "smtp" else 1,
        per_minute=settings.mail_per_minute, per_domain=settings.mail_per_domain_per_minute,
        domains=settings.mail_domains, held=settings.hold_decisions,
        decisions=DECISIONS | settings.hold_decisions, digest=settings.digest,
    )  # fmt: skip
