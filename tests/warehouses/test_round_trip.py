"""Any table comes back from Parquet and from the warehouse as it went in."""

from __future__ import annotations

import datetime as dt
import decimal
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.tables.export.export import write_parquet
from dreambolt_steps.warehouses.duckdb.warehouse import load_parquet, query_database
from dreambolt_steps.warehouses.type_fit import fold_name

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["'", '"', "a\nb", "a\r\nb", "\\", "NULL", "", " ", "\u00e9\u0301", "\U0001f600", "a,b;c\t"]
)
KINDS: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.int8(): st.integers(-(2**7), 2**7 - 1),
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float64(): st.floats(allow_nan=False),
    pa.float32(): st.floats(allow_nan=False, width=32),
    pa.bool_(): st.booleans(),
    pa.string(): TEXT,
    pa.binary(): st.binary(max_size=10),
    pa.date32(): st.dates(),
    pa.timestamp("us"): st.datetimes(),
    pa.timestamp("us", "UTC"): st.datetimes(
        min_value=dt.datetime(1000, 1, 1),
        timezones=st.just(dt.UTC),
    ),
    pa.time64("us"): st.times(),
    pa.decimal128(9, 2): st.decimals(-9999999, 9999999, places=2),
    pa.decimal128(38, 10): st.integers(-(10**38) + 1, 10**38 - 1).map(
        lambda number: decimal.Decimal(number).scaleb(-10, decimal.Context(prec=60))
    ),
    pa.list_(pa.float32(), 3): st.lists(
        st.floats(allow_nan=False, width=32), min_size=3, max_size=3
    ),
    pa.list_(pa.string()): st.lists(TEXT, max_size=3),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    # Arrow's C interface, by which results leave DuckDB, ends a column name at NUL
    some = TEXT.filter(lambda name: name != "" and "\0" not in name)
    names = draw(st.lists(some, min_size=1, max_size=4, unique_by=fold_name), label="names")
    rows = draw(st.integers(0, 6), label="rows")
    columns = {}
    for name in names:
        kind = draw(st.sampled_from(list(KINDS)))
        values = draw(st.lists(st.none() | KINDS[kind], min_size=rows, max_size=rows))
        columns[name] = pa.array(values, kind)
    return pa.table(columns)


@settings(max_examples=60)
@given(table=tables(), group=st.integers(1, 7), single=st.booleans())
def test_round_trip(table: pa.Table, group: int, single: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = write_parquet(
            table.to_reader(2),
            Path(folder) / ("t.parquet" if single else "t"),
            row_group_rows=group,
            max_file_bytes=1,
        )
        parts = [pq.read_table(file.path) for file in files]
        assert pa.concat_tables(parts).equals(table)

        database = Path(folder) / "x.duckdb"
        paths = [file.path for file in files]
        load_parquet(database, "s.t", paths, load_id="one")
        # a second load into the table of the first: by name, types as they are
        load_parquet(database, "s.t", paths, mode="append", load_id="two")
        found = query_database(database, "FROM s.t")
        assert found.column_names == table.column_names
        twice = pa.concat_tables([table, table])
        for name, column in zip(table.column_names, twice.columns, strict=True):
            assert found.column(name).to_pylist() == column.to_pylist(), name
            if column.type != pa.timestamp("us", "UTC"):
                assert found.schema.field(name).type == column.type
