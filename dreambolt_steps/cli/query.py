"""`query` and `search`: look into a loaded table; nothing can be written."""

from __future__ import annotations

from pathlib import Path

from dreambolt_steps.cli.tables import show_rows
from dreambolt_steps.errors import UsageError


def show_query(database: Path, sql: str, limit: int) -> None:
    """Print the rows of a query."""
    from dreambolt_steps.warehouses.duckdb import query_database

    show_rows(query_database(database, sql, limit=limit))


def show_search(database: Path, table: str, text: str, k: int, column: str | None) -> None:
    """Print the rows whose vectors are nearest to that of a text.

    Raises:
        UsageError: the table has no vectors, or several and none was named.
    """
    from dreambolt_steps.fast_import import import_datadreamer
    from dreambolt_steps.warehouses.copy_sql import search_sql
    from dreambolt_steps.warehouses.duckdb import describe_table, query_database

    described = describe_table(database, table).columns
    vectors = {name: kind for name, kind in described.items() if kind.startswith("FLOAT[")}
    if column is None and len(vectors) > 1:
        raise UsageError(f"{table} has several vectors: {', '.join(vectors)}; name one: --column")
    chosen = column or next(iter(vectors), None)
    if chosen is None or chosen not in vectors:
        raise UsageError(f"{table} has no column of vectors{f' {column!r}' if column else ''}")
    dims = int(vectors[chosen].removeprefix("FLOAT[").rstrip("]"))
    import_datadreamer()
    from dreambolt_steps.embedding.minilm import MiniLMEmbedder

    embedder = MiniLMEmbedder()
    if embedder.dims != dims:
        raise UsageError(
            f"{chosen} has {dims} dims, {embedder.model_name} makes {embedder.dims}; "
            "it was embedded by another model: search it from Python with that one"
        )
    vector = next(embedder.encode([text])).tolist()
    found = query_database(database, search_sql(table, chosen, dims, k), {"vector": vector})
    first = ["similarity", chosen.removesuffix("_embedding")]
    names = [name for name in first if name in found.column_names]
    names += [name for name in found.column_names if name not in names and name not in vectors]
    show_rows(found.select(names))
