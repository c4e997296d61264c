"""What is wrong with a table that is taken in: every complaint with its line and column, told all at once."""

from engine.core.errors import EngineError, Refusal, UsageError

MOST = 20
"""So many are listed; that there are more is said."""


class Faults:
    """Complaints about one file, gathered so that it can be mended in one go."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._reasons: list[Refusal] = []

    def __bool__(self) -> bool:
        return bool(self._reasons)

    def add(self, line: int, column: str | None, error: EngineError | str) -> None:
        """Remember what is wrong with a row, or with one cell of it."""
        what = error if isinstance(error, str) else error.message
        if not isinstance(error, str) and error.reasons:
            what = "; ".join(f"{r.code} {dict(r.params)}" for r in error.reasons)
        code = "import_cell" if column else "import_row"
        self._reasons.append(Refusal(code, {"line": line, **({"column": column} if column else {}), "what": what}))

    def tell(self) -> None:
        """Refuse the file if anything is wrong.

        Raises:
            UsageError: With the lines and columns; nothing is taken in.
        """
        if not self._reasons:
            return
        more = len(self._reasons) - MOST
        tail = f"; {more} more are not listed" if more > 0 else ""
        raise UsageError(
            f"{self._source}: {len(self._reasons)} faults, nothing was taken in{tail}", reasons=self._reasons[:MOST]
        )
