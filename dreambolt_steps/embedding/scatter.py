"""Vectors of distinct texts put back beside every row the texts came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path

import numpy as np
import pyarrow as pa

from dreambolt_steps.embedding.texts import NO_TEXT
from dreambolt_steps.errors import SourceError

_OUTPUT_ROWS = 8192


def append_vectors(
    open_reader: Callable[[], pa.RecordBatchReader],
    schema: pa.Schema,
    codes: np.ndarray,
    vectors_path: Path,
    dims: int,
) -> Iterator[pa.RecordBatch]:
    """Yield the table's batches, 8,192 rows at most, with one column of vectors per code column.

    Args:
        open_reader: opens the table.
        schema: of the batches to yield: the table's columns, then the vectors'.
        codes: int32 of shape (rows, columns): which vector belongs to a cell, `NO_TEXT` for none.
        vectors_path: a file of float32 vectors, one after the other.
        dims: floats of one vector.

    Raises: SourceError when the table has not as many rows as `codes`, or the file is cut off.
    """
    row = 0
    with open_reader() as reader, vectors_path.open("rb", buffering=0) as vectors:
        for batch in reader:
            for start in range(0, batch.num_rows, _OUTPUT_ROWS):
                part = batch.slice(start, _OUTPUT_ROWS)
                found = codes[row : row + part.num_rows]
                row += part.num_rows
                if len(found) < part.num_rows:
                    break
                added = [_take_vectors(vectors, of_column, dims) for of_column in found.T]
                yield pa.RecordBatch.from_arrays([*part.columns, *added], schema=schema)
    if row != len(codes):
        raise SourceError(
            f"the table had {len(codes):,} rows when its texts were collected and another number "
            "when they were joined with their vectors; run the step again"
        )


def _take_vectors(vectors: FileIO, codes: np.ndarray, dims: int) -> pa.Array:
    taken = np.zeros((len(codes), dims), np.float32)
    content = taken.reshape(-1).view(np.uint8).data
    size = dims * taken.itemsize
    # Read, not mapped: Linux maps 64 KB around each vector touched, half a gigabyte for one batch.
    for row, code in enumerate(codes.tolist()):
        if code == NO_TEXT:
            continue
        vectors.seek(code * size)
        if vectors.readinto(content[row * size : (row + 1) * size]) != size:
            raise SourceError(
                f"{vectors.name} ends before vector {code}: something else changed it; run the "
                "step again"
            )
    mask = pa.array(codes == NO_TEXT)
    return pa.FixedSizeListArray.from_arrays(pa.array(taken.reshape(-1)), dims, mask=mask)
