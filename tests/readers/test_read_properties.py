"""Whatever is written as CSV reads back exactly; whatever is broken is counted."""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.readers.table.read_report import FileReport

# NUL is refused, and surrogates are no text.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXT = st.text(CHARACTERS, max_size=12) | st.text("ab ,;\t|\"'\\\r\n\ufeff", max_size=8)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(TEXT, min_size=width, max_size=width), min_size=1, max_size=12)
)
# Before Python 3.13, QUOTE_MINIMAL quotes only those line ends it writes itself.
ENDINGS = [("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)]


def read_text(text: str, delimiter: str, quote: str) -> tuple[list[list[str | None]], FileReport]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_bytes(text.encode())
        table = read_table(path, delimiter=delimiter, quote=quote, header=True, skip=0)
        rows = [list(row.values()) for row in table.reader.read_all().to_pylist()]
        return rows, table.report().files[0]


@settings(max_examples=150)
@example([["\\\t"]], "\t", '"', ("\n", csv.QUOTE_ALL))
@example([[",|\n|\\"]], "|", '"', ("\n", csv.QUOTE_ALL))
@given(TABLES, st.sampled_from(",;\t|"), st.sampled_from("\"'"), st.sampled_from(ENDINGS))
def test_what_csv_writes_reads_back(
    rows: list[list[str]], delimiter: str, quote: str, ending: tuple[str, int]
) -> None:
    assume(not any(row[0].startswith("\ufeff") for row in rows))  # no part of the value there
    line_end, quoting = ending
    sink = io.StringIO(newline="")
    writer = csv.writer(
        sink, delimiter=delimiter, quotechar=quote, lineterminator=line_end, quoting=quoting
    )
    writer.writerow([f"c{i}" for i in range(len(rows[0]))])
    writer.writerows(rows)
    found, report = read_text(sink.getvalue(), delimiter, quote)
    if quoting == csv.QUOTE_ALL:
        assert found == rows
    else:  # an empty field without quotes is a missing one
        assert [[value or "" for value in row] for row in found] == rows
    assert (report.rejected, report.left_out) == (0, 0)


FIELDS = ["a", "1", "", '"x"', '"x,y"', '"a\nb"', '"q""q"', '""', '"a\r\nb"', 'x"y', " t ", "é"]
BROKEN = ['"bad"z', '"5" pipe"', '"x']


@settings(max_examples=150)
@given(
    st.lists(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=5), max_size=10),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_sound_rows_are_read_and_others_counted(rows: list[list[str]], line_end: str) -> None:
    rows = [row for row in rows if row != [""]]
    widths = Counter(len(row) for row in rows)
    # A header may be wider or narrower than all of the rows.
    assume(all(width == 3 or count < 0.8 * len(rows) for width, count in widths.items()))
    text = line_end.join(["h1,h2,h3", *(",".join(row) for row in rows)])
    found, report = read_text(text, ",", '"')
    assert report.rows + report.rejected + report.left_out == len(rows)
    if report.left_out:  # several rows of another width can be a table of their own
        return
    good = [row for row in rows if len(row) == 3]
    longer = [row for row in rows if len(row) > 3 and {*row} & {"", '""'}]
    assert len(found) <= len(good) + len(longer)  # an empty field too many may be left out
    texts = iter([[value or "" for value in row] for row in found])
    for row in good:
        if 'x"y' not in row:  # a quote in the middle makes a row of other values suspicious
            parsed = next(csv.reader(io.StringIO(",".join(row), newline="")))
            assert parsed in texts  # each in its turn


@settings(max_examples=150)
@given(
    st.lists(
        st.lists(
            st.sampled_from([f for f in FIELDS if "\n" not in f] + BROKEN), min_size=1, max_size=4
        ),
        max_size=10,
    ),
)
def test_a_broken_row_never_costs_another(rows: list[list[str]]) -> None:
    """A row with a quote too many is repaired or rejected; its neighbours stay as they are."""
    rows = [["1", f"r{i}", *row] for i, row in enumerate(rows)]
    rows = [row for one in rows for row in (one, ["2", "sound", "x"])]
    text = "\n".join(["h1,h2,h3", *(",".join(row) for row in rows), "9,end,9"])
    found, report = read_text(text, ",", '"')
    assert (report.rows + report.rejected, report.left_out) == (len(rows) + 1, 0)
    sound = [row[1] for row in rows if len(row) == 3 and not {*row} & {*BROKEN}]
    names = [row[1] for row in found]
    assert [name for name in names if name in sound] == sound
    assert names[-1] == "end"
