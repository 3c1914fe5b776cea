# ruff: noqa: S608 (texts go through quote_text)
"""What a Firebolt database says of its tables."""

from __future__ import annotations

from dataclasses import dataclass

from dreambolt_steps.warehouses.firebolt_connection import FireboltConnection
from dreambolt_steps.warehouses.firebolt_ledger import read_loads, render_find_loads
from dreambolt_steps.warehouses.firebolt_sql import DEFAULT_SCHEMA, quote_table, split_name
from dreambolt_steps.warehouses.firebolt_table import TableFacts
from dreambolt_steps.warehouses.firebolt_types import read_type
from dreambolt_steps.warehouses.load import LEDGER, LoadRecord
from dreambolt_steps.warehouses.statement import quote_text


@dataclass(frozen=True)
class TableState:
    """A table as it is now: its facts (None if it is not there), the loads it holds, those that the
    ledger knows of (also of a table that is gone or was emptied), and the ids of loads that were
    begun."""

    facts: TableFacts | None
    held: tuple[LoadRecord, ...]
    known: tuple[LoadRecord, ...]
    begun: frozenset[str]


def find_state(connection: FireboltConnection, table: str) -> TableState:
    """Ask for a table and its loads; a table that was emptied holds none.

    Args:
        connection: to any database, with a ledger or without.
        table: table or schema.table.
    """
    schema, name = split_name(table)
    names = f"{quote_text(name)}, {quote_text(LEDGER)}"
    rows = connection.ask(
        "SELECT table_schema, table_name, column_name, data_type, is_nullable"
        f" FROM information_schema.columns WHERE table_name IN ({names}) ORDER BY ordinal_position"
    )
    own = [row[2:] for row in rows if tuple(row[:2]) == (schema, name)]
    recorded = any(tuple(row[:2]) == (DEFAULT_SCHEMA, LEDGER) for row in rows)
    held, begun = _find_loads(connection, table) if recorded else ([], set())
    if not own:
        return TableState(None, (), tuple(held), frozenset(begun))
    facts = TableFacts(
        columns={row[0]: read_type(row[1]) for row in own},
        required=frozenset(row[0] for row in own if str(row[2]).upper() in ("NO", "FALSE", "0")),
        indexes=frozenset(find_indexes(connection, table)),
    )
    emptied = any(record.rows for record in held) and not connection.ask(
        f"SELECT 1 FROM {quote_table(table)} LIMIT 1"
    )
    return TableState(facts, () if emptied else tuple(held), tuple(held), frozenset(begun))


def find_known(connection: FireboltConnection, table: str) -> list[LoadRecord]:
    """Ask the ledger, which is there, for the loads of a table."""
    return _find_loads(connection, table)[0]


def find_indexes(connection: FireboltConnection, table: str) -> list[str]:
    """Names of the indexes of a table that were made by CREATE INDEX."""
    schema, name = split_name(table)
    rows = connection.ask(
        "SELECT index_name FROM information_schema.indexes WHERE table_name ="
        f" {quote_text(name)} AND table_schema = {quote_text(schema)} AND index_type <> 'primary'"
    )
    return [str(row[0]) for row in rows]


def list_tables(connection: FireboltConnection) -> list[str]:
    """The tables as a user names them, without the ledger."""
    rows = connection.ask(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN"
        " ('information_schema', 'catalog') ORDER BY 1, 2"
    )
    return [
        name if schema == DEFAULT_SCHEMA else f"{schema}.{name}"
        for schema, name in rows
        if not str(name).startswith("_dreambolt_")
    ]


def _find_loads(connection: FireboltConnection, table: str) -> tuple[list[LoadRecord], set[str]]:
    return read_loads(connection.ask(render_find_loads(table)))
