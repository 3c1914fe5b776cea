"""Tables gathered in memory or on disk are the same."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.contracts.reject_rows import LOST_SCHEMA, iterate_break_rejects
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.tables.clean import apply_plan, plan_cleaning
from dreambolt_steps.tables.rejects.schema import merge_by_row
from dreambolt_steps.tables.table_spool import TableSpool

SCHEMA = pa.schema([("n", pa.int64()), ("t", pa.string())])
PIECES = st.lists(st.lists(st.integers(0, 5), max_size=8), max_size=8)


@settings(max_examples=60)
@given(PIECES, st.sampled_from([1, 300, 1 << 20]))
def test_rows_come_back_in_order_and_sorted(pieces: list[list[int]], most_bytes: int) -> None:
    spool = TableSpool(SCHEMA)
    spool.most_bytes = most_bytes
    for at, piece in enumerate(pieces):
        spool.add(pa.table({"n": piece, "t": [str(at)] * len(piece)}, schema=SCHEMA))
    expected = [(n, str(at)) for at, piece in enumerate(pieces) for n in piece]
    assert spool.num_rows == len(expected)

    def tell(table: pa.Table) -> list[tuple[int, str]]:
        return [(row["n"], row["t"]) for row in table.to_pylist()]

    assert tell(spool.read_all()) == tell(spool.read_all()) == expected
    assert tell(spool.take_first(3)) == expected[:3]
    grouped = [tell(table) for table in spool.group_rows()]
    assert [row for rows in grouped for row in rows] == expected
    in_order = pa.Table.from_batches(spool.sort_batches("n"), schema=SCHEMA)
    assert tell(in_order) == sorted(expected, key=lambda row: row[0])


def test_the_file_goes_with_its_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    spool = TableSpool(SCHEMA)
    spool.most_bytes = 1
    spool.add(pa.table({"n": [1], "t": ["x"]}, schema=SCHEMA))
    assert len(list(tmp_path.iterdir())) == 1
    del spool
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_rejects_are_the_same_from_memory_and_from_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    lines = [f"{at},name {at}" + (",more" if at % 3 == 0 else "") for at in range(30_000)]
    path.write_text("n,name\n" + "\n".join(lines) + "\n")

    def gather() -> list[list[dict[str, Any]]]:
        read = read_table(path)
        table = read.reader.read_all()
        report = read.report()
        assert report.rejected == report.rejects.num_rows == 10_000

        def open_reader() -> pa.RecordBatchReader:
            return table.to_reader(max_chunksize=1_000)

        plan = plan_cleaning(open_reader, types={"n": "int8"})
        cleaned = apply_plan(open_reader(), plan)
        left = cleaned.reader.read_all().num_rows
        spooled = cleaned.report().spooled
        assert left + spooled.num_rows == table.num_rows == 20_000
        lost = TableSpool(LOST_SCHEMA)
        for start in range(0, 90, 9):
            rows = list(range(start, 90, 10))
            columns = [rows, ["n"] * len(rows), ["v"] * len(rows), ["odd"] * len(rows)]
            lost.add(pa.table([*columns, [False] * len(rows)], schema=LOST_SCHEMA))
        broken = iterate_break_rejects(lost, open_reader, sources={})
        merged = merge_by_row(spooled, broken)
        return (
            report.rejects.to_pylist(),
            spooled.read_all().to_pylist(),
            merged.read_all().to_pylist(),
        )

    in_memory = gather()
    monkeypatch.setattr(TableSpool, "most_bytes", 10_000)
    on_disk = gather()
    assert on_disk == in_memory
    loaded, _, merged = in_memory
    assert [row["line"] for row in loaded] == [at + 2 for at in range(0, 30_000, 3)]
    assert [row["raw"] for row in loaded] == lines[::3]
    assert [row["line"] for row in merged] == sorted(row["line"] for row in merged)
