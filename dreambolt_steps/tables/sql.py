"""DuckDB as the local engine: how it is opened here, and how text gets into its SQL."""

from __future__ import annotations

import atexit
import tempfile
from functools import cache

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


def open_cursor() -> duckdb.DuckDBPyConnection:
    """Open a connection to an in-memory DuckDB that all of this process shares: 0.01 ms instead of
    the 20 ms of an instance of its own.

    For queries that leave nothing behind but temporary tables, which are the connection's own; no
    settings are changed.
    """
    return _open_shared().cursor()


@cache
def _open_shared() -> duckdb.DuckDBPyConnection:
    return open_duckdb()


@atexit.register
def _close_shared() -> None:
    """Close it while there is an interpreter: DuckDB 2.0 prints every object that is left."""
    if _open_shared.cache_info().currsize:
        _open_shared().close()
        _open_shared.cache_clear()


def quote_literal(value: str | bool | int) -> str:
    """Write a value as a SQL literal.

    >>> quote_literal("it's")
    "'it''s'"
    """
    if isinstance(value, bool | int):
        return str(value).lower()
    return "'" + value.replace("'", "''") + "'"
