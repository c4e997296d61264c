"""The fixed statements by name: one file each in `queries/`, read when it is first needed."""

from pathlib import Path

FOLDER = Path(__file__).parent / "queries"


def read_statement(path: Path) -> str:
    """A statement without its comments: they are for people, and parsing them is not free."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("--"))


class _Statements(dict[str, str]):
    """Name -> SQL."""

    def __missing__(self, name: str) -> str:
        self[name] = read_statement(FOLDER / f"{name}.sql")
        return self[name]


SQL = _Statements()
