# ruff: noqa: S608 (every identifier goes through quote_identifier or quote_table)
"""Commands to try on a table that has just been loaded."""

from __future__ import annotations

import shlex
from pathlib import Path

from dreambolt_steps.warehouses.duckdb.warehouse import query_database
from dreambolt_steps.warehouses.sql import quote_identifier, quote_table


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
    commands = []
    if texts:
        column = quote_identifier(_pick_grouping(database, name, texts))
        sql = f"SELECT {column}, count(*) AS n FROM {name} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5"
    else:
        sql = f"SELECT * FROM {name} LIMIT 5"
    commands.append(shlex.join(["query", str(database), sql]))
    for text in texts:
        vector = f"{text}_embedding"
        if vector in schema.names:
            column, vectors = quote_identifier(text), quote_identifier(vector)
            first = f"(SELECT {vectors} FROM {name} WHERE {vectors} IS NOT NULL LIMIT 1)"
            similar = (
                f"SELECT {column}, array_cosine_similarity({vectors}, {first}) AS similarity "
                f"FROM {name} WHERE {vectors} IS NOT NULL ORDER BY 2 DESC LIMIT 5"
            )
            commands.append(shlex.join(["query", str(database), similar]))
            example = _read_example(database, name, column)
            commands.append(shlex.join(["search", str(database), example, "--table", table]))
            break
    return commands


def _pick_grouping(database: str | Path, name: str, texts: list[str]) -> str:
    """The text column with the fewest values above one: the one worth counting by."""
    counts = ", ".join(f"approx_count_distinct({quote_identifier(text)})" for text in texts)
    sql = f"SELECT {counts} FROM (FROM {name} LIMIT 100000)"
    row = query_database(database, sql).to_pylist()[0]
    return min(zip(texts, row.values(), strict=True), key=lambda pair: (pair[1] < 2, pair[1]))[0]


def _read_example(database: str | Path, name: str, column: str) -> str:
    sql = f"SELECT {column} FROM {name} WHERE {column} IS NOT NULL OFFSET 3 LIMIT 1"
    found = query_database(database, sql).to_pylist()
    return str(next(iter(found[0].values())))[:40].strip() if found else "hello"
