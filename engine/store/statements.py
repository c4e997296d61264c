"""The fixed statements by name: one file each in `queries/`, read when it is first needed."""

from pathlib import Path

FOLDER = Path(__file__).parent / "queries"


class _Statements(dict[str, str]):
    """Name -> SQL, without its comments: they are for people, and parsing them is not free."""

    def __missing__(self, name: str) -> str:
        lines = (FOLDER / f"{name}.sql").read_text(encoding="utf-8").splitlines()
        sql = "\n".join(line for line in lines if not line.startswith("--"))
        self[name] = sql
        return sql


SQL = _Statements()
