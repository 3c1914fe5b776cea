"""DuckDB as the local engine: how it is opened here, and how text gets into its SQL."""

from __future__ import annotations

import tempfile

import duckdb


def open_duckdb() -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB that never downloads anything and spills to the system's temporary
    folder."""
    return duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "temp_directory": tempfile.gettempdir(),
        },
    )


def quote_literal(value: str | bool | int) -> str:
    """Write a value as a SQL literal.

    >>> quote_literal("it's")
    "'it''s'"
    """
    if isinstance(value, bool | int):
        return str(value).lower()
    return "'" + value.replace("'", "''") + "'"
