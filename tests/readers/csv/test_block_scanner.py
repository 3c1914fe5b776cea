"""Blocks in which something is odd: sorted in bulk as they would be record by record."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.readers.csv.scan.block_scanner import BlockScanner
from dreambolt_steps.readers.table.read import read_table

ODD = [
    "7,x,2.5,more",
    "7,x",
    "7,,2.5,",
    '7,5" pipe,2.5',
    '7,"5 pipe,2.5',
    '7,"5" pipe,2.5',
    '7,"two\nlines",2.5',
    '7,"a ""word""",2.5',
    "7;x;2.5",
    "",
    "# a comment",
    "7,n\0l,2.5",
    "7,\udce4,2.5",
    "7,\udce4",
    "\ufeff7,x,2.5",
    "id,name,price",
    "7,x,2.5\r",
    "a,b",
    "Total",
    '"7","x","2.5"',
]
LINES = st.lists(st.integers(0, 3 * len(ODD)), min_size=20, max_size=120)


def read(path: Path, **told: Any) -> tuple[Any, ...]:
    """All that is read, rejected and told of a file."""
    table = read_table(path, **told)
    rows = table.reader.read_all().to_pylist()
    report = table.report()
    assert (len(rows), report.rejects.num_rows) == (report.rows, report.rejected)
    rejects = [(one["line"], one["reason"], one["raw"]) for one in report.rejects.to_pylist()]
    return rows, rejects, report.files[0].findings, report.files[0].left_out


@pytest.mark.parametrize("told", [{}, {"ragged": "pad"}, {"comment": "#"}], ids=str)
@settings(max_examples=25)
@given(picked=LINES, end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_block_is_sorted_as_its_records_are(
    told: dict[str, Any], picked: list[int], end: str
) -> None:
    lines = [ODD[at] if at < len(ODD) else f"{at},name {at},{at}.5" for at in picked]
    body = [f"{at},row {at},{at}.25" for at in range(30)]
    text = end.join(["id,name,price", *body, *lines, *body, ""])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        known = {"encoding": "utf-8", "delimiter": ",", "quote": '"', "header": True, **told}
        found = read(path, **known)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BlockScanner, "_take_many", lambda *_: 0)
            assert found == read(path, **known)
