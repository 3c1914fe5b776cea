"""Arrow's reader and DuckDB's read the same rows, and change over in the middle of a file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.readers.csv.arrow_csv import suits_arrow
from dreambolt_steps.readers.csv.sniff.dialect import Dialect
from dreambolt_steps.readers.table.read import read_table

FIELDS = [
    "",
    '""',
    "a",
    "b c",
    " d",
    "é",
    "1",
    "  ",
    "#z",
    '"x"',
    '"x,y"',
    '"q""q"',
    '"a\nb"',
]
ROWS = st.integers(1, 3).flatmap(
    lambda width: st.tuples(
        st.just(width),
        st.lists(
            st.lists(st.sampled_from(FIELDS), min_size=width, max_size=width).filter(
                lambda row: row != [""]  # a blank line is no row
            ),
            max_size=8,
        ),
    )
)


def read_with_duckdb(path: Path, width: int) -> tuple[list[list[str | None]], int]:
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    options = (
        f"columns={{{columns}}}, auto_detect=false, delim=',', quote='\"', escape='\"',"
        " header=false, skip=1, allow_quoted_nulls=false, store_rejects=true"
    )
    with duckdb.connect() as connection:
        rows = connection.sql(f"from read_csv('{path}', {options})").fetchall()
        counted = "select count(distinct line_byte_position) from reject_errors"
        return [list(row) for row in rows], connection.sql(counted).fetchall()[0][0]


@settings(max_examples=60)
@given(ROWS, st.sampled_from(["", "\n"]))
def test_any_sound_file_is_read_as_duckdb_reads_it(
    table: tuple[int, list[list[str]]], end: str
) -> None:
    width, rows = table
    head = ",".join(f"h{i}" for i in range(width))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_text("\n".join([head, *map(",".join, rows)]) + end)
        read = read_table(path, delimiter=",", quote='"', header=True, skip=0)
        found = [list(row.values()) for row in read.reader.read_all().to_pylist()]
        assert (found, read.report().rejected) == read_with_duckdb(path, width)


@pytest.mark.parametrize("bad", [[], [0], [700_000], [3, 4, 1_199_999]])
def test_rows_are_neither_lost_nor_doubled_where_duckdb_takes_over(
    tmp_path: Path, bad: list[int]
) -> None:
    lines = [f"{row},n{row}" for row in range(1_200_000)]
    for row in bad:
        lines[row] = "odd"
    path = tmp_path / "a.csv"
    path.write_text("id,name\n" + "\n".join(lines) + "\n")
    read = read_table(path)
    table = read.reader.read_all()
    good = [str(row) for row in range(1_200_000) if row not in bad]
    assert table.column("id").to_pylist() == good
    assert table.column("name").to_pylist() == [f"n{row}" for row in good]
    assert read.report().rejects.column("line").to_pylist() == [row + 2 for row in bad]


def test_a_row_longer_than_a_block_of_arrow_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    long = "x" * (9 << 20)
    path.write_text(f"id,text\n1,a\n2,{long}\n3,b\n")
    read = read_table(path)
    assert read.reader.read_all().to_pydict() == {"id": ["1", "2", "3"], "text": ["a", long, "b"]}
    assert read.report().rejected == 0


def test_a_limit_holds_on_both_sides_of_an_odd_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,name\n" + "".join(f"{row},n\n" for row in range(50)) + "odd\n51,n\n52,n\n")
    for limit, last in ((0, None), (10, "9"), (50, "49"), (51, "51"), (99, "52")):
        ids = read_table(path, limit=limit).reader.read_all().column("id").to_pylist()
        assert len(ids) == min(limit, 52)
        assert (ids or [None])[-1] == last


@pytest.mark.parametrize(
    ("text", "dialect", "suits"),
    [
        ("a,b\n1,2\n", Dialect(), True),
        ("a,b\n1,", Dialect(), False),
        ("a,b\n1,2\n", Dialect(escape="\\"), False),
        ("a,b\n1,2\n", Dialect(quote="", escape=""), True),
        ("a||b\n1||2\n", Dialect(delimiter="||"), False),
    ],
)
def test_what_arrow_reads_otherwise_is_left_to_duckdb(
    text: str, dialect: Dialect, suits: bool
) -> None:
    assert suits_arrow(dialect, text[-1:].encode()) is suits
