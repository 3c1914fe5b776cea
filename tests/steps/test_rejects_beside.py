"""Rejects beside an export: whole, traced, checked on resume, and nobody else's file lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps import CleanTable, ExportParquet, LoadTable, columns, limit_rejects
from dreambolt_steps.dry_run import rehearse
from dreambolt_steps.errors import ExportError
from dreambolt_steps.session.fast_import import import_datadreamer
from dreambolt_steps.tables.export.reject_export import name_rejects

BAD = {"a.csv": "id,name\n1,a\nx,b\n3,c,d\n", "b.csv": "id,name\ny,e\n6,f\nz,g\n"}
GOOD = {"a.csv": "id,name\n1,a\n", "b.csv": "id,name\n6,f\n"}


@pytest.fixture(autouse=True)
def _any_number_of_rejects() -> Iterator[None]:
    """A run stops by itself where more than half of the rows are rejected."""
    with limit_rejects("100%"):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / "in" / name).write_text(text)


def build(folder: Path, path: str) -> list[Any]:
    raw = LoadTable("load", args={"source": str(folder / "in" / "*.csv")})
    clean = CleanTable("clean", inputs=columns(raw), args={"types": {"id": "int8"}})
    return [
        raw,
        clean,
        ExportParquet("export", inputs=columns(clean), args={"path": str(folder / path)}),
    ]


def read(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist()


@pytest.mark.parametrize(
    ("path", "beside"),
    [
        ("out/players", "out/players.rejects.parquet"),
        ("out/players.v2", "out/players.v2.rejects.parquet"),
        ("out/players.parquet", "out/_rejects/players.parquet"),
    ],
)
def test_every_reject_of_every_step_is_there_with_where_it_came_from(
    session: Callable[..., Any], folder: Path, path: str, beside: str
) -> None:
    write(folder, BAD)
    with session():
        *_, export = build(folder, path)
    a, b = (str(folder / "in" / name) for name in ("a.csv", "b.csv"))
    assert read(folder / beside) == [
        {
            **{"file": a, "line": 4, "byte_offset": 16, "column": None, "value": None},
            **{"reason": "3 fields where the table has 2 columns", "raw": "3,c,d"},
            **{"kept": False, "step": "load", "row": None},
        },
        *(
            {
                **{"file": file, "line": line, "byte_offset": offset, "column": "id"},
                "value": value,
                **{"reason": "not a value of type int8", "raw": raw},
                **{"kept": False, "step": "clean", "row": row},
            }
            for file, line, offset, value, raw, row in [
                (a, 3, 12, "x", "x,b", 2),
                (b, 2, 8, "y", "y,e", 3),
                (b, 4, 16, "z", "z,g", 5),
            ]
        ),
    ]
    assert export.receipt.notes == [f"4 rejects in {folder / beside}"]
    assert {row["id"] for row in pq.read_table(folder / path).to_pylist()} == {1, 6}


def test_a_reader_of_the_export_never_meets_them(session: Callable[..., Any], folder: Path) -> None:
    write(folder, BAD)
    with session():
        build(folder, "out/players")
    with session():
        build(folder, "single/players.parquet")
    for pattern in ("out/players/*.parquet", "out/*/*.parquet", "single/*.parquet"):
        files = list(folder.glob(pattern))
        assert [pq.read_schema(file).names for file in files] == [["id", "name"]], pattern


@pytest.mark.parametrize("path", ["out/players", "out/players.parquet"])
def test_they_go_with_the_last_reject_and_come_back(
    session: Callable[..., Any], folder: Path, path: str
) -> None:
    beside = name_rejects(folder / path)
    write(folder, BAD)
    with session():
        build(folder, path)
    assert len(read(beside)) == 4
    write(folder, GOOD)
    with session():
        build(folder, path)
    assert not beside.exists()
    write(folder, BAD)
    with session():
        steps = build(folder, path)
    assert [step.receipt.resumed for step in steps] == [True, True, False]
    assert len(read(beside)) == 4


def test_what_is_gone_is_written_again(session: Callable[..., Any], folder: Path) -> None:
    write(folder, BAD)
    beside = name_rejects(folder / "out")
    with session():
        build(folder, "out")
    before = beside.read_bytes()
    for damage in (beside.unlink, lambda: beside.write_bytes(before[:-100])):
        damage()
        if beside.exists():
            beside.unlink()  # a damaged file is nobody's: it has to be moved by hand
        with session():
            steps = build(folder, "out")
        assert [step.receipt.resumed for step in steps] == [True, True, False]
        assert beside.read_bytes() == before
    with session():
        assert all(step.receipt.resumed for step in build(folder, "out"))


@pytest.mark.parametrize("kind", ["text", "parquet"])
def test_somebody_elses_file_is_never_overwritten(
    session: Callable[..., Any], folder: Path, kind: str
) -> None:
    beside = name_rejects(folder / "out")
    if kind == "text":
        beside.write_text("mine")
    else:
        pq.write_table(pa.table({"mine": [1]}), beside)
    before = beside.read_bytes()
    write(folder, GOOD)
    with session():
        build(folder, "out")  # no rejects: nothing to say about that file
    write(folder, BAD)
    with pytest.raises(ExportError, match="holds no rejects of this package; move it"), session():
        build(folder, "out")
    assert beside.read_bytes() == before
    ids = [row["id"] for row in pq.read_table(folder / "out").to_pylist()]
    assert ids == [1, 6]  # of the earlier export


def test_a_rehearsal_tells_where_they_would_go(session: Callable[..., Any], folder: Path) -> None:
    write(folder, BAD)
    with session(), rehearse():
        *_, export = build(folder, "out")
    told = [f"would write 2 rows to {folder / 'out'}", f"and the rejects to {folder}/out.rejects"]
    assert export.receipt.notes == [told[0], f"{told[1]}.parquet"]
    assert not (folder / "out.rejects.parquet").exists()


def test_a_session_in_memory_writes_them_too(folder: Path) -> None:
    write(folder, BAD)
    datadreamer = import_datadreamer()
    with datadreamer.DataDreamer(":memory:", verbose=False):
        build(folder, "out")
    assert [row["step"] for row in read(name_rejects(folder / "out"))] == ["load", *["clean"] * 3]
