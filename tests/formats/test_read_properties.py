"""Whatever is written as CSV reads back exactly; whatever is broken is counted."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.formats.read import read_table

# NUL is refused, and surrogates are no text.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXT = st.text(CHARACTERS, max_size=12) | st.text("ab ,;\t|\"'\\\r\n\ufeff", max_size=8)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(TEXT, min_size=width, max_size=width), min_size=1, max_size=12)
)
# Before Python 3.13, QUOTE_MINIMAL quotes only those line ends it writes itself.
ENDINGS = [("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)]


def read_text(text: str, delimiter: str, quote: str) -> tuple[list[list[str | None]], int]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_bytes(text.encode())
        table = read_table(path, delimiter=delimiter, quote=quote, header=True)
        rows = [list(row.values()) for row in table.reader.read_all().to_pylist()]
        return rows, table.report().rejected


@settings(max_examples=150, deadline=None)
@given(TABLES, st.sampled_from(",;\t|"), st.sampled_from("\"'"), st.sampled_from(ENDINGS))
def test_what_csv_writes_reads_back(
    rows: list[list[str]], delimiter: str, quote: str, ending: tuple[str, int]
) -> None:
    line_end, quoting = ending
    sink = io.StringIO(newline="")
    writer = csv.writer(
        sink, delimiter=delimiter, quotechar=quote, lineterminator=line_end, quoting=quoting
    )
    writer.writerow([f"c{i}" for i in range(len(rows[0]))])
    writer.writerows(rows)
    found, rejected = read_text(sink.getvalue(), delimiter, quote)
    if quoting == csv.QUOTE_ALL:
        assert found == rows
    else:  # an empty field without quotes is a missing one
        assert [[value or "" for value in row] for row in found] == rows
    assert rejected == 0


FIELDS = ["a", "1", "", '"x"', '"x,y"', '"a\nb"', '"q""q"', '""', '"a\r\nb"', 'x"y', " t ", "é"]
BROKEN = {'"bad"z', '"5" pipe"'}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from([*FIELDS, *sorted(BROKEN)]), min_size=1, max_size=5),
        max_size=10,
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_read_and_rejected_rows_add_up(rows: list[list[str]], line_end: str) -> None:
    # a row with broken quotes ends with its line
    rows = [["x" if BROKEN & {*row} and "\n" in f else f for f in row] for row in rows]
    rows = [row for row in rows if row != [""]]
    text = line_end.join(["h1,h2,h3", *(",".join(row) for row in rows)])
    found, rejected = read_text(text, ",", '"')
    # DuckDB takes empty fields at the end of a row for nothing
    good = [row for row in rows if not BROKEN & {*row} and len(row) >= 3 and not any(row[3:])]
    assert len(found) == len(good)
    assert rejected == len(rows) - len(good)
    for got, want in zip(found, good, strict=True):
        parsed = next(csv.reader(io.StringIO(",".join(want), newline="")))
        assert [value or "" for value in got] == parsed[:3]
