"""That a file cannot be read, and why, in an error that tells it in the reader's language."""

from pathlib import Path

from engine.core.errors import NotFound, UsageError

_SAID: dict[type[Exception], str] = {
    FileNotFoundError: "file_missing", IsADirectoryError: "file_is_folder", PermissionError: "file_forbidden",
    UnicodeDecodeError: "file_not_text",
}  # fmt: skip
"""The commonest reasons, which have sentences of their own."""


def unreadable(
    path: Path | str, error: OSError | UnicodeDecodeError, advice: str, kind: type[UsageError | NotFound] = UsageError
) -> UsageError | NotFound:
    """The error to raise.

    Args:
        path: The file, as it was named.
        error: What the system said.
        advice: What would do, for the English of logs and scripts.
        kind: Of which sort the error is.
    """
    why = (error.strerror or str(error)) if isinstance(error, OSError) else "is not UTF-8"
    says = _SAID.get(type(error), "file_unreadable")
    return kind(f"{path}: cannot be read: {why.lower()}; {advice}", says=says, path=str(path), why=why)
