from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps.cli.inspect import show_table


@pytest.fixture(autouse=True)
def wide_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


def inspect(path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    show_table(str(path))
    return capsys.readouterr().out.split("\n")


def find_row(lines: list[str], name: str) -> str:
    (row,) = [line for line in lines if line.startswith(f"{name} ")]
    return " ".join(row.split())


def test_dialect_types_evidence_and_values_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "semicolons.csv"
    codes = ["001", "002", "003", "004", "005", "006", "007", "8"]
    names = ["name 1", "name 2", "", "name 4", "name 5", "name 6", "name 7", "name 8"]
    parts = enumerate(zip(codes, names, strict=True), start=1)
    rows = "".join(f"{i};{code};{i / 4};{name}\n" for i, (code, name) in parts)
    path.write_bytes(f"Id;Zip Code;Größe;Name\n{rows}".encode("cp1252"))
    lines = inspect(path, capsys)
    assert "delimiter=';'" in lines[1]
    assert "encoding='cp1252'" in lines[1]
    assert "8 rows, 0 rejected, 4 columns" in lines
    assert find_row(lines, "id") == "id int8 0 8 1 .. 8"
    assert find_row(lines, "zip_code").startswith("zip_code text 0 8 001, 002, 003")
    assert "'001' in row 1" in find_row(lines, "zip_code")
    assert find_row(lines, "grosse").split()[1].startswith("decimal(")
    assert find_row(lines, "name").startswith("name text 1 7 name 1, name 2")


def test_rejected_rows_are_shown_with_their_line_and_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ragged.csv"
    path.write_text("a,b\n1,2\n3,4,[5]\n6,7\n8,9\n")
    lines = inspect(path, capsys)
    assert "4 rows, 1 rejected, 2 columns" in lines
    (told,) = [line for line in lines if line.startswith("rejected: ")]
    assert told.startswith("rejected: ragged.csv line 3: ")
    assert told.endswith("3,4,[5]")


def test_parquet_keeps_its_own_types(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "typed.parquet"
    pq.write_table(pa.table({"Big Id": pa.array([1, 2, None], pa.int64())}), path)
    lines = inspect(path, capsys)
    assert lines[0].endswith("bytes, parquet")
    assert find_row(lines, "big_id") == "big_id int64 1 2 1 .. 2"


def test_distinct_counts_never_exceed_the_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "many.csv"
    path.write_text("n\n" + "".join(f"{i * 7919}\n" for i in range(5000)))
    row = find_row(inspect(path, capsys), "n")
    assert int(row.split()[3].replace(",", "")) in range(4500, 5001)


def test_a_table_without_rows_has_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "header.csv"
    path.write_text("a,[b]\n")
    lines = inspect(path, capsys)
    assert "0 rows, 0 rejected, 2 columns" in lines
    assert find_row(lines, "a").startswith("a text 0 0")
