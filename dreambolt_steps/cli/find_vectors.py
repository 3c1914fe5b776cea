"""Where `search` looks when it is not told: the only database here, the only table with vectors."""

from __future__ import annotations

import os
from pathlib import Path

from dreambolt_steps.errors import UnknownNameError, UsageError
from dreambolt_steps.warehouses.protocol import Warehouse

_FIREBOLT = ("FIREBOLT_DATABASE", "FIREBOLT_CORE_URL")
_PLACES = (Path("out"), Path())


def find_target() -> str:
    """The database to search: Firebolt where the environment names one, else the only DuckDB file
    in out/ or in this folder.

    Raises:
        UnknownNameError: there is none.
        UsageError: there are several; it names them.
    """
    if any(os.environ.get(name) for name in _FIREBOLT):
        return "firebolt://"
    found = [str(file) for place in _PLACES for file in sorted(place.glob("*.duckdb"))]
    if not found:
        raise UnknownNameError(
            "no database to search: there is no .duckdb file in out/ or here; name one, such as "
            "search my.duckdb TEXT"
        )
    if len(found) > 1:
        raise UsageError(f"several databases to search: {', '.join(found)}; name one before TEXT")
    return found[0]


def find_vector_table(warehouse: Warehouse) -> str:
    """The only table of a warehouse that has vectors.

    Raises:
        UnknownNameError: none has.
        UsageError: several have; it names them.
    """
    tables = warehouse.list_tables()
    found = [table for table in tables if warehouse.describe_table(table).vectors]
    if not found:
        there = f"its tables are {', '.join(tables)}" if tables else "it has no table"
        raise UnknownNameError(
            f"no table in {warehouse.name} has vectors; {there}; embed a column: "
            "ingest FILE --embed COLUMN"
        )
    if len(found) > 1:
        raise UsageError(
            f"several tables in {warehouse.name} have vectors: {', '.join(found)}; name one: "
            "--table TABLE"
        )
    return found[0]
