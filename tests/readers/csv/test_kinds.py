"""Kinds of trouble in real files: what is read, rejected and left out, and what is told of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.readers.table.read_report import FileReport

Rows = list[tuple[str | None, ...]]


def read(
    tmp_path: Path, text: str | bytes, **told: Any
) -> tuple[list[str], Rows, FileReport, list[Any]]:
    """Names, rows, the report, and line and reason of the rejects; the counts add up."""
    path = tmp_path / "a.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    table = read_table(path, **told)
    rows = [tuple(row.values()) for row in table.reader.read_all().to_pylist()]
    report = table.report()
    rejects = [(one["line"], one["reason"]) for one in report.rejects.to_pylist()]
    assert (len(rows), len(rejects)) == (report.rows, report.rejected)
    return table.schema.names, rows, report.files[0], rejects


def test_a_repeated_header_is_left_out_and_rows_go_on(tmp_path: Path) -> None:
    names, rows, report, _ = read(tmp_path, "id,n\n1,a\n2,b\nid,n\n3,c\n\nid,n\n4,d\n")
    assert (names, [row[0] for row in rows]) == (["id", "n"], ["1", "2", "3", "4"])
    assert report.left_out == 2
    assert "2 repeated headers left out (first in line 4)" in report.findings


@pytest.mark.parametrize("times", [1, 2_000])
def test_in_a_single_column_a_value_that_is_the_name_is_a_value(tmp_path: Path, times: int) -> None:
    lines = ["1", "id", "2"] * times
    names, rows, report, _ = read(tmp_path, "\n".join(["id", *lines]) + "\n")
    found = [row[0] for row in rows]
    assert found == (lines if names == ["id"] else ["id", *lines])
    assert report.left_out == 0


@pytest.mark.parametrize("rows", [3, 3000])
def test_a_byte_order_mark_within_is_no_part_of_a_value(tmp_path: Path, rows: int) -> None:
    lines = [f"{at},x" for at in range(rows)]
    lines[rows // 2] = "\ufeff" + lines[rows // 2]
    _, found, report, _ = read(tmp_path, "\ufeffid,n\n" + "\n".join(lines) + "\n")
    assert [row[0] for row in found] == [str(at) for at in range(rows)]
    assert any("a byte order mark before the first field" in told for told in report.findings)


@pytest.mark.parametrize("rows", [3, 400, 20_000])
def test_one_nul_rejects_one_row(tmp_path: Path, rows: int) -> None:
    lines = [f"{at},name {at}" for at in range(rows)]
    lines[1] = "1,na\0me"
    _, found, _, rejects = read(tmp_path, "id,name\n" + "\n".join(lines) + "\n")
    assert len(found) == rows - 1
    assert rejects == [(3, "a NUL byte, which no text has")]


@pytest.mark.parametrize("rows", [12, 2000])
def test_rows_of_another_encoding_are_rejected_by_line(tmp_path: Path, rows: int) -> None:
    lines = [f"{at},Malmö\n".encode("utf-8" if at % 2 else "cp1252") for at in range(rows)]
    _, found, report, rejects = read(tmp_path, b"id,city\n" + b"".join(lines))
    assert {row[1] for row in found} == {"Malmö"}
    assert [line for line, _ in rejects] == [at + 2 for at in range(rows) if not at % 2]
    assert any("bytes that are not UTF-8 are rejected" in told for told in report.findings)


@pytest.mark.parametrize(
    ("text", "encoding"), [(b"id,n\n1,\x81\n2,b\n", "cp1252"), (b"id,n\n1,\xfc\n2,b\n", "utf-8")]
)
def test_a_told_encoding_rejects_what_does_not_fit(
    tmp_path: Path, text: bytes, encoding: str
) -> None:
    _, rows, _, rejects = read(tmp_path, text, encoding=encoding)
    assert (rows, rejects) == ([("2", "b")], [(2, f"bytes that are not valid {encoding}")])


def test_a_guessed_encoding_is_never_sure(tmp_path: Path) -> None:
    text = "id;name\n1;Käse\n2;Brötchen\n".encode("cp1252")
    _, rows, report, _ = read(tmp_path, text)
    assert rows[1] == ("2", "Brötchen")
    assert report.encoding_confidence < 1
    assert any("is a guess" in told for told in report.findings)


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ("# wdf,a,f\n1,2,3\n5,4,3\n", ["wdf", "a", "f"], 2),
        ("# about\n# more, of it\n# N, M, K\n1,2,3\n4,5,6\n", ["N", " M", " K"], 2),
        (
            "#Software: x\n#Fields: date time s-ip n\n"
            "2025-11-12 06:21:37 ::1 5\n2025-11-12 06:21:38 ::1 6\n",
            ["date", "time", "s-ip", "n"],
            2,
        ),
        ("#,name\n1,a\n2,b\n", ["#", "name"], 2),
        ("# one\n# two\n1,2\n3,4\n", ["column_1", "column_2"], 2),
        ("# one\n# two, three\na,b\n1,2\n", ["a", "b"], 1),
        ("// one\na;b\n1;2\n3;4\n", ["a", "b"], 2),
    ],
)
def test_comments_above_a_table_are_left_out_and_names_in_them_are_names(
    tmp_path: Path, text: str, names: list[str], rows: int
) -> None:
    found, values, report, _ = read(tmp_path, text)
    assert (found, len(values), report.rejected) == (names, rows, 0)
    assert not any("#" in (value or "") for row in values for value in row)


def test_a_value_may_begin_with_a_hash(tmp_path: Path) -> None:
    names, rows, _, _ = read(tmp_path, "order,sum\n#1001,5\n#1002,6\n#1003,7\n")
    assert (names, rows[0]) == (["order", "sum"], ("#1001", "5"))


def test_rows_that_leave_out_empty_fields_at_their_end_are_filled_up(tmp_path: Path) -> None:
    lines = [f"{at},U,06/01/2023" + ",v" * (at % 5) for at in range(20)]
    names, rows, report, _ = read(tmp_path, "un,party,reg,h1,h2,h3,h4\n" + "\n".join(lines) + "\n")
    assert names == ["un", "party", "reg", "h1", "h2", "h3", "h4"]
    assert rows[1] == ("1", "U", "06/01/2023", "v", None, None, None)
    told = "16 rows repaired (first in line 2): fields missing at the end are read as null"
    assert told in report.findings


@pytest.mark.parametrize("pairs", [4, 70, 300])
@pytest.mark.parametrize("end", ["", ","])
def test_a_block_of_names_and_values_before_the_table_is_not_the_table(
    tmp_path: Path, pairs: int, end: str
) -> None:
    block = "".join(f"Setting {at},{at * 3}{end}\n" for at in range(pairs))
    rows = "".join(f"{400 + at},0.{at:03},ok,n\n" for at in range(200))
    names, found, report, _ = read(tmp_path, f"{block}\nwavelength,absorbance,flag,note\n{rows}")
    assert (names[0], len(found), report.left_out) == ("wavelength", 200, 0)
    assert f"{pairs + 1} lines before the table left out" in report.findings
    skipped = read(tmp_path, (tmp_path / "a.csv").read_text(), skip=pairs + 1)
    assert (skipped[0], len(skipped[1])) == (names, 200)


def test_two_columns_with_a_header_are_a_table(tmp_path: Path) -> None:
    first = "".join(f"n{at},{at}\n" for at in range(30))
    text = f"name,value\n{first}\na,b,c\n" + "1,2,x\n" * 30
    names, rows, report, _ = read(tmp_path, text)
    assert (names, len(rows)) == (["name", "value"], 30)
    assert report.left_out == 31
    assert any("skip=32 reads it" in told for told in report.findings)


def test_three_rows_of_names_are_joined(tmp_path: Path) -> None:
    rows = "".join(f'"2012-06-07 13:00:00.{at}",{at},0.{at},-0.1\n' for at in range(1, 8))
    text = f'"TIMESTAMP","RECORD","Ux","Uy"\n"TS","RN","m/s","m/s"\n"","","Smp","Smp"\n{rows}'
    names, found, _, _ = read(tmp_path, text)
    assert names == ["TIMESTAMP TS", "RECORD RN", "Ux m/s Smp", "Uy m/s Smp"]
    assert len(found) == 7


DRAWN = {
    "whole lines quoted": (
        '"Name,Family,Note"\n"Ann,Lee,plain"\n"Bo,Oh,""a, b"""\n',
        [("Ann", "Lee", "plain"), ("Bo", "Oh", "a, b")],
        "the quotes around each whole line are left out",
    ),
    "a client of SQL": (
        "+------+-----+------+\n| Name | Fam | Note |\n+------+-----+------+\n"
        "| Ann  | Lee | --   |\n| Bo   | Oh  | 1    |\n+------+-----+------+\n"
        "2 rows in set (0.00 sec)\n",
        [("Ann", "Lee", "--"), ("Bo", "Oh", "1")],
        "the lines drawn around the cells are left out",
    ),
    "Markdown": (
        "| Name | Fam | Note |\n|:-----|----:|------|\n| Ann | Lee | x |\n| -- | -- | -- |\n",
        [("Ann", "Lee", "x"), ("--", "--", "--")],
        "the lines drawn around the cells are left out",
    ),
    "aligned by blanks": (
        "Name      Family   Note\nAnn Sue   Lee         1\nBo        Oh         22\n"
        "Cy        van Dam   333\n",
        [("Ann Sue", "Lee", "1"), ("Bo", "Oh", "22"), ("Cy", "van Dam", "333")],
        "columns are aligned by blanks, and cut where those stand in every line",
    ),
}


@pytest.mark.parametrize("kind", DRAWN)
def test_tables_laid_out_for_the_eye_are_tables(tmp_path: Path, kind: str) -> None:
    text, wanted, told = DRAWN[kind]
    names, rows, report, _ = read(tmp_path, text)
    assert (len(names), rows, report.rejected) == (3, wanted, 0)
    assert told in report.findings


def test_a_line_that_fills_the_gaps_is_rejected_not_cut(tmp_path: Path) -> None:
    body = "".join(f"n{at:03}    {at:05}    x y\n" for at in range(80))
    _, rows, _, rejects = read(tmp_path, body + "a name that is very long and fills all\n" + body)
    assert len(rows) == 160
    assert rejects == [(81, "1 fields where the table has 3 columns")]


@pytest.mark.parametrize(
    "text",
    ['"Rome, Italy"\n"Oslo, Norway"\n"Bern, Swiss"\n', "one\ntwo  words\nthree\nfour\nfive\n"],
)
def test_one_column_stays_one(tmp_path: Path, text: str) -> None:
    names, rows, _, _ = read(tmp_path, text, header=False)
    assert (len(names), len(rows)) == (1, text.count("\n"))


def test_one_column_of_divided_lines_is_told(tmp_path: Path) -> None:
    _, _, report, _ = read(tmp_path, "a\nb,c\nd;e;f\ng,h,i,j\nk|l\nm n\no,p;q\n")
    if report.dialect and not report.dialect.delimiter:
        assert any(told.startswith("read as one column") for told in report.findings)
