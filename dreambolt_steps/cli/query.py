"""`query` and `search`: look into a loaded table; nothing can be written."""

from __future__ import annotations

from dreambolt_steps.cli.tables import show_rows
from dreambolt_steps.errors import UsageError


def show_query(database: str, sql: str, limit: int) -> None:
    """Print the rows of a query."""
    from dreambolt_steps.warehouses.warehouse import open_warehouse

    show_rows(open_warehouse(database).query(sql, limit=limit))


def show_search(database: str, table: str, text: str, k: int, column: str | None) -> None:
    """Print the rows whose vectors are nearest to that of a text.

    Raises:
        UsageError: the table has no vectors, or several and none was named, or they are of another
            model than the packaged one.
    """
    from dreambolt_steps.fast_import import import_datadreamer
    from dreambolt_steps.warehouses.warehouse import open_warehouse

    warehouse = open_warehouse(database)
    described = warehouse.describe_table(table)
    vectors = described.vectors
    if column is None and len(vectors) > 1:
        raise UsageError(f"{table} has several vectors: {', '.join(vectors)}; name one: --column")
    chosen = column or next(iter(vectors), None)
    if chosen is None or chosen not in vectors:
        raise UsageError(f"{table} has no column of vectors{f' {column!r}' if column else ''}")
    dims = vectors[chosen]
    import_datadreamer()
    from dreambolt_steps.embedding.minilm import MiniLMEmbedder

    embedder = MiniLMEmbedder()
    ours = f"{embedder.model_name} ({embedder.dims} dims)"
    text_column = chosen.removesuffix("_embedding")
    recorded = {load.metadata.get(f"embedding.{text_column}", ours) for load in described.loads}
    if embedder.dims != dims:
        recorded.add(f"another model ({dims} dims)")
    for other in sorted(recorded - {ours}):
        raise UsageError(
            f"{chosen} was embedded by {other}, this command has {ours}; "
            "search it from Python with that model"
        )
    vector = next(embedder.encode([text])).tolist()
    found = warehouse.search(table, chosen, vector, k)
    first = ["similarity", text_column]
    names = [name for name in first if name in found.column_names]
    names += [name for name in found.column_names if name not in names and name not in vectors]
    show_rows(found.select(names))
