"""Dates and moments of a Parquet file: how finely its INT96 are read, and which of its columns
hold dates that only text can carry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as kinds

from dreambolt_steps.readers.far_dates import (
    has_far,
    is_far,
    iterate_leaves,
    list_leaves,
    may_be_far,
)

_FINEST = 2**63 // 1000 - 1  # microseconds: where nanoseconds of 64 bits end
_SCANNED_ROWS = 65_536


def open_parquet(path: Path) -> tuple[pq.ParquetFile, str]:
    """Open a file so that its INT96 timestamps stay what they are.

    They are nanoseconds where all of them lie in the years 1677 to 2262; else microseconds, which
    reach farther.

    Returns: the file, and what is lost by that in a plain sentence; "" when nothing is.
    Raises: what `pq.ParquetFile` raises.
    """
    file = pq.ParquetFile(path, pre_buffer=False)
    columns = [
        name
        for name, first, leaves in iterate_columns(file)
        if any(file.schema.column(first + at).physical_type == "INT96" for at in range(leaves))
    ]
    if not columns:
        return file, ""
    coarse = pq.ParquetFile(path, pre_buffer=False, coerce_int96_timestamp_unit="us")
    if not any(_reaches_far(values) for values in _scan(coarse, columns)):
        return file, ""
    pairs = zip(_scan(file, columns), _scan(coarse, columns), strict=True)
    cut = sum(_count_cut(fine, plain) for fine, plain in pairs)
    if not cut:
        return coarse, ""
    return coarse, (
        f"{cut:,} timestamps of {', '.join(map(repr, columns))} have parts of a second finer than "
        "a millionth, which were cut off: others lie beyond the years 1677 to 2262"
    )


def iterate_columns(file: pq.ParquetFile) -> Iterator[tuple[str, int, int]]:
    """Yield the name of each column, its first leaf, and how many leaves it has."""
    first = 0
    for field in file.schema_arrow:
        leaves = len(list_leaves(field.type))
        yield field.name, first, leaves
        first += leaves


def find_far_columns(file: pq.ParquetFile) -> list[int]:
    """The columns, by number, with dates or moments outside the years 1 to 9999. Statistics tell
    most of them; a column without any is read."""
    found = []
    for at, (name, first, _) in enumerate(iterate_columns(file)):
        leaves = list_leaves(file.schema_arrow.field(at).type)
        if any(
            may_be_far(leaf) and _may_reach(file, first + place, leaf)
            for place, leaf in enumerate(leaves)
        ) and any(map(has_far, _scan(file, [name]))):
            found.append(at)
    return found


def _may_reach(file: pq.ParquetFile, leaf: int, kind: pa.DataType) -> bool:
    """Whether statistics leave it possible that a leaf has dates that are too far."""
    if file.schema.column(leaf).physical_type == "INT96":
        return True
    for group in range(file.metadata.num_row_groups):
        about = file.metadata.row_group(group).column(leaf)
        told = about.statistics if about.is_stats_set else None
        if told is not None and told.null_count == about.num_values:
            continue
        if told is None or not told.has_min_max or is_far(kind, told.min_raw, told.max_raw):
            return True
    return False


def _scan(file: pq.ParquetFile, columns: list[str]) -> Iterator[pa.Array]:
    for batch in file.iter_batches(_SCANNED_ROWS, columns=columns):
        yield from batch.columns


def _list_moments(array: pa.Array) -> list[np.ndarray]:
    """The timestamps of an array as whole numbers; NULL is 0."""
    return [
        leaf.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        for leaf in iterate_leaves(array)
        if kinds.is_timestamp(leaf.type)
    ]


def _reaches_far(array: pa.Array) -> bool:
    return any((abs(values) > _FINEST).any() for values in _list_moments(array) if len(values))


def _count_cut(fine: pa.Array, coarse: pa.Array) -> int:
    """Count the timestamps that microseconds do not hold whole: what nanoseconds hold of one that
    is too far has wrapped round, and so does a thousand times its microseconds."""
    pairs = zip(_list_moments(fine), _list_moments(coarse), strict=True)
    return sum(int((nanos != micros * np.int64(1000)).sum()) for nanos, micros in pairs)
