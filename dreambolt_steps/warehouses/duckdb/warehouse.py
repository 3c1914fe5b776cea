"""DuckDB as a warehouse: files into tables, each load once, and queries that only read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreambolt_steps.errors import UnknownTableError
from dreambolt_steps.unknown_names import tell_known
from dreambolt_steps.warehouses.duckdb.catalog import (
    count_rows,
    find_columns,
    list_tables,
)
from dreambolt_steps.warehouses.duckdb.connection import (
    find_path,
    open_to_read,
    open_to_write,
)
from dreambolt_steps.warehouses.load import Load, LoadReceipt, Owner, TableDescription
from dreambolt_steps.warehouses.sql import search_sql

if TYPE_CHECKING:
    import pyarrow as pa


def load_parquet(
    database: str | Path,
    table: str,
    files: Sequence[str | Path],
    *,
    mode: str = "create",
    load_id: str,
    key: Sequence[str] = (),
    evolve: bool = False,
    owner: Owner | None = None,
    on_progress: Callable[[int], None] | None = None,
    on_loss: Callable[[str], None] | None = None,
) -> LoadReceipt:
    """Load Parquet files into a table, in one transaction with the record of the load.

    A load is made once: if the table holds `load_id` (with replace: holds nothing but `load_id`),
    nothing is done. Other connections see the table before or after the load, nothing between.

    Args:
        database: the DuckDB file; made with its folder if missing.
        table: table or schema.table; the schema is made if missing.
        files: Parquet files of one schema, in the order their rows shall have. Fixed-size lists
            become arrays such as FLOAT[384].
        mode: create (default), refresh, replace, append, merge or snapshot, see `Load`. Where all
            is replaced, a table of the same columns keeps its keys, indexes, comments and views;
            another one is made anew. Elsewhere columns are matched by name and have to be the
            same; a narrower type fits in a wider one if no value changes, see `fits_type`. The
            table is made if missing.
        load_id: names this load, such as a fingerprint of the files.
        key: columns that name a row, for merge and snapshot.
        evolve: add columns to the table and widen it, see `Load`.
        owner: the session that makes the load, for mode refresh.
        on_progress: called with the number of rows loaded so far, every few files.
        on_loss: told, before it goes, each thing that is replaced for good: rows that the owner
            did not load, columns, keys, indexes, comments.

    Returns: the receipt.

    Raises:
        WarehouseError: create on a table that exists; refresh on one that holds what the owner did
            not load; a view; no DuckDB file; no room; can't be written.
        WarehouseBusyError: another process has the database open.
        SchemaError: the table has other columns, a key names several rows, or DuckDB can't hold
            a column.
        SourceError: a file is missing or no Parquet file.
        UsageError: an unknown mode, no files, no load id, or an impossible table name.

    Example:
        load_parquet("out/x.duckdb", "players", ["out/players.parquet"], load_id="2026-01-01")
    """
    load = Load(table, load_id, mode=mode, key=tuple(key), evolve=evolve, owner=owner)
    return DuckDBWarehouse(database).load_files(load, files, on_progress, on_loss)


def holds_load(database: str | Path, table: str, load_id: str) -> bool:
    """Say whether a table holds a load: False if database or table is gone, or was emptied.

    Raises:
        WarehouseError: the file is no DuckDB database.
        WarehouseBusyError: another process has it open to write.

    Example:
        holds_load("out/x.duckdb", "players", "2026-01-01")
    """
    if not find_path(database).exists():
        return False
    from dreambolt_steps.warehouses.duckdb.load import find_held

    with open_to_read(database) as connection:
        return any(load.load_id == load_id for load in find_held(connection, table))


def describe_table(database: str | Path, table: str) -> TableDescription:
    """Describe a table: its columns, rows and loads.

    Raises:
        WarehouseError: there is no such database or table; it names the tables there are.

    Example:
        describe_table("out/x.duckdb", "players").columns["name_embedding"]  # "FLOAT[384]"
    """
    from dreambolt_steps.warehouses.duckdb.load import find_held

    with open_to_read(database) as connection:
        columns = find_columns(connection, table)
        if columns is None:
            there = tell_known(table, list_tables(connection))
            raise UnknownTableError(f"no table {table} in {find_path(database)}; {there}")
        loads = tuple(find_held(connection, table))
        vectors = {
            name: int(found[1])
            for name, kind in columns.items()
            if (found := re.fullmatch(r"FLOAT\[(\d+)\]", kind))
        }
        return TableDescription(table, columns, count_rows(connection, table), loads, vectors)


def query_database(
    database: str | Path,
    sql: str,
    params: Sequence[Any] | Mapping[str, Any] | None = None,
    limit: int | None = None,
) -> pa.Table:
    """Run one query that only reads; no statement can write the database or any file.

    Args:
        database: the DuckDB file.
        sql: a query, with `?` or `$name` for parameters.
        params: their values.
        limit: most rows to return; None (default): all.

    Returns: the rows; no rows and no columns for a statement without a result.

    Raises:
        WarehouseError: the statement is wrong, or would write; there is no such database.
        WarehouseBusyError: another process has it open to write.

    Example:
        query_database("out/x.duckdb", "SELECT * FROM players WHERE goals > ?", [3], limit=10)
    """
    import pyarrow as pa

    with open_to_read(database) as connection:
        found = connection.sql(sql, params=params)
        if found is None:
            return pa.table({})
        return (found if limit is None else found.limit(limit)).to_arrow_table()


@contextmanager
def open_query(
    database: str | Path, sql: str, limit: int | None = None
) -> Iterator[pa.RecordBatchReader]:
    """Run one query that only reads, as `query_database`, and stream its rows."""
    path = find_path(database)
    import pyarrow as pa

    with open_to_read(path) as connection:
        found = connection.sql(sql)
        if found is None:
            yield pa.table({}).to_reader()
            return
        yield (found if limit is None else found.limit(limit)).to_arrow_reader()


def count_query(database: str | Path, sql: str) -> int:
    """Count the rows of a query that only reads."""

    with open_to_read(database) as connection:
        found = connection.sql(sql)
        return 0 if found is None else int(found.aggregate("count(*)").fetchall()[0][0])


class DuckDBWarehouse:
    """A DuckDB file as a `Warehouse`.

    Example:
        DuckDBWarehouse("out/x.duckdb").holds_load("players", "2026-01-01")
    """

    def __init__(self, database: str | Path) -> None:
        self.name = str(database)

    def load_files(
        self,
        load: Load,
        files: Sequence[str | Path],
        on_progress: Callable[[int], None] | None = None,
        on_loss: Callable[[str], None] | None = None,
    ) -> LoadReceipt:
        """See `Warehouse.load_files`."""
        from dreambolt_steps.warehouses.duckdb.load import load_files

        path = find_path(self.name)
        with open_to_write(path) as connection:
            return load_files(connection, load, files, str(path), on_progress, on_loss)

    def holds_load(self, table: str, load_id: str) -> bool:
        """See `Warehouse.holds_load`."""
        return holds_load(self.name, table, load_id)

    def list_tables(self) -> list[str]:
        """See `Warehouse.list_tables`."""
        with open_to_read(self.name) as connection:
            return list_tables(connection)

    def describe_table(self, table: str) -> TableDescription:
        """See `Warehouse.describe_table`."""
        return describe_table(self.name, table)

    def query(self, sql: str, limit: int | None = None) -> pa.Table:
        """See `Warehouse.query`."""
        return query_database(self.name, sql, limit=limit)

    def open_query(
        self, sql: str, limit: int | None = None
    ) -> AbstractContextManager[pa.RecordBatchReader]:
        """See `Warehouse.open_query`."""
        return open_query(self.name, sql, limit)

    def count_query(self, sql: str) -> int:
        """See `Warehouse.count_query`."""
        return count_query(self.name, sql)

    def search(self, table: str, column: str, vector: Sequence[float], k: int) -> pa.Table:
        """See `Warehouse.search`."""
        sql = search_sql(table, column, len(vector), k)
        return query_database(self.name, sql, {"vector": list(vector)})


__all__ = [
    "DuckDBWarehouse",
    "LoadReceipt",
    "TableDescription",
    "describe_table",
    "holds_load",
    "load_parquet",
    "query_database",
    "search_sql",
]
