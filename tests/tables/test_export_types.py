"""Every kind of column comes back from Parquet as it was, however it is cut into files."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps.tables.export.export import write_parquet


def make_categories(rows: int) -> pa.ChunkedArray:
    """Texts that repeat, in chunks with dictionaries of their own."""
    texts = [f"c{at % (3 + at // 1_000)}" for at in range(rows)]
    chunks = [pa.array(texts[at : at + 1_000]).dictionary_encode() for at in range(0, rows, 1_000)]
    return pa.chunked_array(chunks)


def make_table(rows: int) -> pa.Table:
    """Columns of every kind that an export has."""
    rng = np.random.default_rng(7)
    vectors = pa.array(rng.random(rows * 16, np.float32))
    return pa.table(
        {
            "small": pa.array(rng.integers(0, 100, rows), pa.int8()),
            "large": rng.integers(-(2**60), 2**60, rows),
            "unsigned": pa.array(rng.integers(0, 2**31, rows), pa.uint32()),
            "half": pa.array(rng.random(rows).astype(np.float16)),
            "flag": rng.random(rows) > 0.5,
            "word": [None if at % 7 == 0 else f"text {at % 50}" for at in range(rows)],
            "text": ["x" * (at % 300) for at in range(rows)],
            "bytes": pa.array([bytes([at % 256]) * 3 for at in range(rows)]),
            "day": pa.array([datetime.date(2020, 1, 1 + at % 28) for at in range(rows)]),
            "moment": pa.array(
                [datetime.datetime(2020, 1, 1, at % 24) for at in range(rows)],
                pa.timestamp("us", tz="UTC"),
            ),
            "price": pa.array([decimal.Decimal("1.23")] * rows, pa.decimal128(9, 2)),
            "nothing": pa.nulls(rows, pa.string()),
            "list": pa.array([[1, 2]] * rows, pa.list_(pa.int32())),
            "vector": pa.FixedSizeListArray.from_arrays(vectors, 16),
            "struct": pa.array([{"a": 1, "b": ["x"]}] * rows),
            "category": make_categories(rows),
        }
    )


@pytest.mark.parametrize("compression", ["zstd", "snappy", "gzip", "none"])
@pytest.mark.parametrize(
    ("group", "size"), [(3_000, None), (97, None), (97, 60_000), (200, 1), (2_500, 10**9)]
)
def test_every_type_comes_back(
    tmp_path: Path, compression: str, group: int, size: int | None
) -> None:
    table = make_table(3_000)
    files = write_parquet(
        table.to_reader(777),
        tmp_path / "out",
        compression=compression,
        row_group_rows=group,
        max_file_bytes=size,
    )
    assert (len(files) > 1) == (size in (1, 60_000))
    assert pq.read_table(tmp_path / "out").to_pylist() == table.to_pylist()


@pytest.mark.parametrize("rows", [0, 1])
def test_hardly_any_rows(tmp_path: Path, rows: int) -> None:
    table = make_table(3).slice(0, rows)
    write_parquet(table.to_reader(), tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == table.to_pylist()
