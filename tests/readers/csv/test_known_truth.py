"""Files built from records of known truth: each is read as it is, or rejected by its line."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.readers.table.read import read_table

EXAMPLES = int(os.environ.get("DREAMBOLT_TRUTH_EXAMPLES", "40"))  # 10,000 in a long run
CELLS = st.one_of(
    st.text("abcé", min_size=1, max_size=6),
    st.text('ab,"\n', min_size=1, max_size=8).map(lambda cell: f"x{cell}x"),
    st.integers(1, 400).map(lambda lines: "line, of text\n" * lines + "end"),
)
SOUND = st.tuples(CELLS, CELLS, CELLS)
RECORDS = st.lists(
    st.tuples(SOUND, st.sampled_from(["sound"] * 6 + ["long", "short", "nul", "latin", "comment"])),
    min_size=1,
    max_size=60,
)


def write_cell(cell: str) -> str:
    """Quote where it is needed."""
    return '"' + cell.replace('"', '""') + '"' if any(c in cell for c in ',"\n') else cell


@settings(max_examples=EXAMPLES, deadline=None)
@given(RECORDS, st.integers(0, 90), st.sampled_from(["\n", "\r\n"]))
def test_each_record_is_read_as_it_is_or_rejected_by_its_line(
    records: list[tuple[tuple[str, str, str], str]], preamble: int, end: str
) -> None:
    written, wanted, rejected, comments = [f"p {at}" for at in range(preamble)], [], [], 0
    written.append("id,name,first,second,third")
    kept = [line.encode() for line in written]
    line = preamble + 2
    for number, (cells, kind) in enumerate(records):
        plain = [str(number), f"n{number}", *cells]
        if kind in ("nul", "latin"):
            plain[1] = "n\0" if kind == "nul" else "n\xff"
        if kind == "long":
            plain.append("more")
        text = ",".join(map(write_cell, plain[:2] if kind == "short" else plain))
        if kind == "comment":
            text, comments = f"# note {number}", comments + 1
        elif kind == "sound":
            wanted.append(plain)
        else:
            rejected.append(line)
        body = text.encode().replace("\xff".encode(), b"\xff")
        line += 1 + body.count(b"\n")
        kept.append(body)
    kept.append(b"0,last,a,b,c")
    wanted.append(["0", "last", "a", "b", "c"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_bytes(end.encode().join([*kept, b""]))
        told = {"delimiter": ",", "quote": '"', "escape": '"', "comment": "#"}
        table = read_table(path, **told, encoding="utf-8", header=True, skip=preamble)
        found = [list(row.values()) for row in table.reader.read_all().to_pylist()]
        report = table.report()
    assert found == wanted
    assert [one["line"] for one in report.rejects.to_pylist()] == rejected
    assert report.files[0].left_out == comments
