# ruff: noqa: S608 (the only inserted text is a constant)
"""The record of every load, in the database it went into and in the same transaction."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb

from dreambolt_steps.warehouses.duckdb.parquet_source import ParquetSource
from dreambolt_steps.warehouses.load import LEDGER, Load, LoadRecord
from dreambolt_steps.warehouses.ownership import describe_load
from dreambolt_steps.warehouses.sql import split_table
from dreambolt_steps.warehouses.type_fit import fold_name

_TABLE = f'"main"."{LEDGER}"'
_CREATE = f"""CREATE TABLE IF NOT EXISTS {_TABLE} (
    load_id VARCHAR NOT NULL, table_name VARCHAR NOT NULL, mode VARCHAR NOT NULL,
    rows BIGINT NOT NULL, files VARCHAR[] NOT NULL, loaded_at TIMESTAMP NOT NULL,
    embedding_model VARCHAR, metadata MAP(VARCHAR, VARCHAR) NOT NULL, superseded_at TIMESTAMP)"""


def find_loads(connection: duckdb.DuckDBPyConnection, table: str) -> list[LoadRecord]:
    """List the loads that make up a table, oldest first; none without a ledger.

    Loads that a later create or replace did away with are in the ledger, but not in this list.
    """
    known = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'main' AND table_name = $ledger"
        " AND database_name = current_database()",
        {"ledger": LEDGER},
    ).fetchone()
    if known is None:
        return []
    rows = connection.execute(
        f"SELECT load_id, mode, rows, loaded_at, metadata FROM {_TABLE}"
        " WHERE table_name = $table AND superseded_at IS NULL ORDER BY loaded_at, rowid",
        {"table": _name_key(table)},
    ).fetchall()
    return [LoadRecord(*row) for row in rows]


def supersede_loads(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Note that the table was made anew: earlier loads are no longer in it."""
    connection.execute(_CREATE)
    connection.execute(
        f"UPDATE {_TABLE} SET superseded_at = $now WHERE table_name = $table"
        " AND superseded_at IS NULL",
        {"now": _now(), "table": _name_key(table)},
    )


def record_load(connection: duckdb.DuckDBPyConnection, load: Load, source: ParquetSource) -> None:
    """Write the record of a load; `embedding_model` is what the files' metadata says."""
    connection.execute(_CREATE)
    metadata = describe_load(load, source.metadata, source.columns)
    model = metadata.get("embedding.name") or metadata.get("embedding_model")
    connection.execute(
        f"INSERT INTO {_TABLE} VALUES ($load_id, $table, $mode, $rows, $files, $now, $model,"
        " map($keys::VARCHAR[], $values::VARCHAR[]), NULL)",
        {
            "load_id": load.load_id,
            "table": _name_key(load.table),
            "mode": load.mode,
            "rows": sum(source.rows),
            "files": list(source.paths),
            "now": _now(),
            "model": model,
            "keys": list(metadata),
            "values": list(metadata.values()),
        },
    )


def _name_key(table: str) -> str:
    return fold_name(".".join(split_table(table)))


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
