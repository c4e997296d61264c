"""The ways out of an office that its settings name, and the way in for bounces: channels, anchors, the postbox."""

from engine.core.errors import SettingsError
from engine.ports import Anchor, Channel, Mailer, Postbox, Store
from engine.settings import AnchorSettings, ChannelSettings, Settings

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def mailer_for(settings: Settings) -> Mailer:
    """The mail room that signs as the office of the settings."""
    from notifications.mailer import OfficeMailer

    office = settings.office
    sender = f"{office.name} <{office.mailbox}>"
    return OfficeMailer(sender=sender, reply_to=office.mailbox, domain=office.domain)


def channel_for(settings: Settings, store: Store) -> Channel:
    """The way out that the settings name; a sandbox sends to its folder, or to this machine, and nowhere else."""
    chosen = settings.channel
    with store.read() as tx:
        sandbox = tx.settings.get("sandbox") == "1"
    if sandbox and chosen.kind == "smtp" and chosen.host not in LOOPBACK:
        raise SettingsError(
            f"a sandbox sends mail to this machine alone, not to {chosen.host}: use the folder channel",
            says="sandbox_mail",
            host=chosen.host,
        )
    if chosen.kind == "smtp":
        return _smtp(chosen)
    if chosen.kind == "console":
        import sys

        from notifications.channels.console import ConsoleChannel

        return ConsoleChannel(sys.stderr)
    from notifications.channels.folder import FolderChannel

    return FolderChannel(chosen.folder)


def _smtp(chosen: ChannelSettings) -> Channel:
    from notifications.channels.smtp import Server, SmtpChannel

    login = None
    if chosen.user is not None and chosen.password_file is not None:
        login = (chosen.user, chosen.password_file.read_text("utf-8").splitlines()[0])
    return SmtpChannel(Server(chosen.host, chosen.port, chosen.tls, login))


def channel_fault(channel: ChannelSettings) -> str | None:
    """Why no mail can leave now: the server does not answer, or the folder cannot be written to."""
    import os
    import socket

    if channel.kind == "folder":
        nearest = next(folder for folder in (channel.folder, *channel.folder.parents) if folder.exists())
        return None if nearest.is_dir() and os.access(nearest, os.W_OK) else f"{nearest} cannot be written to"
    if channel.kind != "smtp":
        return None
    try:
        socket.create_connection((channel.host, channel.port), timeout=5).close()
    except OSError as error:
        return f"{channel.host}:{channel.port}: {error.strerror or error}"
    return None


def anchor_for(settings: Settings, chosen: AnchorSettings) -> Anchor:
    """The place outside the database that the settings name."""
    if chosen.kind == "git":
        from engine.anchors.git import GitAnchor

        return GitAnchor(chosen.path, chosen.remote)
    if chosen.kind == "mail":
        from engine.anchors.mail import MailAnchor

        return MailAnchor(chosen.list, (settings.office.name, settings.office.mailbox))
    if chosen.kind == "timestamp":
        from engine.anchors.timestamp import TimestampAnchor

        return TimestampAnchor(chosen.path, chosen.url, chosen.authority)
    from engine.anchors.folder import FolderAnchor

    return FolderAnchor(chosen.path)


def postbox_for(settings: Settings) -> Postbox | None:
    """The folder that bounces are read from, if the settings name one."""
    if settings.bounces is None:
        return None
    from engine.readers.bounce import Maildir

    return Maildir(settings.bounces)
