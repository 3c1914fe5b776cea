# ruff: noqa: S608 (every identifier goes through quote_table)
"""What a DuckDB database says of its tables."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase
from typing import Any

import duckdb

from dreambolt_steps.warehouses.sql import (
    DEFAULT_SCHEMA,
    quote_identifier,
    quote_table,
    split_table,
)
from dreambolt_steps.warehouses.type_fit import fold_name


def find_columns(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str] | None:
    """Find the DuckDB type by column name of a table; None if there is no such table."""
    wanted = "column_name, data_type, column_index"
    rows = _find_entries(connection, "duckdb_columns", "table_name", table, wanted)
    rows.sort(key=lambda row: row[2])
    return {name: kind for name, kind, _ in rows} or None


def is_view(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether a name is that of a view."""
    return bool(_find_entries(connection, "duckdb_views", "view_name", table, "view_name"))


def find_attached(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """What stands in the catalog besides the columns of a table, and goes when it is made anew:
    keys and other constraints, defaults, indexes and comments, as a reader would call them."""
    keys = _find_entries(
        connection, "duckdb_constraints", "table_name", table, "constraint_text, constraint_type"
    )
    required = "column_name, comment, column_default, is_nullable"
    columns = _find_entries(connection, "duckdb_columns", "table_name", table, required)
    indexes = _find_entries(connection, "duckdb_indexes", "table_name", table, "index_name")
    comments = _find_entries(connection, "duckdb_tables", "table_name", table, "comment")
    told = [f"the constraint {text}" for text, kind in keys if kind != "NOT NULL"]
    primary = {text for text, kind in keys if kind == "PRIMARY KEY"}
    for name, _, default, nullable in columns:
        if not nullable and not any(name in text for text in primary):
            told.append(f"NOT NULL of column {name!r}")
        if default is not None:
            told.append(f"the default {default} of column {name!r}")
    told += [f"the index {name!r}" for (name,) in indexes]
    told += ["the comment" for (comment,) in comments if comment]
    return told + [f"the comment on column {name!r}" for name, comment, *_ in columns if comment]


def find_views(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The views that can be queried now, quoted."""
    rows = connection.execute(
        "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal AND NOT temporary"
        " AND database_name = current_database() ORDER BY ALL"
    ).fetchall()
    names = [f"{quote_identifier(schema)}.{quote_identifier(name)}" for schema, name in rows]
    return [name for name in names if _can_query(connection, name)]


def _can_query(connection: duckdb.DuckDBPyConnection, view: str) -> bool:
    try:
        connection.sql(f"FROM {view}")  # bound, not run
    except duckdb.Error:
        return False
    return True


def _find_entries(
    connection: duckdb.DuckDBPyConnection, function: str, column: str, table: str, wanted: str
) -> list[tuple[Any, ...]]:
    schema, name = split_table(table)
    return connection.execute(
        f"SELECT {wanted} FROM {function}() WHERE database_name = current_database()"
        f" AND translate(schema_name, $upper, $lower) = $schema"
        f" AND translate({column}, $upper, $lower) = $name",
        {
            "schema": fold_name(schema),
            "name": fold_name(name),
            "upper": ascii_uppercase,  # lower() would fold more letters than the catalog does
            "lower": ascii_lowercase,
        },
    ).fetchall()


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
