"""One load into an open DuckDB database, inside its transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from dreambolt_steps.warehouses.duckdb.catalog import count_rows, find_columns
from dreambolt_steps.warehouses.duckdb.ledger import (
    find_loads,
    record_load,
    supersede_loads,
)
from dreambolt_steps.warehouses.duckdb.parquet_source import ParquetSource, describe_files
from dreambolt_steps.warehouses.duckdb.replace import check_target, make_empty, tell_losses
from dreambolt_steps.warehouses.keyed_sql import (
    render_close_versions,
    render_key_check,
    render_merge,
    render_open_versions,
)
from dreambolt_steps.warehouses.load import (
    KEYED,
    VALID_FROM,
    VALID_TO,
    Load,
    LoadReceipt,
    LoadRecord,
    check_follows,
    check_key,
    is_made,
    refuse_count,
    refuse_existing,
    refuse_history,
    refuse_key,
)
from dreambolt_steps.warehouses.sql import (
    escape_glob,
    quote_identifier,
    quote_table,
    render_create_table,
    render_insert_parquet,
    split_table,
)
from dreambolt_steps.warehouses.type_fit import fold_name, match_columns

BATCH_ROWS = 1_000_000  # files of so many rows together are one statement
_ROWS_OF_LOAD = "_dreambolt_rows"  # holds the rows of a keyed load until they are merged
_HISTORY = {VALID_FROM: "TIMESTAMP WITH TIME ZONE", VALID_TO: "TIMESTAMP WITH TIME ZONE"}


def load_files(
    connection: duckdb.DuckDBPyConnection,
    load: Load,
    files: Sequence[str | Path],
    database: str,
    on_progress: Callable[[int], None] | None = None,
    on_loss: Callable[[str], None] | None = None,
) -> LoadReceipt:
    """Make a load, unless it is made already; the caller commits.

    Args:
        connection: open to write, in a transaction.
        load: what is asked for.
        files: Parquet files of one schema.
        database: its name, for errors.
        on_progress: called with the number of rows loaded so far.
        on_loss: told, before it goes, each thing that is replaced for good.

    Raises: as `load_parquet`.
    """
    held = find_held(connection, load.table)
    if is_made(load, held):
        rows = sum(record.rows for record in held if record.load_id == load.load_id)
        return LoadReceipt(load.table, load.load_id, rows, skipped=True)
    source = describe_files(connection, files)
    load = check_key(load, list(source.columns), fold_name)
    check_follows(load, held, source.metadata)
    existing = find_columns(connection, load.table)
    if existing is not None and load.mode == "create":
        raise refuse_existing(load.table, database)
    check_target(connection, load, database)
    if existing is None or load.replaces:
        columns = dict(source.columns)
        _make_table(connection, load, columns, on_loss or (lambda told: None))
        supersede_loads(connection, load.table)
    else:
        columns = _match_table(connection, load, source, existing)
    if load.mode in KEYED:
        _merge_rows(connection, load, source, columns, on_progress)
    else:
        before = count_rows(connection, load.table)
        _insert_files(connection, load.table, source, columns, on_progress)
        written = count_rows(connection, load.table) - before
        if written != sum(source.rows):
            raise refuse_count(load.table, written, sum(source.rows))
    record_load(connection, load, source)
    return LoadReceipt(load.table, load.load_id, sum(source.rows), skipped=False)


def find_held(connection: duckdb.DuckDBPyConnection, table: str) -> list[LoadRecord]:
    """List the loads that a table holds, oldest first; none if it is gone or was emptied."""
    if find_columns(connection, table) is None:
        return []
    loads = find_loads(connection, table)
    if any(load.rows for load in loads) and not count_rows(connection, table):
        return []
    return loads


def _make_table(
    connection: duckdb.DuckDBPyConnection,
    load: Load,
    columns: dict[str, str],
    tell: Callable[[str], None],
) -> None:
    """Make the table of a load, or make the one that is there empty."""
    if find_columns(connection, load.table) is not None:
        for told in tell_losses(connection, load, columns):
            tell(f"replaced for good: {told}")
        make_empty(connection, load.table, columns, tell)
        return
    schema = quote_identifier(split_table(load.table)[0])
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    made = columns | (_HISTORY if load.mode == "snapshot" else {})
    connection.execute(render_create_table(load.table, made, replace=False))


def _match_table(
    connection: duckdb.DuckDBPyConnection,
    load: Load,
    source: ParquetSource,
    existing: dict[str, str],
) -> dict[str, str]:
    """Match files and table, and let the table evolve where that is asked for."""
    own = existing
    if load.mode == "snapshot":
        own = {name: kind for name, kind in existing.items() if fold_name(name) not in _HISTORY}
        if len(existing) - len(own) < len(_HISTORY):
            raise refuse_history(load.table)
    plan = match_columns(source.columns, own, load.table, evolve=load.evolve)
    table = quote_table(load.table)
    for name, kind in plan.added.items():
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {quote_identifier(name)} {kind}")
    for name, kind in plan.widened.items():
        connection.execute(f"ALTER TABLE {table} ALTER {quote_identifier(name)} TYPE {kind}")
    return plan.columns


def _merge_rows(
    connection: duckdb.DuckDBPyConnection,
    load: Load,
    source: ParquetSource,
    columns: dict[str, str],
    on_progress: Callable[[int], None] | None,
) -> None:
    """Bring the files into a table of their own, check the key, and merge them into the target."""
    rows, target = quote_table(_ROWS_OF_LOAD), quote_table(load.table)
    connection.execute(render_create_table(_ROWS_OF_LOAD, columns, replace=True))
    _insert_files(connection, _ROWS_OF_LOAD, source, columns, on_progress)
    written = count_rows(connection, _ROWS_OF_LOAD)
    if written != sum(source.rows):
        raise refuse_count(load.table, written, sum(source.rows))
    broken = connection.execute(render_key_check(rows, load.key)).fetchone()
    if broken is not None:
        raise refuse_key(load.table, load.key, list(broken[:-1]), broken[-1])
    if load.mode == "merge":
        connection.execute(render_merge(target, rows, load.key, list(columns)))
    else:
        moment = datetime.now(UTC)
        compared = [name for name in columns if name not in load.key]
        connection.execute(render_close_versions(target, rows, load.key, compared, moment))
        connection.execute(render_open_versions(target, rows, load.key, list(columns), moment))
    connection.execute(f"DROP TABLE {rows}")


def _insert_files(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    source: ParquetSource,
    columns: dict[str, str],
    on_progress: Callable[[int], None] | None,
) -> None:
    statement = render_insert_parquet(table, columns)
    done = 0
    for paths, rows in _batch_files(source):
        connection.execute(statement, {"files": [escape_glob(path) for path in paths]})
        done += rows
        if on_progress:
            on_progress(done)


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
