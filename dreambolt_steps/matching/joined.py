"""A table with its matches beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dreambolt_steps.errors import SchemaError

FACTS = {
    "rank": pa.int32(),
    "score": pa.float32(),
    "similarity": pa.float32(),
    "lexical": pa.float32(),
    "margin": pa.float32(),
}


@dataclass(frozen=True)
class Matches:
    """Pairs of rows, by the rows of the table.

    Attributes:
        rows, references: of each pair, 0-based; `rows` ascending.
        facts: a value of each pair under the names of `FACTS`; NaN becomes NULL.
    """

    rows: np.ndarray
    references: np.ndarray
    facts: dict[str, np.ndarray]


def join_matches(
    reader: pa.RecordBatchReader,
    reference: pa.Table,
    matches: Matches,
    *,
    keep_unmatched: bool = True,
    prefix: str = "match_",
) -> pa.RecordBatchReader:
    """Put the matched rows of a reference beside those of a table.

    Args:
        reader: the table.
        reference: what its rows were matched with.
        matches: the pairs.
        keep_unmatched: whether a row without a match stays, with NULLs.
        prefix: of the new columns.

    Returns: the rows of the table, each as often as it has matches, with `match_rank`,
    `match_score`, `match_similarity`, `match_lexical`, `match_margin`, and the reference's columns.

    Raises: SchemaError when a name is taken.
    """
    schema = reader.schema
    facts = [pa.field(f"{prefix}{name}", kind) for name, kind in FACTS.items()]
    theirs = [field.with_name(f"{prefix}{field.name}") for field in reference.schema]
    for field in [*facts, *theirs]:
        if field.name in schema.names:
            raise SchemaError(
                f"column {field.name!r} is there twice; rename it in the table or in the reference"
            )
        schema = schema.append(field.with_nullable(True))
    batches = _join(reader, reference, matches, keep_unmatched, schema)
    return pa.RecordBatchReader.from_batches(schema, batches)


def _join(
    reader: pa.RecordBatchReader,
    reference: pa.Table,
    matches: Matches,
    keep_unmatched: bool,
    schema: pa.Schema,
) -> Iterator[pa.RecordBatch]:
    start = 0
    for batch in reader:
        low, high = np.searchsorted(matches.rows, [start, start + batch.num_rows])
        rows, pairs = matches.rows[low:high] - start, np.arange(low, high)
        start += batch.num_rows
        if keep_unmatched:
            alone = np.setdiff1d(np.arange(batch.num_rows), rows)
            rows = np.concatenate([rows, alone])
            order = np.argsort(rows, kind="stable")
            pairs = np.concatenate([pairs, np.full(len(alone), -1)])[order]
            rows = rows[order]
        void = pairs < 0
        taken = batch.take(pa.array(rows))
        added = []
        for name, kind in FACTS.items():
            values = matches.facts[name][pairs] if len(matches.rows) else np.zeros(len(pairs))
            added.append(pa.array(values, mask=void | np.isnan(values.astype(float))).cast(kind))
        at = matches.references[pairs] if len(matches.rows) else np.zeros(len(pairs), np.int64)
        beside = reference.take(pa.array(at, pa.int64(), mask=void))
        columns = [_flatten(column) for column in beside.columns]
        yield pa.RecordBatch.from_arrays([*taken.columns, *added, *columns], schema=schema)


def _flatten(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
