"""The error tree: what can go wrong, in one line, with the exit code that a script sees.

The docstring of a class is its default message, so that an error explains itself where it is defined.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from msgspec import Struct, field


class Refusal(Struct, frozen=True):
    """One reason why something may not be done.

    Attributes:
        code: Stable id of the reason, also the key of its text in `texts/<lang>.toml`.
        params: What the text mentions; values are plain JSON.
        fix: The command that mends it, ready to paste, or None where no single command does.
        who: Roles or person ids who may mend it.
        guard: `name@version` of the guard that refused, where one did.
        waivable_by: Roles that may override this guard with a note.
        titles: Parameter -> text in it -> what it is called in each language, or the error whose message it is, where
            somebody has looked it up.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    fix: str | None = None
    who: tuple[str, ...] = ()
    guard: str | None = None
    waivable_by: tuple[str, ...] = ()
    titles: "Mapping[str, Mapping[str, Mapping[str, str] | EngineError]]" = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        """What things are called is no part of the reason."""
        return isinstance(other, Refusal) and all(
            getattr(self, name) == getattr(other, name) for name in self.__struct_fields__ if name != "titles"
        )


class EngineError(Exception):
    """Something unexpected went wrong; nothing was changed."""

    code: ClassVar[str] = "unexpected"
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(
        self, message: str | None = None, *, reasons: Sequence[Refusal] = (), says: str | None = None, **params: Any
    ) -> None:
        """An error in English for logs and, where `says` names one, with a sentence in the reader's language.

        Args:
            message: One line of English; the class's own if None.
            reasons: Why a rule refused.
            says: The sentence `says_<says>` of `texts/<lang>/errors.toml`, which tells the same as the message.
            params: What the sentence mentions: text, another error, or titles by language.
        """
        self.message = message or (type(self).__doc__ or "").split("\n")[0]
        self.reasons = tuple(reasons)
        self.says = says
        self.params = params
        super().__init__(self.message)


class UsageError(EngineError):
    """The command was not understood."""

    code = "usage"
    exit_code = 2


class ValueMalformed(UsageError):
    """A value does not have the form that its field asks for."""

    code = "malformed"


class DefinitionError(UsageError):
    """The workflow definition has faults; all of them are listed."""

    code = "definition"


class SettingsError(UsageError):
    """A setting is missing or wrong."""

    code = "settings"


class RequestReused(UsageError):
    """That request id was already used for another command."""

    code = "request_reused"


class TransitionRefused(EngineError):
    """The rules do not allow this now; the reasons are listed."""

    code = "refused"
    exit_code = 3


class ConcurrentUpdate(EngineError):
    """Someone else changed the case meanwhile; look at it and try again."""

    code = "conflict"
    exit_code = 4
    retryable = True


class Collided(ConcurrentUpdate):
    """Another command was at the same rows at the same moment; nothing was changed, and it can be tried again."""


class NotFound(EngineError):
    """There is nothing by that name here."""

    code = "not_found"
    exit_code = 5


class Unavailable(EngineError):
    """The database or the mail server cannot be reached now; nothing was changed."""

    code = "unavailable"
    exit_code = 6
    retryable = True


class LogTampered(EngineError):
    """The log or the database is not what it should be."""

    code = "integrity"
    exit_code = 7


class OutcomeUnknown(EngineError):
    """It is not known whether the change was made; ask again with the same --request-id."""

    code = "unknown_outcome"
    exit_code = 8
    retryable = True
