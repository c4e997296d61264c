"""Who may keep a home's database: it is copied, upgraded and put back with the rights of an account, not of a role."""

from datetime import UTC, datetime

from engine.core.errors import EngineError, Refusal, TransitionRefused
from engine.settings import Settings

STAND_IN = "stand_in"
COPIERS = ("admin", "auditor")
"""Roles that may take a backup: both may see all that is in it."""
KEEPERS = ("admin",)
"""Roles that may change the database as a whole, or move it."""


def require(settings: Settings, own: str, asked: str | None, right: str, roles: tuple[str, ...]) -> None:
    """Refuse who may not keep the database of a home that knows its users.

    A home that is lost or damaged, or in which nobody is a user yet, knows nobody: who can write there may mend it.

    Args:
        settings: The home's.
        own: The login of the OS.
        asked: The login that `--as` named.
        right: What is asked for, as refusals name it.
        roles: Who may.

    Raises:
        TransitionRefused: The login is no user, or holds none of the roles.
    """
    from engine.store.standing import standing

    settings.at_home()
    login = asked or own
    try:
        found = standing(settings.database, tuple({own, login}), datetime.now(UTC).date())
    except EngineError:
        return
    if not found.users:
        return
    if login != own and not found.sandbox and STAND_IN not in found.roles.get(own, ()):
        params, fix = {"login": own, "other": login}, f'skede user grant {own} {STAND_IN} -n "WHY"'
        raise TransitionRefused(reasons=[Refusal("acting_for_other", params, fix, who=("admin",))])
    if login not in found.roles:
        raise TransitionRefused(reasons=[Refusal("unknown_login", {"login": login}, who=("admin",))])
    if not found.roles[login].intersection(roles):
        raise TransitionRefused(reasons=[Refusal("right_missing", {"right": right, "roles": list(roles)}, who=roles)])
