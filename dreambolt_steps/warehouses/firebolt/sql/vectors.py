# ruff: noqa: S608 (names go through quote_identifier, texts through quote_text)
"""SQL for vector indexes of Firebolt, and for searches with and without one."""

from __future__ import annotations

import json
from collections.abc import Sequence

import xxhash

from dreambolt_steps.warehouses.firebolt.sql.names import (
    DEFAULT_SCHEMA,
    quote_table,
    split_name,
)
from dreambolt_steps.warehouses.sql import quote_identifier


def name_vector_index(table: str, column: str) -> str:
    """Name the index of a column of vectors.

    >>> name_vector_index("players", "name_embedding")
    'players_name_embedding_hnsw'
    """
    schema, plain = split_name(table)
    name = f"{plain}_{column}" if schema == DEFAULT_SCHEMA else f"{schema}_{plain}_{column}"
    if len(name) > 200:
        name = f"{name[:200]}_{xxhash.xxh3_64_hexdigest(name.encode())}"
    return f"{name}_hnsw"


def render_vector_index(table: str, column: str, dims: int) -> str:
    """Render the statement that makes an HNSW index for cosine distance.

    >>> print(render_vector_index("t", "v", 3))
    CREATE INDEX "t_v_hnsw" ON "t" USING HNSW ("v" vector_cosine_ops) WITH (dimension = 3)
    """
    return (
        f"CREATE INDEX {quote_identifier(name_vector_index(table, column))} ON {quote_table(table)}"
        f" USING HNSW ({quote_identifier(column)} vector_cosine_ops) WITH (dimension = {int(dims)})"
    )


def render_search(
    table: str,
    shown: Sequence[str],
    column: str,
    vector: Sequence[float],
    k: int,
    *,
    index: str | None = None,
) -> str:
    """Render the search for the `k` rows nearest to a vector: by an index, or over all rows.

    Args:
        table: the table.
        shown: columns that come back; `similarity` (cosine) is added, best first.
        column: the vectors.
        vector: what to look for.
        k: how many rows at most.
        index: the vector index; None compares every row.
    """
    target = json.dumps([float(value) for value in vector])
    similarity = f"VECTOR_COSINE_SIMILARITY({quote_identifier(column)}, {target})"
    told = ", ".join([*(quote_identifier(name) for name in shown), f'{similarity} AS "similarity"'])
    source = (
        f"VECTOR_SEARCH(INDEX {quote_identifier(index)}, target_vector => {target},"
        f" top_k => {int(k)})"
        if index
        else f"{quote_table(table)} WHERE {quote_identifier(column)} IS NOT NULL"
    )
    # NaN, from a vector of zeros, is greater than every number and would come first
    return (
        f'SELECT * FROM (SELECT {told} FROM {source}) AS found WHERE "similarity" <= 2'
        f' ORDER BY "similarity" DESC LIMIT {int(k)}'
    )
