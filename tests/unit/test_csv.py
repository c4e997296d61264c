"""Reading tables as offices save them, and reading back what our own exports wrote."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import UsageError
from engine.core.table import Table
from engine.exports.csv import table_text
from engine.readers.csv import column_letter, parse_table, read_table


def cells(table: Table) -> list[list[str]]:
    return [list(row.cells.values()) for row in table.rows]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_the_one_that_parts_the_first_line(separator: str) -> None:
    head = separator.join(["reference", "event", '"a, b; c"'])

    table = parse_table(f"{head}\nSIM-1{separator}submit{separator}x\n".encode())

    assert table.separator == separator
    assert cells(table) == [["SIM-1", "submit", "x"]]


def test_a_table_of_one_column_is_a_table() -> None:
    assert cells(parse_table(b"reference\nSIM-1\nSIM-2\n")) == [["SIM-1"], ["SIM-2"]]


def test_excels_line_about_the_separator_is_obeyed_and_counted() -> None:
    table = parse_table(b"sep=;\nreference;note\nSIM-1;a, b\n")

    assert cells(table) == [["SIM-1", "a, b"]]
    assert table.rows[0].line == 3


@pytest.mark.parametrize(
    ("codec", "told"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("cp1252", "windows-1252")],
)
def test_swedish_letters_survive_every_encoding_that_offices_use(codec: str, told: str) -> None:
    table = parse_table("namn;ort\nÅsa Öberg;Borås – Väst\n".encode(codec))

    assert table.columns == ("namn", "ort")
    assert cells(table) == [["Åsa Öberg", "Borås – Väst"]]
    assert table.encoding == told


def test_bytes_of_no_known_encoding_are_refused_with_their_line() -> None:
    with pytest.raises(UsageError, match="line 3 is neither UTF-8 nor Windows-1252"):
        parse_table(b"a\nb\n\x81\xff\n")


def test_lines_are_those_of_the_file_also_after_a_cell_of_several_lines() -> None:
    table = parse_table(b'reference,note\nSIM-1,"one\ntwo"\n\nSIM-2,x\n')

    assert [row.line for row in table.rows] == [2, 5]
    assert table.rows[0].cells["note"] == "one\ntwo"


def test_rows_without_content_and_empty_cells_beyond_the_table_are_nothing() -> None:
    assert cells(parse_table(b"a;b;;\n1;2;;\n;;;\n")) == [["1", "2"]]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b"a,b\n1\n", "line 2, column B: the row ends before it"),
        (b"a,b\n1,2,000\n", "line 2, column C: '000' stands outside the table"),
        (b"a,,b\n1,2,3\n", "line 1, column B: has no name"),
        (b"a,b,a\n1,2,3\n", "columns A and C are both named a"),
        (b'a,b\n1,"2\n3,4\n', "line 2: .*quotation mark"),
        (b"a\n\x00\n", "line 2 holds a NUL"),
    ],
)
def test_what_is_no_table_is_refused_with_line_and_column(content: bytes, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        parse_table(content)


def test_every_bad_row_is_told_at_once() -> None:
    with pytest.raises(UsageError) as refused:
        parse_table(b"a,b\n1\n1,2\n1,2,3\n")

    assert "line 2" in refused.value.message
    assert "line 4" in refused.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.csv: cannot be read"):
        read_table(tmp_path / "gone.csv")


@pytest.mark.parametrize(("number", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (703, "AAA")])
def test_columns_are_named_as_in_a_spreadsheet(number: int, letters: str) -> None:
    assert column_letter(number) == letters


SAFE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=12)


@given(st.lists(st.tuples(SAFE, SAFE), max_size=5))
def test_whatever_our_exports_write_is_read_back_as_it_was(rows: list[tuple[str, str]]) -> None:
    wanted = [[a.strip(), b.strip()] for a, b in rows]
    kept = [row for row in wanted if any(row)]

    table = parse_table("".join(table_text(["first", "second"], wanted)).encode())

    assert cells(table) == kept
