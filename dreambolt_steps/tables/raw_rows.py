"""Rows of a table as JSON text: how they stand in rejects."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from dreambolt_steps.tables.column_types import find_plain_type
from dreambolt_steps.tables.row_numbers import OpenReader, take_rows
from dreambolt_steps.tables.sql import open_duckdb

HIDDEN = "***"


def write_raw_rows(
    open_reader: OpenReader, rows: np.ndarray, hidden: Collection[str] = ()
) -> pa.Array:
    """Write rows of a table as JSON objects, all at once.

    Args:
        open_reader: opens the table; read up to the last of the rows.
        rows: 0-based numbers, ascending.
        hidden: columns whose values must not be shown: "***" where there is one.

    Returns: a string for each row; decimals are text in it, so that no digit is lost.

    >>> table = pa.table({"a": ["x", "y"], "b": [1, None]})
    >>> write_raw_rows(lambda: table.to_reader(), np.array([1])).to_pylist()
    ['{"a":"y","b":null}']
    """
    if not len(rows):
        return pa.array([], pa.string())
    taken = take_rows(open_reader, rows)
    columns = []
    for name, column in zip(taken.schema.names, taken.columns, strict=True):
        plain = column.cast(find_plain_type(column.type))
        if name in hidden:
            shown = [None if value is None else HIDDEN for value in plain.to_pylist()]
            plain = pa.chunked_array([pa.array(shown, pa.string())])
        elif pa.types.is_decimal(plain.type):
            plain = plain.cast(pa.string())
        columns.append(plain)
    shown_rows = pa.table(columns, names=taken.schema.names)
    with open_duckdb() as connection:
        connection.register("shown_rows", shown_rows)
        found: pa.Table = connection.sql(
            "SELECT CAST(to_json(shown_rows) AS VARCHAR) AS raw FROM shown_rows"
        ).to_arrow_table()
        return found.column("raw").combine_chunks()
