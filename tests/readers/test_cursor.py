"""Rows from a value on: exact in every type, and groups that hold none are not read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.errors import SchemaError, SourceError, UsageError
from dreambolt_steps.readers.cursor import Since, find_largest, parse_value, tell_value
from dreambolt_steps.readers.table.read import read_table

BERLIN = pa.timestamp("us", "Europe/Berlin")
NOON = dt.datetime(2026, 7, 1, 12)
CASES: list[tuple[pa.DataType, list[Any], str, list[int]]] = [
    (pa.int64(), [1, 5, None, 9, 5], "5", [1, 3, 4]),
    (pa.uint8(), [1, 5, 255], "200", [2]),
    (pa.float64(), [0.1, 0.3, float("nan"), 1e300], "0.3", [1, 3]),
    (pa.decimal128(9, 2), [Decimal("1.10"), Decimal("1.11")], "1.11", [1]),
    (pa.date32(), [dt.date(2025, 12, 31), dt.date(2026, 1, 1)], "2026-01-01", [1]),
    (pa.timestamp("ms"), [NOON, NOON + dt.timedelta(seconds=1)], "2026-07-01 12:00:01", [1]),
    (pa.timestamp("us"), [NOON, NOON.replace(hour=0)], "2026-07-01", [0, 1]),
    (BERLIN, [NOON, NOON.replace(hour=10)], "2026-07-01T14:00", [0]),  # Berlin's own time
    (BERLIN, [NOON, NOON.replace(hour=10)], "2026-07-01T11:00:00Z", [0]),
    (pa.string(), ["a", "b", None, "é"], "b", [1, 3]),
]


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
@pytest.mark.parametrize(("kind", "values", "since", "wanted"), CASES)
def test_rows_from_a_value_on(
    tmp_path: Path,
    suffix: str,
    kind: pa.DataType,
    values: list[Any],
    since: str,
    wanted: list[int],
) -> None:
    table = pa.table({"row": range(len(values)), "at": pa.array(values, kind)})
    path = tmp_path / f"a.{suffix}"
    write(table, path)
    read = read_table(path, since=Since("at", since))
    assert read.reader.read_all().column("row").to_pylist() == wanted
    (report,) = read.report().files
    assert report.rows == len(wanted)
    assert report.passed_over == len(values) - len(wanted)
    assert report.without_cursor == values.count(None)
    kept = [value for row, value in enumerate(values) if row in wanted]
    assert report.cursor is not None
    assert parse_value(report.cursor, kind) == pa.scalar(max(kept), kind)


def write(table: pa.Table, path: Path) -> None:
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=2)
    else:
        pyarrow.feather.write_feather(table, path, chunksize=2)


@settings(max_examples=60)
@given(
    st.lists(st.none() | st.integers(-9, 9), max_size=30),
    st.integers(-10, 10),
    st.booleans(),
    st.integers(0, 12) | st.none(),
)
def test_any_table_gives_just_the_rows_asked_for(
    tmp_path_factory: pytest.TempPathFactory,
    values: list[int | None],
    bound: int,
    inclusive: bool,
    limit: int | None,
) -> None:
    path = tmp_path_factory.mktemp("rows") / "a.parquet"
    pq.write_table(
        pa.table({"at": pa.array(values, pa.int32()), "row": range(len(values))}),
        path,
        row_group_size=5,
    )
    read = read_table(path, since=Since("at", str(bound), inclusive), limit=limit)
    found = read.reader.read_all().column("row").to_pylist()
    lowest = bound if inclusive else bound + 1
    wanted = [row for row, value in enumerate(values) if value is not None and value >= lowest]
    assert found == wanted[:limit]
    if limit is None:
        (report,) = read.report().files
        assert (report.rows, report.passed_over) == (len(wanted), len(values) - len(wanted))
        kept = [value for value in values if value is not None and value >= lowest]
        assert report.cursor == (str(max(kept)) if kept else None)


def test_groups_that_hold_no_wanted_row_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"at": range(20_000), "text": [f"text {row}" for row in range(20_000)]})
    pq.write_table(table, path, row_group_size=1_000, use_dictionary=False)
    begin = pq.read_metadata(path).row_group(19).column(0).data_page_offset
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\xff" * (begin - 4) + content[begin:])
    with pytest.raises(SourceError, match="can't be read further"):
        read_table(path).reader.read_all()
    read = read_table(path, since=Since("at", "19500"))
    assert read.reader.read_all().column("at").to_pylist() == list(range(19_500, 20_000))
    assert read.report().files[0].passed_over == 19_500


def test_without_a_value_every_row_is_taken_and_the_largest_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"at": [3, None, 7]}), path)
    read = read_table(path, since=Since("at"))
    assert read.reader.read_all().num_rows == 3
    (report,) = read.report().files
    assert (report.rows, report.passed_over, report.cursor) == (3, 0, "7")


@pytest.mark.parametrize(
    ("since", "kind", "message"),
    [
        (Since("no", "1"), SchemaError, "no column 'no' to begin at; there are at, when, ok"),
        (Since("ok", "1"), SchemaError, "column 'ok' is boolean; rows can begin at numbers, dates"),
        (Since("at", "x"), UsageError, "since='x' is no int64, which column 'at' is; write"),
        (Since("when", "May"), UsageError, "write it as 2026-01-31 or 2026-01-31T12:00:00"),
        (Since("when", "2026-01-01T00:00Z"), UsageError, "is no timestamp"),
    ],
)
def test_what_can_not_be_compared_is_said(
    tmp_path: Path, since: Since, kind: type[Exception], message: str
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"at": [1], "when": [NOON], "ok": [True]}), path)
    with pytest.raises(kind, match=message):
        read_table(path, since=since)


def test_text_files_have_no_types_to_compare(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("at\n1\n")
    with pytest.raises(UsageError, match="since needs columns that have types, which csv"):
        read_table(tmp_path / "a.csv", since=Since("at", "1"))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (BERLIN, NOON),
        (pa.timestamp("ns"), NOON),
        (pa.date32(), dt.date(2026, 7, 1)),
        (pa.uint64(), 2**63 + 1),
        (pa.float32(), 0.1),
        (pa.decimal128(12, 3), Decimal("-1.500")),
        (pa.large_string(), "it's\n"),
    ],
)
def test_values_come_back_from_their_text(kind: pa.DataType, value: Any) -> None:
    scalar = pa.scalar(value, kind)
    assert parse_value(tell_value(scalar), kind) == scalar


def test_the_largest_of_several_files_is_of_the_united_type() -> None:
    assert find_largest(["9", None, "10"], pa.int64()) == "10"
    assert find_largest(["9", "10"], pa.string()) == "9"
    assert find_largest([None], pa.int64()) is None
