"""DuckDB as a warehouse: files into tables, each load once, and queries that only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from dreambolt_steps.errors import UsageError, WarehouseError
from dreambolt_steps.warehouses.catalog import count_rows, find_columns, list_tables
from dreambolt_steps.warehouses.connection import find_path, open_to_read, open_to_write
from dreambolt_steps.warehouses.copy_sql import (
    escape_glob,
    quote_identifier,
    render_create_table,
    render_insert_parquet,
    search_sql,
    split_table,
)
from dreambolt_steps.warehouses.ledger import (
    LEDGER,
    LoadRecord,
    find_loads,
    record_load,
    supersede_loads,
)
from dreambolt_steps.warehouses.parquet_source import ParquetSource, describe_files
from dreambolt_steps.warehouses.type_fit import fold_name, match_columns

BATCH_ROWS = 1_000_000  # files of so many rows together are one statement
MODES = ("create", "replace", "append")


@dataclass(frozen=True)
class LoadReceipt:
    """What a load did: `rows` of this load are in the table; `skipped` if they were before."""

    table: str
    load_id: str
    rows: int
    skipped: bool


@dataclass(frozen=True)
class TableDescription:
    """A table: DuckDB type by column name, number of rows, the loads it is made of."""

    table: str
    columns: dict[str, str]
    rows: int
    loads: tuple[LoadRecord, ...]


def load_parquet(
    database: str | Path,
    table: str,
    files: Sequence[str | Path],
    *,
    mode: str = "create",
    load_id: str,
    on_progress: Callable[[int], None] | None = None,
) -> LoadReceipt:
    """Load Parquet files into a table, in one transaction with the record of the load.

    A load is made once: if the table holds `load_id` (with replace: holds nothing but `load_id`),
    nothing is done. Other connections see the table before or after the load, nothing between.

    Args:
        database: the DuckDB file; made with its folder if missing.
        table: table or schema.table; the schema is made if missing.
        files: Parquet files of one schema, in the order their rows shall have. Fixed-size lists
            become arrays such as FLOAT[384].
        mode: create (default; the table must not exist), replace (its rows and its schema), or
            append (columns are matched by name and have to be the same; a narrower type fits in a
            wider one if no value changes, see `fits_type`; the table is made if missing).
        load_id: names this load, such as a fingerprint of the files.
        on_progress: called with the number of rows loaded so far, every few files.

    Returns: the receipt.

    Raises:
        WarehouseError: create on a table that exists; no DuckDB file; no room; can't be written.
        WarehouseBusyError: another process has the database open.
        SchemaError: append to a table of other columns, or columns that DuckDB can't hold.
        SourceError: a file is missing or no Parquet file.
        UsageError: an unknown mode, no files, no load id, or an impossible table name.

    Example:
        load_parquet("out/x.duckdb", "players", ["out/players.parquet"], load_id="2026-01-01")
    """
    if mode not in MODES:
        raise UsageError(f"unknown mode {mode!r} of a load; use one of {', '.join(MODES)}")
    if not load_id:
        raise UsageError("a load needs an id, by which it is known later")
    if fold_name(split_table(table)[1]) == LEDGER:
        raise UsageError(f"{LEDGER} holds the record of loads; load into another table")
    with open_to_write(database) as connection:
        held = _find_held(connection, table)
        kept = [load for load in held if load.load_id == load_id]
        if kept and (mode != "replace" or len(held) == len(kept)):
            return LoadReceipt(table, load_id, sum(load.rows for load in kept), skipped=True)
        source = describe_files(connection, files)
        existing = find_columns(connection, table)
        if existing is not None and mode == "create":
            raise WarehouseError(
                f"table {table} exists in {find_path(database)} and is not of this load; use mode"
                " replace or append, or another table"
            )
        if existing is None or mode == "replace":
            columns, before = source.columns, 0
            schema = quote_identifier(split_table(table)[0])
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            connection.execute(render_create_table(table, columns, replace=mode == "replace"))
            supersede_loads(connection, table)
        else:
            columns = match_columns(source.columns, existing, table)
            before = count_rows(connection, table)
        statement = render_insert_parquet(table, columns)
        done = 0
        for paths, rows in _batch_files(source):
            connection.execute(statement, {"files": [escape_glob(path) for path in paths]})
            done += rows
            if on_progress:
                on_progress(done)
        written = count_rows(connection, table) - before
        if written != done:
            raise WarehouseError(
                f"{written:,} rows came into table {table} from files that hold {done:,}; nothing"
                " was loaded; were the files changed meanwhile? export them again"
            )
        record_load(connection, table, load_id=load_id, mode=mode, source=source)
    return LoadReceipt(table, load_id, done, skipped=False)


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
    with open_to_read(database) as connection:
        return any(load.load_id == load_id for load in _find_held(connection, table))


def describe_table(database: str | Path, table: str) -> TableDescription:
    """Describe a table: its columns, rows and loads.

    Raises:
        WarehouseError: there is no such database or table; it names the tables there are.

    Example:
        describe_table("out/x.duckdb", "players").columns["name_embedding"]  # "FLOAT[384]"
    """
    with open_to_read(database) as connection:
        columns = find_columns(connection, table)
        if columns is None:
            there = ", ".join(list_tables(connection)) or "none"
            raise WarehouseError(f"no table {table} in {find_path(database)}; its tables: {there}")
        loads = tuple(_find_held(connection, table))
        return TableDescription(table, columns, count_rows(connection, table), loads)


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
    with open_to_read(database) as connection:
        found = connection.sql(sql, params=params)
        if found is None:
            return pa.table({})
        return (found if limit is None else found.limit(limit)).to_arrow_table()


def _batch_files(source: ParquetSource) -> Iterator[tuple[list[str], int]]:
    """Many small files go into one statement: each costs as much as 10,000 rows."""
    paths: list[str] = []
    rows = 0
    for path, count in zip(source.paths, source.rows, strict=True):
        paths.append(path)
        rows += count
        if rows >= BATCH_ROWS:
            yield paths, rows
            paths, rows = [], 0
    if paths:
        yield paths, rows


def _find_held(connection: duckdb.DuckDBPyConnection, table: str) -> list[LoadRecord]:
    if find_columns(connection, table) is None:
        return []
    loads = find_loads(connection, table)
    if any(load.rows for load in loads) and not count_rows(connection, table):
        return []
    return loads


__all__ = [
    "LoadReceipt",
    "TableDescription",
    "describe_table",
    "holds_load",
    "load_parquet",
    "query_database",
    "search_sql",
]
