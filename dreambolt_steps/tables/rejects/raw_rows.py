"""Rows of a table as JSON text: how they stand in rejects."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.column_types import find_plain_type
from dreambolt_steps.tables.sql import open_cursor

HIDDEN = "***"


def write_raw_table(table: pa.Table, hidden: Collection[str] = ()) -> pa.Array:
    """Write every row of a table as a JSON object.

    Args:
        table: in memory.
        hidden: columns whose values must not be shown: "***" where there is one.

    Returns: a string for each row; decimals are text in it, so that no digit is lost.

    >>> write_raw_table(pa.table({"a": ["x", "y"], "b": [1, None]})).to_pylist()
    ['{"a":"x","b":1}', '{"a":"y","b":null}']
    """
    columns = []
    for name, column in zip(table.schema.names, table.columns, strict=True):
        plain = column.cast(find_plain_type(column.type))
        if name in hidden:
            plain = pc.if_else(pc.is_valid(plain), HIDDEN, pa.scalar(None, pa.string()))
        elif pa.types.is_decimal(plain.type):
            plain = plain.cast(pa.string())
        columns.append(plain)
    names = table.schema.names
    rows = pa.StructArray.from_arrays([_join_chunks(column) for column in columns], names)
    with open_cursor() as connection:
        # One struct: as a row of columns DuckDB would rename "a" beside "A".
        connection.register("shown_rows", pa.table({"row": rows}))
        found = connection.sql('SELECT CAST(to_json("row") AS VARCHAR) AS raw FROM shown_rows')
        return _join_chunks(found.to_arrow_table().column("raw"))


def _join_chunks(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
