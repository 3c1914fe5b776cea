# ruff: noqa: S608 (inserted are only names and numbers made here)
"""Rows that repeat an earlier one, found exactly, in memory that does not grow with the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import duckdb
import numpy as np
import pyarrow as pa

from dreambolt_steps.errors import UnknownColumnError
from dreambolt_steps.tables.column_types import find_plain_type
from dreambolt_steps.tables.sql import open_duckdb
from dreambolt_steps.unknown_names import tell_known

_MEMORY = "512MB"  # beyond it DuckDB spills to the temporary folder

OpenReader = Callable[[], pa.RecordBatchReader]


def find_repeats(open_reader: OpenReader, columns: Sequence[str] | None = None) -> np.ndarray:
    """Find every row that is equal to an earlier one.

    Args:
        open_reader: opens the table anew; read once, and twice more when something repeats.
        columns: what has to be equal; default: every column. NULLs are equal, NaNs too.

    Returns: the 0-based numbers of the repeats after each first occurrence, int64, ascending.
    Raises: UsageError for a column that is not there.

    >>> table = pa.table({"a": [1, 2, 1, None, None], "b": [1, 2, 3, 4, 5]})
    >>> find_repeats(lambda: table.to_reader(), ["a"])
    array([2, 4])
    """
    return pair_repeats(open_reader, columns)[0]


def pair_repeats(
    open_reader: OpenReader, columns: Sequence[str] | None = None, *, hash_bits: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """Find every row that is equal to an earlier one, and the first that it repeats.

    Rows are compared by a hash first; only where two hashes are equal are the values looked at.

    Args:
        open_reader, columns: as in `find_repeats`.
        hash_bits: of DuckDB's 64 bits, those that count; fewer cost time, never exactness.

    Returns: two int64 arrays of one length: the repeats, ascending, and the first occurrence of
        each.

    >>> table = pa.table({"a": [1, 2, 1, 1]})
    >>> pair_repeats(lambda: table.to_reader())
    (array([2, 3]), array([0, 0]))
    """
    with open_duckdb() as connection:
        connection.execute(f"SET memory_limit = '{_MEMORY}'")
        names, read = _name_columns(open_reader, columns)
        hashed = f"hash({', '.join(names)}) >> {64 - hash_bits}"
        connection.execute("CREATE TABLE hashes (row BIGINT, hash UBIGINT)")
        _query(connection, read(), f"INSERT INTO hashes SELECT row, {hashed} FROM stream")
        connection.execute(
            "CREATE TABLE firsts AS SELECT hash, min(row) AS first FROM hashes "
            "GROUP BY hash HAVING count(*) > 1"
        )
        (suspects,) = connection.execute("SELECT count(*) FROM firsts").fetchall()[0]
        if not suspects:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        values = ", ".join(names)
        _query(
            connection,
            read(),
            f"CREATE TABLE known AS SELECT hash, first, {values} FROM stream "
            "JOIN firsts ON row = first",
        )
        same = " AND ".join(f"stream.{name} IS NOT DISTINCT FROM known.{name}" for name in names)
        picked = ", ".join(f"stream.{name}" for name in names)
        _query(
            connection,
            read(),
            f"CREATE TABLE pairs AS SELECT row, first, {same} AS same, "
            f"CASE WHEN NOT ({same}) THEN row({picked}) END AS other "
            f"FROM (SELECT *, {hashed} AS hash FROM stream) AS stream JOIN known USING (hash) "
            "WHERE row > first",
        )
        # Rows of one hash that are not equal (hardly ever any) are grouped among themselves.
        found = connection.execute(
            "SELECT row, first FROM pairs WHERE same UNION ALL FROM "
            "(SELECT row, min(row) OVER (PARTITION BY other) AS first FROM pairs WHERE NOT same) "
            "WHERE row > first ORDER BY row"
        ).fetchnumpy()
    return found["row"], found["first"]


def _name_columns(
    open_reader: OpenReader, columns: Sequence[str] | None
) -> tuple[list[str], Callable[[], pa.RecordBatchReader]]:
    """Return the SQL names of the columns, and what opens them under these names beside `row`, the
    0-based number of the row."""
    with open_reader() as reader:
        source = reader.schema
    for name in columns or ():
        if name not in source.names:
            raise UnknownColumnError(f"no column {name!r}; {tell_known(name, source.names)}")
    picked = [source.get_field_index(name) for name in columns or source.names]
    fields = [(f"c{at}", find_plain_type(source.field(at).type)) for at in picked]
    schema = pa.schema([*fields, ("row", pa.int64())])

    def iterate(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in reader:
            arrays = [
                batch.column(at).cast(kind) for at, (_, kind) in zip(picked, fields, strict=True)
            ]
            end = start + batch.num_rows
            yield pa.RecordBatch.from_arrays([*arrays, np.arange(start, end)], schema=schema)
            start = end

    return [name for name, _ in fields], lambda: pa.RecordBatchReader.from_batches(
        schema, iterate(open_reader())
    )


def _query(connection: duckdb.DuckDBPyConnection, reader: pa.RecordBatchReader, sql: str) -> None:
    """Run a statement over a stream, which it knows as `stream`."""
    connection.register("stream", reader)
    connection.execute(sql)
    connection.unregister("stream")
