"""A file is judged by its records, not by its lines: cells of many lines, long preambles."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps.readers.table.read import read_table

TOLD: list[dict[str, Any]] = [
    {},
    {"delimiter": ","},
    {"delimiter": ",", "quote": '"', "escape": '"', "header": True, "skip": 0},
]
LINES = {
    "pairs": "Subject: rains over {}",
    "bullets": "* the dog, the fox {}",
    "prose": "Quick over dog, {} and fox, while over.",
    "commas": "Dear all, we write {}",
}


@pytest.mark.parametrize("told", TOLD)
@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
@pytest.mark.parametrize(("rows", "lines"), [(40, 10), (3, 250), (45, 2000)])
def test_cells_of_many_lines_are_cells(
    tmp_path: Path, told: dict[str, Any], line: str, rows: int, lines: int
) -> None:
    path = tmp_path / "a.csv"
    table = [
        [str(row), "\n".join(line.format(row * at) for at in range(lines)), str(3 * row)]
        for row in range(1, rows + 1)
    ]
    with path.open("w", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows([["id", "body", "n"], *table])
    read = read_table(path, **told)
    found = [list(row.values()) for row in read.reader.read_all().to_pylist()]
    assert (read.schema.names, read.report().rejected) == (["id", "body", "n"], 0)
    assert found == table


@pytest.mark.parametrize("lines", [5, 59, 150, 400])
@pytest.mark.parametrize("line", ["Setting {}: value {} units", "Note {0}. It is {1}, or more"])
def test_a_table_stands_behind_a_preamble_of_any_length(
    tmp_path: Path, lines: int, line: str
) -> None:
    path = tmp_path / "a.csv"
    before = [line.format(at, at * 3) for at in range(lines)]
    rows = [f"{400 + at},0.{at:03},ok" for at in range(200)]
    path.write_text("\n".join([*before, "", "wavelength,absorbance,flag", *rows]) + "\n")
    read = read_table(path)
    assert read.reader.read_all().num_rows == 200
    report = read.report().files[0]
    assert (report.columns, report.dialect and report.dialect.skip, report.rejected) == (
        ("wavelength", "absorbance", "flag"),
        lines + 1,
        0,
    )
    assert f"{lines + 1} lines before the table left out" in report.findings
