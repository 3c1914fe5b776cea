# ruff: noqa: S608 (texts go through quote_text, names are constants)
"""SQL of the record of loads in Firebolt.

A row is written before the load, and turned into the record of the load by an UPDATE in the same
transaction as the data. So of two processes that make the same load at once, or of a COMMIT whose
answer was lost and its repetition, only one can be committed: both change the same row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dreambolt_steps.warehouses.firebolt.sql.names import (
    DEFAULT_SCHEMA,
    render_create_table,
    split_name,
)
from dreambolt_steps.warehouses.load import LEDGER, Load, LoadRecord
from dreambolt_steps.warehouses.sql import quote_identifier
from dreambolt_steps.warehouses.statement import quote_text

_TABLE = quote_identifier(LEDGER)
_COLUMNS = {
    "load_id": "TEXT",
    "table_name": "TEXT",
    "mode": "TEXT",
    "rows": "BIGINT",
    "files": "TEXT",  # JSON: a list of texts
    "embedding_model": "TEXT",
    "metadata": "TEXT",  # JSON: text by text
    "begun_at": "TIMESTAMPTZ",
    "loaded_at": "TIMESTAMPTZ",
    "superseded_at": "TIMESTAMPTZ",
}
_NOT_NULL = ("load_id", "table_name", "mode", "begun_at")


def render_create_ledger() -> str:
    """Render the statement that makes the ledger, once for a database."""
    return render_create_table(LEDGER, _COLUMNS, not_null=_NOT_NULL, exists=True)


def render_find_loads(table: str) -> str:
    """Render the query for the loads a table is made of, and those that were begun."""
    return (
        f'SELECT "load_id", "mode", "rows", "loaded_at", "metadata" FROM {_TABLE}'
        f' WHERE "table_name" = {_name_key(table)} AND "superseded_at" IS NULL'
        ' ORDER BY "loaded_at", "load_id"'
    )


def read_loads(rows: Sequence[Sequence[Any]]) -> tuple[list[LoadRecord], set[str]]:
    """Read the answer of `render_find_loads`.

    Returns: the loads in the table, oldest first, and the ids of those that were begun only.
    """
    held: dict[tuple[str, datetime], LoadRecord] = {}
    begun = set()
    for load_id, mode, count, loaded_at, metadata in rows:
        if loaded_at is None:
            begun.add(load_id)
            continue
        moment = loaded_at.astimezone(UTC).replace(tzinfo=None) if loaded_at.tzinfo else loaded_at
        record = LoadRecord(load_id, mode, int(count), moment, json.loads(metadata))
        held[(load_id, moment)] = record  # begun twice at once, it has two rows of one moment
    return list(held.values()), begun


def render_begin_load(load: Load) -> str:
    """Render the statement that writes a load's row before it is made."""
    values = [quote_text(load.load_id), _name_key(load.table), quote_text(load.mode), _now()]
    return (
        f'INSERT INTO {_TABLE} ("load_id", "table_name", "mode", "begun_at")'
        f" VALUES ({', '.join(values)})"
    )


def render_supersede(table: str) -> str:
    """Render the statement that notes that a table was made anew: its loads are not in it."""
    return (
        f'UPDATE {_TABLE} SET "superseded_at" = {_now()} WHERE "table_name" = {_name_key(table)}'
        ' AND "superseded_at" IS NULL AND "loaded_at" IS NOT NULL'
    )


def render_record(load: Load, rows: int, files: Sequence[str], metadata: Mapping[str, str]) -> str:
    """Render the statement that turns the row of a load that was begun into its record."""
    model = metadata.get("embedding.name") or metadata.get("embedding_model")
    values = {
        "mode": quote_text(load.mode),
        "rows": str(int(rows)),
        "files": quote_text(json.dumps(list(files), ensure_ascii=False)),
        "embedding_model": quote_text(model) if model else "NULL",
        "metadata": quote_text(json.dumps(load.describe(metadata), ensure_ascii=False)),
        "loaded_at": _now(),
    }
    told = ", ".join(f"{quote_identifier(name)} = {value}" for name, value in values.items())
    return f'UPDATE {_TABLE} SET {told} WHERE {_name_load(load)} AND "loaded_at" IS NULL'


def render_check_record(load: Load) -> str:
    """Render the query for the number of records of a load: none if somebody deleted its row."""
    return (
        f"SELECT count(*) FROM {_TABLE} WHERE {_name_load(load)}"
        ' AND "loaded_at" IS NOT NULL AND "superseded_at" IS NULL'
    )


def _name_load(load: Load) -> str:
    return f'"load_id" = {quote_text(load.load_id)} AND "table_name" = {_name_key(load.table)}'


def _name_key(table: str) -> str:
    schema, name = split_name(table)
    return quote_text(name if schema == DEFAULT_SCHEMA else f"{schema}.{name}")


def _now() -> str:
    return f"CAST({quote_text(datetime.now(UTC).isoformat())} AS TIMESTAMPTZ)"
