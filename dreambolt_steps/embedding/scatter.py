"""Vectors of distinct texts put back beside every row the texts came from."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from dreambolt_steps.embedding.texts import NO_TEXT
from dreambolt_steps.errors import SourceError

_OUTPUT_ROWS = 8192


def append_vectors(
    open_reader: Callable[[], pa.RecordBatchReader],
    schema: pa.Schema,
    codes: np.ndarray,
    vectors: np.ndarray,
) -> Iterator[pa.RecordBatch]:
    """Yield the table's batches, 8,192 rows at most, with one column of vectors per code column.

    Args:
        open_reader: opens the table.
        schema: of the batches to yield: the table's columns, then the vectors'.
        codes: int32 of shape (rows, columns): which vector belongs to a cell, `NO_TEXT` for none.
        vectors: float32 of shape (n, dims).

    Raises: SourceError when the table has not as many rows as `codes`.
    """
    row = 0
    with open_reader() as reader:
        for batch in reader:
            for start in range(0, batch.num_rows, _OUTPUT_ROWS):
                part = batch.slice(start, _OUTPUT_ROWS)
                found = codes[row : row + part.num_rows]
                row += part.num_rows
                if len(found) < part.num_rows:
                    break
                added = [_take_vectors(vectors, of_column) for of_column in found.T]
                yield pa.RecordBatch.from_arrays([*part.columns, *added], schema=schema)
                _release_pages(vectors)
    if row != len(codes):
        raise SourceError(
            f"the table had {len(codes):,} rows when its texts were collected and another number "
            "when they were joined with their vectors; run the step again"
        )


def _take_vectors(vectors: np.ndarray, codes: np.ndarray) -> pa.Array:
    missing = codes == NO_TEXT
    taken = np.zeros((len(codes), vectors.shape[1]), np.float32)
    taken[~missing] = vectors[codes[~missing]]
    values = pa.array(taken.reshape(-1))
    mask = pa.array(missing) if missing.any() else None
    return pa.FixedSizeListArray.from_arrays(values, vectors.shape[1], mask=mask)


def _release_pages(vectors: np.ndarray) -> None:
    """Unload a memory-mapped file from this process's memory; the system keeps it cached."""
    mapped = getattr(vectors, "_mmap", None)
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
