"""What most commands begin with: the office of the home, and who is asking it."""

import os
import pwd
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from engine.app.office import Caller, Office, Words
from engine.cli.options import Shell
from engine.cli.texts import letter_text
from engine.core.errors import Refusal, TransitionRefused
from engine.core.localday import format_moment
from engine.core.when import parse_instant

STAND_IN = "stand_in"
"""Role of a login that may act for others in a real home; an admin grants it from day to day, as any role."""

_NO_SESSION = 2**32 - 1
_LOGIN_SESSION = Path("/proc/self/loginuid")


class Session(Struct, frozen=True):
    """One command's view of the office.

    Attributes:
        sandbox: Whether the home is for training; every listing of one says so.
        lang: Language of what is printed.
    """

    office: Office
    caller: Caller
    sandbox: bool
    lang: str


def open_session(shell: Shell, *, read_only: bool = False) -> Session:
    """Open the home, and find out who is asking.

    Args:
        shell: How the command was called.
        read_only: For commands that only look: nothing can be written then, not even by mistake.

    Raises:
        SettingsError: There is no home here, or its settings are wrong.
        TransitionRefused: `--as` in a real home, by a login that may not act for others.
        Unavailable: The database cannot be opened now.
    """
    from engine.bootstrap.office import open_office

    settings = shell.settings
    settings.at_home()
    office = open_office(settings, read_only=read_only)
    login = os_login(shell)
    with office.store.read() as tx:
        shell.sandbox = sandbox = tx.settings.get("sandbox") == "1"
        if shell.as_login and shell.as_login != login and not sandbox:
            actor = tx.directory.actor(login, office.calendar.day(tx.now))
            if actor is None or STAND_IN not in actor.roles:
                params = {"login": login, "other": shell.as_login}
                fix = f'skede user grant {login} {STAND_IN} -n "WHY"'
                raise TransitionRefused(reasons=[Refusal("acting_for_other", params, fix, who=("admin",))])
    return Session(speaking(office), caller_of(shell), sandbox, shell.lang)


def speaking(office: Office) -> Office:
    """The office with the sentences of the command line, for letters that tell why something was refused."""

    def reason(refusal: Refusal, lang: str) -> str:
        from engine.cli.failure import reason_text

        return reason_text(refusal, lang)

    return replace(office, words=Words(reason, letter_text))


def caller_of(shell: Shell) -> Caller:
    """Who is asking, as the log names them; whether `--as` may be believed is for `open_session` to say."""
    login = os_login(shell)
    if shell.as_login and shell.as_login != login:
        return Caller(shell.as_login, f"os:{login} as {shell.as_login}", shell.lang)
    return Caller(login, f"os:{login}", shell.lang)


def os_login(shell: Shell) -> str:
    """The login of the OS. Who came by sudo is the one behind it, where the login session bears that out.

    `SUDO_UID` alone proves nothing, as anybody can set it; the kernel's own record of the login session does
    (DECISIONS.md 22).
    """
    uid = os.getuid()
    claimed = shell.environ.get("SUDO_UID", "")
    if claimed.isdecimal() and int(claimed) == _session_uid():
        uid = int(claimed)
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"


def _session_uid() -> int | None:
    try:
        uid = int(_LOGIN_SESSION.read_text("ascii"))
    except (OSError, ValueError):
        return None
    return None if uid == _NO_SESSION else uid


def moment_text(session: Session, at: str) -> str:
    """A canonical instant as people of the office read it."""
    return format_moment(parse_instant(at), session.lang, session.office.calendar.zone, ends_day=False)
