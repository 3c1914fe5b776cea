# ruff: noqa: S608 (every identifier goes through quote_identifier or quote_table)
"""SQL text of loads and searches: pure functions, values stay parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dreambolt_steps.errors import UsageError

DEFAULT_SCHEMA = "main"
# A path is a glob to read_parquet; hive partitioning would add columns found in folder names.
PARQUET_SOURCE = "read_parquet($files, hive_partitioning = false)"


def quote_identifier(name: str) -> str:
    """Write any name as a SQL identifier that means exactly this name.

    Raises:
        UsageError: an empty name; no SQL engine has such.

    >>> quote_identifier('say "hi"')
    '"say ""hi\"""'
    """
    if not name:
        raise UsageError("a table or column needs a name; the empty one can't be written in SQL")
    return '"' + name.replace('"', '""') + '"'


def split_table(table: str, default: str = DEFAULT_SCHEMA) -> tuple[str, str]:
    """Take `table` or `schema.table` apart; the schema is `default` where none is named.

    Raises:
        UsageError: an empty part, or more than two parts.

    >>> split_table("sport.players")
    ('sport', 'players')
    """
    schema, dot, name = table.rpartition(".")
    if not name or "." in schema or (dot and not schema):
        raise UsageError(f"{table!r} is no table name; give it as table or schema.table")
    return schema or default, name


def quote_table(table: str) -> str:
    """Write `table` or `schema.table` as a quoted name.

    >>> quote_table("sport.players")
    '"sport"."players"'
    """
    schema, name = split_table(table)
    return f"{quote_identifier(schema)}.{quote_identifier(name)}"


def escape_glob(path: str) -> str:
    """Write a path so that DuckDB, which reads paths as globs, means this one file.

    >>> escape_glob("out/[2026]*.parquet")
    'out/[[]2026][*].parquet'
    """
    return re.sub(r"([*?\[])", r"[\1]", path)


def render_create_table(table: str, columns: Mapping[str, str], *, replace: bool) -> str:
    """Render the statement that makes an empty table.

    Args:
        table: table or schema.table.
        columns: SQL type by column name, in order.
        replace: drop a table of this name in the same statement.

    >>> render_create_table("t", {"a b": "INTEGER"}, replace=False)
    'CREATE TABLE "main"."t" ("a b" INTEGER)'
    """
    told = ", ".join(f"{quote_identifier(name)} {kind}" for name, kind in columns.items())
    verb = "CREATE OR REPLACE TABLE" if replace else "CREATE TABLE"
    return f"{verb} {quote_table(table)} ({told})"


def render_insert_parquet(table: str, columns: Mapping[str, str]) -> str:
    """Render the statement that appends files, whose paths are its parameter `$files`, by name.

    Args:
        table: table or schema.table.
        columns: SQL type by column name. Fixed-size arrays are cast: Parquet has no such type.

    >>> render_insert_parquet("t", {"v": "FLOAT[3]"}).split(" FROM ")[0]
    'INSERT INTO "main"."t" ("v") SELECT CAST("v" AS FLOAT[3])'
    """
    names = {name: quote_identifier(name) for name in columns}
    values = [
        f"CAST({names[name]} AS {kind})" if re.search(r"\[\d+\]$", kind) else names[name]
        for name, kind in columns.items()
    ]
    return (
        f"INSERT INTO {quote_table(table)} ({', '.join(names.values())}) "
        f"SELECT {', '.join(values)} FROM {PARQUET_SOURCE}"
    )


def search_sql(table: str, vector_column: str, dims: int, k: int) -> str:
    """Render the query for the `k` rows nearest to a vector, which is its parameter `$vector`.

    Every column but the vectors comes back, and `similarity` (cosine, -1 to 1), best first; rows
    without a vector, or whose vector is all zeros, never do.

    Args:
        table: table or schema.table.
        vector_column: a column of fixed-size arrays.
        dims: its size.
        k: how many rows at most.

    Raises:
        UsageError: `dims` or `k` below 1.

    Example:
        sql = search_sql("players", "name_embedding", dims=384, k=5)
        query_database("out/players.duckdb", sql, {"vector": vector})
    """
    if dims < 1 or k < 1:
        raise UsageError(f"a search needs at least 1 dimension and 1 row, not {dims} and {k}")
    column = quote_identifier(vector_column)
    return (
        f"SELECT * EXCLUDE ({column}), "
        f"array_cosine_similarity({column}, CAST($vector AS FLOAT[{int(dims)}])) AS similarity "
        f"FROM {quote_table(table)} "
        # NaN, from a vector of zeros, would sort first
        f"WHERE {column} IS NOT NULL AND NOT isnan(similarity) "
        f"ORDER BY similarity DESC, rowid LIMIT {int(k)}"
    )
