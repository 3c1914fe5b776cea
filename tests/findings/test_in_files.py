"""What deserves a look in how files were read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreambolt_steps.findings.finding import Finding
from dreambolt_steps.findings.in_files import find_in_files
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.readers.table.read_report import FileReport


def look(tmp_path: Path, *texts: str) -> list[Finding]:
    """Read files and list what was found."""
    paths = []
    for number, text in enumerate(texts):
        path = tmp_path / f"f{number}.csv"
        path.write_text(text)
        paths.append(path)
    read = read_table(paths, spool=str(tmp_path))
    read.reader.read_all()
    report = read.report()
    return find_in_files(report.files, report.schema_notes)


def test_a_plain_file_is_nothing_to_look_at(tmp_path: Path) -> None:
    assert look(tmp_path, "a,b\n1,x\n2,y\n") == []


def test_a_file_of_one_column_is_told_with_the_argument(tmp_path: Path) -> None:
    (found,) = look(tmp_path, "name\nanna\nbert\ncarl\n")
    assert (found.kind, found.level, found.total) == ("one_column", "moderate", 3)
    assert "--load 'delimiter=;'" in found.tell()


def test_lines_left_out_are_told(tmp_path: Path) -> None:
    found = look(tmp_path, "# made by hand\n# in 2024\na,b\n1,x\n2,y\n3,z\n4,w\n")
    assert [one.kind for one in found] == ["left_out"]
    assert found[0].what.startswith("2 ")


def test_the_same_in_many_files_is_told_once(tmp_path: Path) -> None:
    found = look(tmp_path, *["name\nanna\nbert\n"] * 12)
    assert [one.place for one in found if one.kind == "one_column"] == ["in 12 files, first f0.csv"]


@pytest.mark.parametrize(
    ("sentence", "confidence", "kind", "level"),
    [
        ("another table left out: lines 9 to 12, 3 columns", 1.0, "tables_left_out", "moderate"),
        ("other sheets, not read: b; sheet=... names one", 1.0, "tables_left_out", "moderate"),
        ("encoding cp1252 is a guess, 60% sure", 0.6, "encoding_guessed", "moderate"),
        ("encoding cp1252 is a guess, 95% sure", 0.95, "reading", "note"),
        ("1 footer line left out (line 9)", 1.0, "left_out", "note"),
    ],
)
def test_sentences_of_readers_get_their_weight(
    sentence: str, confidence: float, kind: str, level: str
) -> None:
    file = FileReport(
        "a.csv", "csv", None, ("a", "b"), ("a", "b"), 5, findings=(sentence,),
        encoding_confidence=confidence,
    )  # fmt: skip
    (found,) = find_in_files([file])
    assert (found.kind, found.level, found.what) == (kind, level, sentence)


def test_a_table_that_is_a_whole_sheet_is_nothing_odd() -> None:
    told = ("the table is A1:C7 of sheet 'Sheet'", "the table is B3:C7 of sheet 'Sheet'")
    file = FileReport("a.xlsx", "excel", None, ("a",), ("a",), 5, findings=told)
    assert [one.what for one in find_in_files([file])] == [told[1]]
