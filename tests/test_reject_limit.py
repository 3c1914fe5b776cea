"""The limit of rejects: read, counted over the steps, and held before anything leaves the
session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dreambolt_steps import (
    CleanTable,
    CopyIntoDuckDB,
    ExportParquet,
    LoadTable,
    columns,
    limit_rejects,
)
from dreambolt_steps.errors import RejectLimitError, UsageError
from dreambolt_steps.log import Receipt
from dreambolt_steps.steps.base.reject_limit import current_limit, parse_limit

ROWS = "id,name\n1,a\nx,b\n3,c,d\n4,d\ny,e\n"  # two of five are no numbers, one has three fields


@pytest.mark.parametrize(
    ("text", "rows", "share"),
    [
        ("0", 0, None),
        (7, 7, None),
        (" 12 ", 12, None),
        ("1%", None, 0.01),
        ("2.5 %", None, 0.025),
        (".5%", None, 0.005),
        ("100%", None, 1.0),
    ],
)
def test_a_limit_is_rows_or_a_share(text: str, rows: int | None, share: float | None) -> None:
    limit = parse_limit(text)
    assert (limit.rows, limit.share) == (rows, share)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "101%", "1e3", "many", "%", "1%%"])
def test_anything_else_is_no_limit(text: str) -> None:
    with pytest.raises(UsageError, match="write a number of rows, or a share"):
        parse_limit(text)


@pytest.mark.parametrize(
    ("limit", "stops_at"),
    [("3", None), ("2", "clean"), ("0", "load"), ("15%", "clean"), ("30%", None), ("5%", "load")],
)
def test_rejects_are_counted_over_the_steps(limit: str, stops_at: str | None) -> None:
    receipts = [
        Receipt("load", "LoadTable", rows_in=10, rows_out=9, rows_rejected=1),
        Receipt("clean", "CleanTable", rows_in=9, rows_out=7, rows_rejected=2),
        Receipt("export", "ExportParquet", rows_in=7, rows_out=7),
    ]
    stopped = None
    with limit_rejects(limit) as held:
        for receipt in receipts:
            try:
                held.include(receipt)
            except RejectLimitError:
                stopped = receipt.step
                break
    assert stopped == stops_at
    assert current_limit() is None


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(ROWS)
    return path


def build(source: Path, out: Path) -> list[Any]:
    raw = LoadTable("load", args={"source": str(source)})
    clean = CleanTable("clean", inputs=columns(raw), args={"types": {"id": "int8"}})
    files = ExportParquet("export", inputs=columns(clean), args={"path": str(out / "people")})
    target = {"database": str(out / "people.duckdb"), "table": "people"}
    return [raw, clean, files, CopyIntoDuckDB("copy into", inputs=columns(files), args=target)]


def test_a_session_stops_before_the_export_and_goes_on_with_a_higher_limit(
    session: Callable[..., Any], source: Path, tmp_path: Path
) -> None:
    with pytest.raises(RejectLimitError) as caught, session(), limit_rejects("2"):
        build(source, tmp_path)
    told = str(caught.value)
    assert "3 of 5 rows read were rejected (1 by load, 2 by clean)" in told
    assert "id: not a value of type int8 (2)" in told
    assert "3 fields where the table has 2 columns (1)" in told
    kept = [tmp_path / "session" / name / "rejects.parquet" for name in ("load", "clean")]
    assert all(str(path) in told for path in kept)
    assert duckdb.sql(f"select count(*) from read_parquet({list(map(str, kept))})").fetchall() == [
        (3,)
    ]
    assert not (tmp_path / "people").exists()
    assert not (tmp_path / "people.duckdb").exists()
    with session(), limit_rejects("60%"):
        steps = build(source, tmp_path)
    assert [step.receipt.resumed for step in steps] == [True, True, False, False]
    with duckdb.connect(str(tmp_path / "people.duckdb")) as connection:
        assert connection.execute("select id, name from people").fetchall() == [(1, "a"), (4, "d")]


def test_what_is_cached_counts_too(
    session: Callable[..., Any], source: Path, tmp_path: Path
) -> None:
    with session(), limit_rejects("100%"):
        build(source, tmp_path)
    with pytest.raises(RejectLimitError, match="1 of 5 rows"), session(), limit_rejects(0):
        build(source, tmp_path)


HALF = "id,name\n1,a\nx,b\n3,c\ny,d\n"  # two of four are no numbers


@pytest.mark.parametrize(
    ("rows", "stops"),
    [(HALF, False), (HALF + "z,e\n", True), ("id,name\nx,a\n", True), (HALF + "5,e\n", False)],
)
def test_a_run_stops_by_itself_when_more_than_half_is_rejected(
    session: Callable[..., Any], source: Path, tmp_path: Path, rows: str, stops: bool
) -> None:
    source.write_text(rows)
    if not stops:
        with session():
            build(source, tmp_path)
        assert (tmp_path / "people.duckdb").exists()
        return
    with pytest.raises(RejectLimitError, match=r"more than half; id: .*limit_rejects"), session():
        build(source, tmp_path)
    assert not (tmp_path / "people").exists()
    assert not (tmp_path / "people.duckdb").exists()
    with session(), limit_rejects("100%"):
        steps = build(source, tmp_path)
    assert steps[1].receipt.resumed


def test_rows_that_repeat_others_are_no_reason_to_stop(
    session: Callable[..., Any], source: Path
) -> None:
    source.write_text("id,name\n" + "1,a\n" * 9)
    with session():
        raw = LoadTable("load", args={"source": str(source)})
        clean = CleanTable("clean", inputs=columns(raw), args={"duplicates": "drop"})
    assert (clean.receipt.rows_rejected, clean.receipt.rows_out) == (8, 1)


def test_a_run_that_stops_names_the_argument_that_would_keep_the_rows(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("a,b,c\n1,x,p\n2,y,q\n" + "3,z\n" * 9)
    with pytest.raises(RejectLimitError, match="--load ragged=pad"), session():
        LoadTable("load", args={"source": str(tmp_path / "t.csv"), "delimiter": ","})
