# ruff: noqa: S608 (texts go through quote_text)
"""What a Firebolt database says of its tables."""

from __future__ import annotations

from dataclasses import dataclass

from dreambolt_steps.errors import WarehouseBusyError
from dreambolt_steps.warehouses.firebolt.connection import FireboltConnection, retry
from dreambolt_steps.warehouses.firebolt.sql.ledger import (
    read_loads,
    render_begin_load,
    render_find_loads,
)
from dreambolt_steps.warehouses.firebolt.sql.names import (
    DEFAULT_SCHEMA,
    quote_table,
    split_name,
)
from dreambolt_steps.warehouses.firebolt.sql.table import TableFacts
from dreambolt_steps.warehouses.firebolt.sql.types import read_type
from dreambolt_steps.warehouses.load import LEDGER, Load, LoadRecord
from dreambolt_steps.warehouses.ownership import Holdings
from dreambolt_steps.warehouses.statement import quote_text


@dataclass(frozen=True)
class TableState:
    """A table as it is now: its facts (None if it is not there), the loads it holds, those that the
    ledger knows of (also of a table that is gone or was emptied), the ids of loads that were begun,
    whether there is a ledger, and how many rows there are, where that was asked for."""

    facts: TableFacts | None
    held: tuple[LoadRecord, ...]
    known: tuple[LoadRecord, ...]
    begun: frozenset[str]
    recorded: bool = True
    rows: int | None = None

    def find_holdings(self) -> Holdings | None:
        """What the table holds; None if it is not there, or was not counted."""
        if self.facts is None or self.rows is None:
            return None
        return Holdings(self.rows, tuple(self.facts.columns), self.known)


def find_state(
    connection: FireboltConnection,
    table: str,
    *,
    load_id: str | None = None,
    indexes: bool = True,
    count: bool = False,
) -> TableState:
    """Ask for a table and its loads; a table that was emptied holds none.

    Args:
        connection: to any database, with a ledger or without.
        table: table or schema.table.
        load_id: the load that is asked about: only if the ledger knows it the table is looked into;
            None: always.
        indexes: ask for them too.
        count: count its rows too.
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
        return TableState(None, (), tuple(held), frozenset(begun), recorded)
    known, is_sorted = find_indexes(connection, table) if indexes else ([], False)
    facts = TableFacts(
        columns={row[0]: read_type(row[1]) for row in own},
        required=frozenset(row[0] for row in own if str(row[2]).upper() in ("NO", "FALSE", "0")),
        indexes=frozenset(known),
        is_sorted=is_sorted,
    )
    asked = load_id is None or load_id in [record.load_id for record in held]
    emptied = (
        asked
        and any(record.rows for record in held)
        and not connection.ask(f"SELECT 1 FROM {quote_table(table)} LIMIT 1")
    )
    own_loads = () if emptied else tuple(held)
    counted = count_rows(connection, table) if count else None
    return TableState(facts, own_loads, tuple(held), frozenset(begun), recorded, counted)


def count_rows(connection: FireboltConnection, table: str) -> int:
    """Count the rows of a table."""
    return int(connection.ask(f"SELECT count(*) FROM {quote_table(table)}")[0][0])


def find_known(connection: FireboltConnection, table: str) -> list[LoadRecord]:
    """Ask the ledger, which is there, for the loads of a table."""
    return _find_loads(connection, table)[0]


def begin_load(connection: FireboltConnection, load: Load) -> None:
    """Write the row of a load that begins, once: it is looked for before it is written again."""

    def begin() -> None:
        if load.load_id not in _find_loads(connection, load.table)[1]:
            connection.send(render_begin_load(load))

    try:
        connection.send(render_begin_load(load))
    except WarehouseBusyError:
        retry(begin)


def find_indexes(connection: FireboltConnection, table: str) -> tuple[list[str], bool]:
    """Names of the indexes of a table that were made by CREATE INDEX, and whether it has a PRIMARY
    INDEX."""
    schema, name = split_name(table)
    rows = connection.ask(
        "SELECT index_name, index_type FROM information_schema.indexes WHERE table_name ="
        f" {quote_text(name)} AND table_schema = {quote_text(schema)}"
    )
    made = [str(name) for name, kind in rows if kind != "primary"]
    return made, len(made) < len(rows)


def list_tables(connection: FireboltConnection) -> list[str]:
    """The tables as a user names them, without the ledger."""
    names = find_tables(connection)
    return [name for name in names if not split_name(name)[1].startswith("_dreambolt_")]


def find_tables(connection: FireboltConnection, prefix: str = "") -> list[str]:
    """The tables, the ledger too, whose names as a user writes them begin with `prefix`."""
    rows = connection.ask(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN"
        " ('information_schema', 'catalog') ORDER BY 1, 2"
    )
    names = (name if schema == DEFAULT_SCHEMA else f"{schema}.{name}" for schema, name in rows)
    return [name for name in names if name.startswith(prefix)]


def _find_loads(connection: FireboltConnection, table: str) -> tuple[list[LoadRecord], set[str]]:
    return read_loads(connection.ask(render_find_loads(table)))
