"""What is wrong with a table that is taken in: every complaint with its lines and column, told all at once."""

from engine.core.errors import EngineError, Refusal, UsageError

MOST = 20
"""So many complaints are listed; that there are more is said."""


class Faults:
    """Complaints about one file, gathered so that it can be mended in one go; the same one is told once."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: dict[tuple[str | None, str], list[int]] = {}
        self._errors: dict[str, EngineError] = {}

    def add(self, line: int, column: str | None, error: EngineError | str) -> None:
        """Remember what is wrong with a row, or with one cell of it."""
        what = error if isinstance(error, str) else error.message
        if not isinstance(error, str) and error.reasons:
            what = "; ".join(f"{r.code} {dict(r.params)}" for r in error.reasons)
        elif not isinstance(error, str):
            self._errors[what] = error
        lines = self._lines.setdefault((column, what), [])
        if line not in lines:
            lines.append(line)

    def tell(self) -> None:
        """Refuse the file if anything is wrong.

        Raises:
            UsageError: With the lines and columns; nothing is taken in.
        """
        if not self._lines:
            return
        reasons = []
        for (column, what), lines in list(self._lines.items())[:MOST]:
            line = lines[0] if len(lines) == 1 else lines
            named = {"column": column} if column else {}
            params = {"line": line, **named, "what": what}
            titles = {"what": {what: self._errors[what]}} if what in self._errors else {}
            reasons.append(Refusal("import_cell" if column else "import_row", params, titles=titles))
        more = len(self._lines) - MOST
        tail = f"; {more} more are not listed" if more > 0 else ""
        raise UsageError(
            f"{self._source}: {len(self._lines)} faults, nothing was taken in{tail}", reasons=reasons,
            says="import_faulty" if more <= 0 else "import_very_faulty",
            source=self._source, n=len(self._lines), more=more,
        )  # fmt: skip
