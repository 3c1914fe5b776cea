# ruff: noqa: S608 (every identifier goes through quote_identifier or quote_table)
"""How a DuckDB table is replaced: whether it may be, what goes with it, and what stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import duckdb

from dreambolt_steps.errors import WarehouseError
from dreambolt_steps.warehouses.duckdb.catalog import (
    count_rows,
    find_attached,
    find_columns,
    find_views,
    is_view,
)
from dreambolt_steps.warehouses.duckdb.ledger import find_loads
from dreambolt_steps.warehouses.load import Load
from dreambolt_steps.warehouses.ownership import (
    Holdings,
    check_free,
    check_owned,
    tell_replacement,
)
from dreambolt_steps.warehouses.sql import quote_table, render_create_table


def find_holdings(connection: duckdb.DuckDBPyConnection, table: str) -> Holdings | None:
    """Find what a table holds; None if it is not there."""
    columns = find_columns(connection, table)
    if columns is None:
        return None
    loads = tuple(find_loads(connection, table))
    return Holdings(count_rows(connection, table), tuple(columns), loads)


def check_target(connection: duckdb.DuckDBPyConnection, load: Load, database: str) -> None:
    """Check that a load may go into its table, before anything is made for it.

    Raises: WarehouseError: it is a view, mode create and it is there, or mode refresh and it holds
        what is not the session's own.
    """
    if is_view(connection, load.table):
        raise WarehouseError(
            f"{load.table} is a view in {database}, and a load needs a table; name another table"
        )
    holdings = find_holdings(connection, load.table)
    if holdings is not None:
        check_owned(load, holdings, database)


def check_before_work(connection: duckdb.DuckDBPyConnection, load: Load, database: str) -> None:
    """As `check_target`, while the id of the load is not known yet."""
    check_target(connection, load, database)
    holdings = find_holdings(connection, load.table)
    if holdings is not None:
        check_free(load, holdings, database)


def tell_losses(
    connection: duckdb.DuckDBPyConnection, load: Load, columns: Mapping[str, str]
) -> list[str]:
    """Sentences on what goes for good when a load replaces its table.

    Args:
        connection: to the database.
        load: of mode replace or refresh.
        columns: DuckDB type by name, of the files.
    """
    holdings = find_holdings(connection, load.table)
    if holdings is None or not load.replaces:
        return []
    stays = _is_same(connection, load.table, columns)
    attached = [] if stays else find_attached(connection, load.table)
    return tell_replacement(load, holdings, columns, attached)


def make_empty(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, str],
    tell: Callable[[str], None],
) -> None:
    """Make a table that is there empty, and of these columns.

    One that has them already keeps its keys, indexes, comments and views. Another one is made anew,
    and views that can't be queried any more are told.
    """
    if _is_same(connection, table, columns):
        connection.execute(f"DELETE FROM {quote_table(table)}")
        return
    with _watch_views(connection, tell):
        connection.execute(render_create_table(table, columns, replace=True))


def _is_same(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]) -> bool:
    return list((find_columns(connection, table) or {}).items()) == list(columns.items())


@contextmanager
def _watch_views(
    connection: duckdb.DuckDBPyConnection, tell: Callable[[str], None]
) -> Iterator[None]:
    before = find_views(connection)
    yield
    after = set(find_views(connection)) if before else set()
    for view in before:
        if view not in after:
            tell(f"the view {view} can't be queried any more: it needs a column that is gone")
