"""How a sheet's table is laid out: grouped names, years as names, units, further tables, zeros."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msoffcrypto
import openpyxl
import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from dreambolt_steps.errors import CredentialError, SourceError
from dreambolt_steps.readers.excel.table import ExcelTable

ROWS = [["North", 1, 2, 3, 4], ["South", 5, 6, 7, 8]]


def _write(path: Path, rows: list[list[Any]], merged: tuple[str, ...] = ()) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for area in merged:
        book.active.merge_cells(area)
    book.save(path)
    return path


def _read(path: Path, **arguments: Any) -> tuple[ExcelTable, list[list[Any]]]:
    table = ExcelTable(path, **arguments)
    batches = table.iterate_batches()
    return table, [list(row.values()) for batch in batches for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("header", "merged", "names"),
    [
        (
            [["", "Now", "", "Then", ""], ["Area", "#", "%", "#", "%"]],
            ("B1:C1", "D1:E1"),
            ["Area", "Now #", "Now %", "Then #", "Then %"],
        ),
        (
            [[None, 2019, None, 2020, None], ["team", "won", "lost", "won", "lost"]],
            (),
            ["team", "2019 won", "2019 lost", "2020 won", "2020 lost"],
        ),
        (
            [
                ["Area", "Now", None, "Then", None],
                [None, "A", None, "A", None],
                [None, "x", "y", "x", "y"],
            ],
            ("A1:A3", "B1:C1", "D1:E1", "B2:C2", "D2:E2"),
            ["Area", "Now A x", "Now A y", "Then A x", "Then A y"],
        ),
    ],
)
def test_groups_above_names_are_joined_and_told(
    tmp_path: Path, header: list[list[Any]], merged: tuple[str, ...], names: list[str]
) -> None:
    table, rows = _read(_write(tmp_path / "a.xlsx", [*header, *ROWS], merged))
    assert list(table.original_names) == names
    assert rows == ROWS
    assert table.arguments["header_rows"] == len(header)
    assert f"{len(header)} header rows, joined" in " ".join(table.findings)
    told, again = _read(tmp_path / "a.xlsx", **table.arguments)
    assert (list(told.original_names), again) == (names, ROWS)


def test_header_rows_that_are_told_are_joined(tmp_path: Path) -> None:
    rows = [["Sales", "Sales"], ["a", "b"], [1, 2]]
    table, found = _read(_write(tmp_path / "a.xlsx", rows), header_rows=2)
    assert list(table.original_names) == ["Sales a", "Sales b"]
    assert found == [[1, 2]]


def test_a_title_above_names_is_no_group(tmp_path: Path) -> None:
    rows = [["Report"], ["a", "b", "b"], [1, 2, 3], [4, 5, 6]]
    table, found = _read(_write(tmp_path / "a.xlsx", rows))
    assert list(table.original_names) == ["a", "b", "b"]
    assert found == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("marks", "names"),
    [
        ([2019, 2020, 2021], ["2019", "2020", "2021"]),
        ([2021, 2020], ["2021", "2020"]),
        ([dt.datetime(2024, 1, 31), dt.datetime(2024, 2, 29)], ["2024-01-31", "2024-02-29"]),
    ],
)
def test_years_and_days_are_names(tmp_path: Path, marks: list[Any], names: list[str]) -> None:
    values = [[land, *(at + 0.5 for at in range(len(marks)))] for land in ("NL", "BE")]
    table, found = _read(_write(tmp_path / "a.xlsx", [["country", *marks], *values]))
    assert list(table.original_names) == ["country", *names]
    assert found == values


def test_rows_that_hold_years_are_rows(tmp_path: Path) -> None:
    rows = [["NL", 2019, 2020], ["BE", 2018, 2021], ["FR", 2017, 2022]]
    table, found = _read(_write(tmp_path / "a.xlsx", rows))
    assert table.original_names == ("column_1", "column_2", "column_3")
    assert found == rows


def test_a_row_of_units_is_left_out_and_told(tmp_path: Path) -> None:
    rows = [["time", "temp"], ["s", "degC"], [0, 20], [1, 20.5]]
    table, found = _read(_write(tmp_path / "a.xlsx", rows))
    assert found == [[0, 20.0], [1, 20.5]]
    assert "a row of units below the names, left out: s, degC" in table.findings


def test_a_first_row_of_text_among_text_is_a_row(tmp_path: Path) -> None:
    rows = [["name", "town"], ["Ann", "Rome"], ["Bob", "Oslo"]]
    assert _read(_write(tmp_path / "a.xlsx", rows))[1] == rows[1:]


def test_another_table_further_down_is_told_and_can_be_read(tmp_path: Path) -> None:
    rows = [["id", "qty"], [1, 3], [2, 4], [], ["Cities"], ["city", "area"], ["X", 1.5], ["Y", 2]]
    table, found = _read(_write(tmp_path / "a.xlsx", rows))
    assert found == [[1, 3], [2, 4]]
    assert "another table below, not read: cells='A5' reads it" in table.findings
    other, found = _read(tmp_path / "a.xlsx", cells="A5")
    assert (list(other.original_names), found) == (["city", "area"], [["X", 1.5], ["Y", 2.0]])


def test_a_blank_row_within_a_table_ends_nothing(tmp_path: Path) -> None:
    rows = [["id", "name"], [1, "a"], [], [2, "b"], ["total", None]]
    assert _read(_write(tmp_path / "a.xlsx", rows))[1] == [["1", "a"], ["2", "b"], ["total", None]]


def test_zeros_of_a_number_format_are_kept_and_told(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.xlsx", [["zip", "n"], [2494, 1], [97007, 2]])
    book = openpyxl.load_workbook(path)
    for row in (2, 3):
        book.active.cell(row, 1).number_format = "00000"
        book.active.cell(row, 2).number_format = "0.00"
    book.save(path)
    table, found = _read(path)
    assert found == [["02494", 1], ["97007", 2]]
    assert "column 'zip' is shown with 5 digits, zeros in front; read as text" in table.findings


def test_an_encrypted_spreadsheet_is_opened_with_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = _write(tmp_path / "plain.xlsx", [["a", "b"], [1, "x"]])
    path = tmp_path / "a.xlsx"
    with plain.open("rb") as source, path.open("wb") as target:
        OOXMLFile(source).encrypt("secret", target)
    with path.open("rb") as handle:
        assert msoffcrypto.OfficeFile(handle).is_encrypted()
    monkeypatch.delenv("DREAMBOLT_FILE_PASSWORD", raising=False)
    with pytest.raises(CredentialError, match="is encrypted; set DREAMBOLT_FILE_PASSWORD"):
        ExcelTable(path)
    monkeypatch.setenv("DREAMBOLT_FILE_PASSWORD", "wrong")
    with pytest.raises(CredentialError, match="DREAMBOLT_FILE_PASSWORD is not its password"):
        ExcelTable(path)
    monkeypatch.setenv("DREAMBOLT_FILE_PASSWORD", "secret")
    assert _read(path)[1] == [[1, "x"]]


def test_an_encrypted_ods_is_refused_by_its_true_name(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.ods", "w") as opened:
        opened.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        opened.writestr("META-INF/manifest.xml", "<manifest:encryption-data/>")
        opened.writestr("content.xml", b"\x00\x01")
    with pytest.raises(SourceError, match="is encrypted; save it without a password"):
        ExcelTable(tmp_path / "a.ods")
