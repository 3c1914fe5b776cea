"""Vectors of distinct texts put back beside every row the texts came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from dreambolt_steps.embedding.store import VectorStore
from dreambolt_steps.embedding.texts import NO_TEXT
from dreambolt_steps.embedding.vector_format import VectorFormat
from dreambolt_steps.errors import SourceError

_OUTPUT_ROWS = 8192


def append_vectors(
    open_reader: Callable[[], pa.RecordBatchReader],
    schema: pa.Schema,
    places: np.ndarray,
    store: VectorStore,
    form: VectorFormat,
) -> Iterator[pa.RecordBatch]:
    """Yield the table's batches, 8,192 rows at most, with one column of vectors per place column.

    Args:
        open_reader: opens the table.
        schema: of the batches to yield: the table's columns, then the vectors'.
        places: int64 of shape (rows, columns): where a cell's vector is, `NO_TEXT` for none.
        store: where the vectors are.
        form: how they are handed on.

    Raises: SourceError when the table has not as many rows as `places`, or the store is cut off.
    """
    row = 0
    with open_reader() as reader:
        for batch in reader:
            for start in range(0, batch.num_rows, _OUTPUT_ROWS):
                part = batch.slice(start, _OUTPUT_ROWS)
                found = places[row : row + part.num_rows]
                row += part.num_rows
                if len(found) < part.num_rows:
                    break
                added = [_take_vectors(store, of_column, form) for of_column in found.T]
                yield pa.RecordBatch.from_arrays([*part.columns, *added], schema=schema)
    if row != len(places):
        raise SourceError(
            f"the table had {len(places):,} rows when its texts were collected and another number "
            "when they were joined with their vectors; run the step again"
        )


def _take_vectors(store: VectorStore, places: np.ndarray, form: VectorFormat) -> pa.Array:
    missing = places == NO_TEXT
    wanted, row_of = np.unique(places[~missing], return_inverse=True)
    vectors = form.convert(store.gather(wanted))
    if not missing.any():
        return form.build_array(vectors[row_of], missing)
    spread = np.zeros((len(places), vectors.shape[1]), vectors.dtype)
    spread[~missing] = vectors[row_of]
    return form.build_array(spread, missing)
