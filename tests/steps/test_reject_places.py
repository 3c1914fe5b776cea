"""Rejects of CleanTable name line, byte and text of the file; masked text stays out of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps import CleanTable, ExportParquet, LoadTable, columns, limit_rejects

TEXT = 'id,name\n1,ann\n1,2,3\nx,"bob\nby"\n3,cem\ny,"d ""d"""\n'


@pytest.fixture(autouse=True)
def _any_number_of_rejects() -> Iterator[None]:
    """A run stops by itself where more than half of the rows are rejected."""
    with limit_rejects("100%"):
        yield


def run(source: Path, out: Path, **args: Any) -> tuple[Any, list[dict[str, Any]]]:
    raw = LoadTable("load", args={"source": str(source)})
    clean = CleanTable("clean", inputs=columns(raw), args=args)
    ExportParquet("export", inputs=columns(clean), args={"path": str(out)})
    beside = out.with_name(f"{out.name}.rejects.parquet")
    rows = pq.read_table(beside).to_pylist() if beside.exists() else []
    return clean, [row for row in rows if row["step"] == "clean"]


def place(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("row", "line", "byte_offset", "raw", "kept"))


def test_types_contracts_and_duplicates_name_the_line(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "a.csv"
    source.write_text(TEXT)
    at = {raw: TEXT.index(raw) for raw in ('x,"bob\nby"', "3,cem", 'y,"d ""d"""')}
    with session():
        _, rows = run(source, tmp_path / "types", types={"id": "int8"})
    assert [place(row) for row in rows] == [
        (2, 4, at['x,"bob\nby"'], 'x,"bob\nby"', False),
        (4, 7, at['y,"d ""d"""'], 'y,"d ""d"""', False),
    ]
    assert {row["file"] for row in rows} == {str(source)}
    contract = {
        "contract": 1,
        "columns": {"id": {"type": "int8", "modes": {"data_type": "discard_value"}}, "name": {}},
    }
    contract["columns"]["name"] = {"type": "text", "max_length": 3}
    with session():
        _, rows = run(source, tmp_path / "contract", contract=contract)
    assert [place(row)[:2] + place(row)[3:] for row in rows] == [
        (2, 4, 'x,"bob\nby"', True),
        (2, 4, 'x,"bob\nby"', False),
        (4, 7, 'y,"d ""d"""', True),
        (4, 7, 'y,"d ""d"""', False),
    ]
    source.write_text("id,name\n1,ann\n2,bob\n1, ann\n")
    with session():
        _, rows = run(source, tmp_path / "repeats", duplicates="drop")
    assert [place(row) for row in rows] == [(3, 4, 20, "1, ann", False)]
    assert rows[0]["reason"] == "duplicate of row 1"


def test_masked_text_is_not_taken_from_the_file(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "a.csv"
    source.write_text("id,mail\n1,a@b.c\nx,secret@b.c\n")
    with session():
        clean, rows = run(source, tmp_path / "out", types={"id": "int8"}, masks={"mail": "redact"})
    assert [place(row) for row in rows] == [(2, 3, 16, '{"id":"x","mail":"***"}', False)]
    assert b"secret" not in Path(clean.receipt.rejects).read_bytes()


def test_many_small_files_and_a_grown_folder(session: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for at in range(5):
        (folder / f"{at}.csv").write_text(f"n\n{at}\nx{at}\n")
    with session():
        run(folder, tmp_path / "out", types={"n": "int8"})
    (folder / "3.csv").write_text("n\n9\n9\ny3\n")
    (folder / "0.csv").unlink()
    with session():
        _, rows = run(folder, tmp_path / "out", types={"n": "int8"})
    assert [(Path(row["file"]).name, row["line"], row["raw"]) for row in rows] == [
        ("1.csv", 3, "x1"),
        ("2.csv", 3, "x2"),
        ("3.csv", 4, "y3"),
        ("4.csv", 3, "x4"),
    ]


def test_json_lines_have_places_and_parquet_has_none(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    lines = tmp_path / "a.jsonl"
    lines.write_text('{"n": "1"}\n{"n": "x"}\n')
    with session():
        _, rows = run(lines, tmp_path / "lines", types={"n": "int8"})
    assert [place(row) for row in rows] == [(2, 2, 11, '{"n": "x"}', False)]
    typed = tmp_path / "a.parquet"
    pq.write_table(pa.table({"n": ["1", "x"]}), typed)
    with session():
        _, rows = run(typed, tmp_path / "typed", types={"n": "int8"})
    assert [place(row) for row in rows] == [(2, None, None, '{"n":"x"}', False)]
    assert rows[0]["file"] == str(typed)


def test_a_source_that_went_away_meanwhile_is_told(
    session: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "a.csv"
    source.write_text("n\n1\nx\n")
    with session():
        raw = LoadTable("load", args={"source": str(source)})
        source.unlink()
        clean = CleanTable("clean", inputs=columns(raw), args={"types": {"n": "int8"}})
        [row] = pq.read_table(clean.receipt.rejects).to_pylist()
    assert (row["file"], row["line"], row["row"]) == ("", 2, None)
    assert json.loads(row["raw"]) == {"n": "x"}
    assert any("lines of rejected rows are not known" in note for note in clean.receipt.notes)
