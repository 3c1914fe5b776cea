"""Spreadsheets written by openpyxl, xlwt and odfpy: tables found, types kept, oddities told."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P

from dreambolt_steps.errors import DreamboltError, SourceError, UsageError
from dreambolt_steps.readers.excel.grid import find_last, find_start, name_cell, parse_cells
from dreambolt_steps.readers.excel.table import ExcelTable
from dreambolt_steps.readers.table.read import TableRead, read_table
from dreambolt_steps.readers.table.read_report import FileReport


def write_xlsx(path: Path, rows: list[list[Any]], **options: Any) -> Path:
    book = openpyxl.Workbook()
    fill_sheet(book.active, rows)
    for name, more in options.items():
        fill_sheet(book.create_sheet(name), more)
    book.save(path)
    return path


def fill_sheet(sheet: Any, rows: list[list[Any]]) -> None:
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            if value is not None:
                sheet.cell(number, column, value)


def write_xls(path: Path, rows: list[list[Any]]) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, dt.date):
                sheet.write(number, column, value, day)
            elif value is not None:
                sheet.write(number, column, value)
    book.save(str(path))
    return path


def make_ods_cell(value: Any) -> TableCell:
    kinds: dict[type, tuple[str, str]] = {
        bool: ("boolean", "booleanvalue"),
        int: ("float", "value"),
        float: ("float", "value"),
        dt.date: ("date", "datevalue"),
    }
    if value is None:
        return TableCell()
    if isinstance(value, str) and value.startswith("PT"):
        return TableCell(valuetype="time", timevalue=value)
    if isinstance(value, str):
        cell = TableCell(valuetype="string")
        cell.addElement(P(text=value))
        return cell
    kind, name = kinds[type(value)]
    return TableCell(valuetype=kind, **{name: str(value).lower()})


def write_ods(path: Path, rows: list[list[Any]]) -> Path:
    book = OpenDocumentSpreadsheet()
    table = Table(name="Data")
    for row in rows:
        made = TableRow()
        for value in row:
            made.addElement(value if hasattr(value, "qname") else make_ods_cell(value))
        table.addElement(made)
    book.spreadsheet.addElement(table)
    book.save(str(path))
    return path


WRITERS = {".xlsx": write_xlsx, ".xls": write_xls, ".ods": write_ods}


def read(path: Path, **options: Any) -> tuple[list[dict[str, Any]], FileReport]:
    table = read_table(path, **options)
    rows = table.reader.read_all().to_pylist()
    return rows, table.report().files[0]


ROWS: list[list[Any]] = [
    ["id", "name", "price", "sold", "on", "mixed"],
    [1, "Ann", 1.5, True, dt.date(2024, 1, 31), 7],
    [2, "Zoë 名前", 2, False, dt.date(9999, 12, 31), "x"],
    [3, None, None, None, None, 1.25],
]
WANT: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "Ann",
        "price": 1.5,
        "sold": True,
        "on": dt.date(2024, 1, 31),
        "mixed": "7",
    },
    {
        "id": 2,
        "name": "Zoë 名前",
        "price": 2.0,
        "sold": False,
        "on": dt.date(9999, 12, 31),
        "mixed": "x",
    },
    {"id": 3, "name": None, "price": None, "sold": None, "on": None, "mixed": "1.25"},
]


@pytest.mark.parametrize("suffix", WRITERS)
def test_types_are_those_of_the_cells(tmp_path: Path, suffix: str) -> None:
    path = WRITERS[suffix](tmp_path / f"a{suffix}", ROWS)
    rows, report = read(path)
    assert rows == WANT
    assert (report.file_format, report.rejected) == ("excel", 0)
    lying = path.rename(tmp_path / "lying.csv")
    rows, report = read(lying)
    assert rows == WANT
    assert report.findings[0] == "is named .csv, but holds excel; read as excel"


@pytest.mark.parametrize("suffix", WRITERS)
def test_the_table_is_found_below_titles_and_beside_blanks(tmp_path: Path, suffix: str) -> None:
    rows: list[list[Any]] = [
        [None, None, "Sales of 2024"],
        [],
        [None, None, "made by", "Ann"],
        [None, None, "id", "name", None, "price"],
        [None, None, 1, "a", None, 1.5],
        [],
        [None, None, 2, "b", None, 2.5],
        [],
        [None, None, "all prices in EUR"],
    ]
    found, report = read(WRITERS[suffix](tmp_path / f"a{suffix}", rows))
    assert found == [{"id": 1, "name": "a", "price": 1.5}, {"id": 2, "name": "b", "price": 2.5}]
    assert report.preamble == ("Sales of 2024", "made by | Ann")
    told = " / ".join(report.findings)
    assert "the table is C4:F7" in told
    assert "1 rows below the table, not read: all prices in EUR" in told


@pytest.mark.parametrize(
    ("options", "want"),
    [
        ({}, [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        ({"header": False}, [{"column_1": "a", "column_2": "b"}, {"column_1": "1"}]),
        ({"skip": 2}, [{"column_1": 1, "column_2": "x"}, {"column_1": 2, "column_2": "y"}]),
        ({"skip": 2, "header": True}, [{"1": 2, "x": "y"}]),
        ({"cells": "A2:B3"}, [{"a": 1, "b": "x"}]),
        ({"cells": "$B$2"}, [{"b": "x"}, {"b": "y"}]),
        ({"cells": "A3:A", "header": False}, [{"column_1": 1}, {"column_1": 2}]),
        ({"sheet": "Other"}, [{"z": 9}]),
        ({"sheet": 2}, [{"z": 9}]),
        ({"sheet": "2", "limit": 0}, []),
        ({"limit": 1}, [{"a": 1, "b": "x"}]),
    ],
)
def test_what_is_known_wins(
    tmp_path: Path, options: dict[str, Any], want: list[dict[str, Any]]
) -> None:
    rows = [["Title"], ["a", "b"], [1, "x"], [2, "y"]]
    path = write_xlsx(tmp_path / "a.xlsx", rows, Other=[["z"], [9]])
    found, _ = read(path, **options)
    assert [{k: row[k] for k in part} for row, part in zip(found, want, strict=False)] == want


def test_the_first_sheet_with_a_table_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    fill_sheet(book.active, [["read me"], ["first"]])
    fill_sheet(book.create_sheet("Hidden"), [["h", "i"], [1, 2]])
    book["Hidden"].sheet_state = "hidden"
    book.create_chartsheet("Chart")
    fill_sheet(book.create_sheet("Data"), [["a", "b"], [1, 2]])
    book.save(path)
    rows, report = read(path)
    assert rows == [{"a": 1, "b": 2}]
    told = " / ".join(report.findings)
    assert "A1:B2 of sheet 'Data'" in told
    assert "other sheets, not read: Sheet, Hidden, Chart; sheet=... names one" in told


def test_merged_cells_formulas_and_errors(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    fill_sheet(
        sheet,
        [["Sales"], ["land", "n", "f", "e"], ["DE", 1, "=1+1", "#N/A"], [None, 2], ["FR", 3]],
    )
    sheet.merge_cells("A1:D1")
    sheet.merge_cells("A3:A4")
    sheet["D3"].data_type = "e"
    book.save(path)
    rows, report = read(path)
    assert [row["land"] for row in rows] == ["DE", "DE", "FR"]
    assert [row["f"] for row in rows] == [None, None, None]
    assert report.findings[1:] == (
        "1 merged ranges filled with their one value",
        "1 error cell (the first in D3) read as NULL",
        "1 formula (the first in C3) without a value, read as NULL; save the file in a spreadsheet "
        "program",
    )


def test_a_formula_gives_the_value_it_was_saved_with(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["a", "b"], [1, "=A2+1"]])
    copy = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as sink:
        for name in source.namelist():
            content = (
                source.read(name).replace(b"<v></v>", b"<v>2</v>").replace(b"<v/>", b"<v>2</v>")
            )
            sink.writestr(name, content.replace(b"<v />", b"<v>2</v>"))
    rows, report = read(copy)
    assert rows == [{"a": 1, "b": 2}]
    assert report.findings == ("the table is A1:B2 of sheet 'Sheet'",)


def test_oddities_of_ods_are_told(tmp_path: Path) -> None:
    merged = make_ods_cell("DE")
    merged.setAttribute("numberrowsspanned", "2")
    rows = [
        ["land", "when", "f"],
        [merged, "PT10H11M12S", TableCell(formula="of:=1+1")],
        [CoveredTableCell(), "PT26H00M01S", 1],
    ]
    rows_read, report = read(write_ods(tmp_path / "a.ods", rows))
    assert [row["when"] for row in rows_read] == ["10:11:12", "26:00:01"]
    told = " / ".join(report.findings)
    assert "1 formula without a value" in told
    assert "1 merged range, whose value stands in the first cell only" in told


def test_dates_and_times(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    moment = dt.datetime(2024, 2, 29, 23, 59, 58)
    fill_sheet(book.active, [["d", "t", "m"], [dt.date(1904, 1, 2), dt.time(1, 2, 3), moment]])
    book.active.append([dt.datetime(2000, 1, 1, 12), None, dt.date(2024, 1, 1)])
    book.save(path)
    rows, _ = read(path)
    assert rows == [
        {"d": dt.datetime(1904, 1, 2), "t": dt.time(1, 2, 3), "m": moment},
        {"d": dt.datetime(2000, 1, 1, 12), "t": None, "m": dt.datetime(2024, 1, 1)},
    ]


def test_numbers_keep_what_a_spreadsheet_has_of_them(tmp_path: Path) -> None:
    rows = [["n", "code"], [2**53 - 1, "007"], [-1, "008"]]
    found, _ = read(write_xlsx(tmp_path / "a.xlsx", rows))
    assert found == [{"n": 2**53 - 1, "code": "007"}, {"n": -1, "code": "008"}]
    found, _ = read(write_xlsx(tmp_path / "b.xlsx", [["n"], [1e300], [0.1]]))
    assert found == [{"n": 1e300}, {"n": 0.1}]


def test_many_rows_come_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreambolt_steps.readers.excel.table._BATCH_CELLS", 10_000)
    names = [f"c{i}" for i in range(100)]
    rows = [[row * column for column in range(100)] for row in range(120)]
    table = ExcelTable(write_xlsx(tmp_path / "a.xlsx", [names, *rows]))
    batches = list(table.iterate_batches())
    assert [batch.num_rows for batch in batches] == [100, 20]
    assert batches[0].schema.names == names
    assert batches[-1].column("c99")[-1].as_py() == 119 * 99


def test_a_cell_far_away_ends_no_process_but_the_readers_own(tmp_path: Path) -> None:
    """calamine lays out 17 billion cells for it, which is half a terabyte."""
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    fill_sheet(book.active, [["a", "b"], [1, 2]])
    book.active["XFD1048576"] = "far"
    book.save(path)
    with pytest.raises(SourceError, match=r"a\.xlsx: .* more memory .* cell filled far away"):
        read_table(path, spool=tmp_path / "spool")
    assert not [file for file in (tmp_path / "spool").rglob("*") if file.is_file()]


def make_bomb(path: Path, *, lie: bool) -> Path:
    """A workbook with a sheet of 30 MB of blanks; if it lies, its zip tells 10 bytes."""
    write_xlsx(path, [["a", "b"], [1, 2]])
    sink = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as to:
        for name in source.namelist():
            extra = b" " * 30_000_000 if name.endswith("sheet1.xml") else b""
            to.writestr(name, source.read(name) + extra)
        size = to.getinfo("xl/worksheets/sheet1.xml").file_size
    content = sink.getvalue()
    if lie:
        content = content.replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("lie", [False, True])
def test_a_bomb_is_refused(tmp_path: Path, lie: bool) -> None:
    path = make_bomb(tmp_path / "a.xlsx", lie=lie)
    with pytest.raises(SourceError, match=r"unpacks to [\d,]+ bytes, .*raise max_expanded_bytes"):
        read_table(path, max_expanded_bytes=20_000_000)


@pytest.mark.parametrize(
    ("rows", "options", "kind", "message"),
    [
        ([], {}, SourceError, r"holds no values on any visible sheet \(Sheet\)"),
        ([["a"]], {"sheet": "B"}, UsageError, r"has no sheet 'B'; there are Sheet"),
        ([["a"]], {"sheet": 3}, UsageError, r"has no sheet 3; there are Sheet"),
        ([["a"]], {"cells": "3B"}, UsageError, r"cells='3B' is no range; write B3:F20"),
        ([["a"]], {"cells": "B3:A4"}, UsageError, "ends before it begins"),
        ([["a"]], {"cells": "C5:D9"}, SourceError, "holds no values"),
        ([["a"]], {"skip": 5}, SourceError, "holds nothing behind its first rows"),
        ([["a"]], {"delimiter": ";"}, UsageError, "delimiter=';' is for csv, tsv files"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path,
    rows: list[list[Any]],
    options: dict[str, Any],
    kind: type[DreamboltError],
    message: str,
) -> None:
    with pytest.raises(kind, match=message) as caught:
        read_table(write_xlsx(tmp_path / "a.xlsx", rows), **options)
    assert "\n" not in str(caught.value)


def test_damaged_files_are_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for suffix, writer in WRITERS.items():
        content = writer(tmp_path / f"a{suffix}", ROWS).read_bytes()
        for cut in (600, len(content) // 2, len(content) - 30):
            path = tmp_path / f"cut{suffix}"
            path.write_bytes(content[:cut])
            with pytest.raises(SourceError, match="truncated or damaged"):
                read_table(path)
    encrypted = tmp_path / "locked.xlsx"
    encrypted.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    with pytest.raises(SourceError, match="truncated or damaged"):
        read_table(encrypted)
    assert capfd.readouterr() == ("", "")  # calamine panics at some of them


def test_text_that_calls_itself_xls_is_read_as_text(tmp_path: Path) -> None:
    (tmp_path / "a.xls").write_text("a\tb\n1\t2\n")
    table: TableRead = read_table(tmp_path / "a.xls")
    assert table.reader.read_all().to_pylist() == [{"a": "1", "b": "2"}]
    assert table.report().files[0].findings[0] == "is named .xls, but holds csv; read as csv"


@pytest.mark.parametrize(
    ("counts", "start", "last"),
    [
        ([3, 3, 3], 0, 2),
        ([1, 0, 3, 3, 3], 2, 4),
        ([1, 2, 5, 4, 5, 5], 2, 5),
        ([1, 1, 1], 0, 2),
        ([2, 1, 1, 2, 1], 0, 4),
        ([4, 4, 0, 4, 0, 1], 0, 3),
        ([4, 4, 0, 1, 0, 1, 1], 0, 1),
        ([4, 4, 0, 3], 0, 3),
        ([4], 0, 0),
        ([1, 4], 1, 1),
    ],
)
def test_where_a_table_begins_and_ends(counts: list[int], start: int, last: int) -> None:
    assert find_start(counts) == start
    assert find_last(counts, start + 1 if len(counts) > start + 1 else start) == last


def test_cells_are_named_as_in_a_spreadsheet() -> None:
    assert [name_cell(0, i) for i in (0, 25, 26, 701, 702)] == ["A1", "Z1", "AA1", "ZZ1", "AAA1"]
    assert parse_cells("aa10:AB").left == 26
