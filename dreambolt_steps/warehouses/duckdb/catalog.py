# ruff: noqa: S608 (every identifier goes through quote_table)
"""What a DuckDB database says of its tables."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase

import duckdb

from dreambolt_steps.warehouses.sql import DEFAULT_SCHEMA, quote_table, split_table
from dreambolt_steps.warehouses.type_fit import fold_name


def find_columns(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str] | None:
    """Find the DuckDB type by column name of a table; None if there is no such table."""
    schema, name = split_table(table)
    rows = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name ="
        " current_database() AND translate(schema_name, $upper, $lower) = $schema"
        " AND translate(table_name, $upper, $lower) = $name ORDER BY column_index",
        {
            "schema": fold_name(schema),
            "name": fold_name(name),
            "upper": ascii_uppercase,  # lower() would fold more letters than the catalog does
            "lower": ascii_lowercase,
        },
    ).fetchall()
    return dict(rows) or None


def count_rows(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Count the rows of a table; DuckDB keeps the number, so it costs nothing."""
    row = connection.execute(f"SELECT count(*) FROM {quote_table(table)}").fetchone()
    return int(row[0]) if row else 0


def list_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """List the tables as a user names them, without the ledger."""
    rows = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name ="
        " current_database() AND NOT starts_with(table_name, '_dreambolt_') ORDER BY ALL"
    ).fetchall()
    return [name if schema == DEFAULT_SCHEMA else f"{schema}.{name}" for schema, name in rows]
