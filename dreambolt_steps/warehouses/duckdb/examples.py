# ruff: noqa: S608 (every identifier goes through quote_identifier or quote_table)
"""Commands to try on a table that has just been loaded."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from dreambolt_steps.warehouses.duckdb.warehouse import query_database
from dreambolt_steps.warehouses.sql import (
    DEFAULT_SCHEMA,
    quote_identifier,
    quote_table,
    split_table,
)

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_WORDS = 4


def suggest_commands(database: str | Path, table: str) -> list[str]:
    """Commands that work as they stand: one SQL query, and a search where the table has vectors.

    Args:
        database: the DuckDB file.
        table: the table, or schema.table.

    Returns: arguments of the command line, such as `query out/players.duckdb 'SELECT ..'`.
    """
    name = quote_table(table)
    schema = query_database(database, f"SELECT * FROM {name} LIMIT 1").schema
    texts = [field.name for field in schema if str(field.type) == "string"]
    reserved = _list_reserved(database)
    schema_name, table_name = split_table(table)
    parts = [table_name] if schema_name == DEFAULT_SCHEMA else [schema_name, table_name]
    short = ".".join(_shorten(part, reserved) for part in parts)
    sql = f"FROM {short} LIMIT 5"
    if texts:
        column = _shorten(_pick_grouping(database, name, texts), reserved)
        sql = f"SELECT {column}, count(*) AS n FROM {short} GROUP BY ALL ORDER BY n DESC LIMIT 5"
    commands = [shlex.join(["query", str(database), sql])]
    searched = [text for text in texts if f"{text}_embedding" in schema.names]
    if searched:
        words = _read_example(database, name, quote_identifier(searched[0]))
        where = ["--table", table] if _count_vector_tables(database) > 1 else []
        commands.append(shlex.join(["search", str(database), words, *where]))
    return commands


def _shorten(name: str, reserved: set[str]) -> str:
    """A name as one would type it: in quotes only where SQL needs them."""
    is_plain = _PLAIN.fullmatch(name) is not None and name not in reserved
    return name if is_plain else quote_identifier(name)


def _list_reserved(database: str | Path) -> set[str]:
    sql = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
    return set(query_database(database, sql).column(0).to_pylist())


def _count_vector_tables(database: str | Path) -> int:
    sql = (
        "SELECT count(DISTINCT (schema_name, table_name)) FROM duckdb_columns()"
        " WHERE database_name = current_database() AND regexp_matches(data_type, '\\[\\d+\\]$')"
    )
    return int(query_database(database, sql).column(0)[0].as_py())


def _pick_grouping(database: str | Path, name: str, texts: list[str]) -> str:
    """The text column with the fewest values above one: the one worth counting by."""
    counts = ", ".join(f"approx_count_distinct({quote_identifier(text)})" for text in texts)
    sql = f"SELECT {counts} FROM (FROM {name} LIMIT 100000)"
    row = query_database(database, sql).to_pylist()[0]
    return min(zip(texts, row.values(), strict=True), key=lambda pair: (pair[1] < 2, pair[1]))[0]


def _read_example(database: str | Path, name: str, column: str) -> str:
    """The first words of one of the texts."""
    sql = f"SELECT {column} FROM {name} WHERE {column} IS NOT NULL OFFSET 3 LIMIT 1"
    found = query_database(database, sql).to_pylist()
    words = str(next(iter(found[0].values()))).split() if found else []
    return " ".join(words[:_WORDS]).strip(" .,;:!?-") or "hello"
