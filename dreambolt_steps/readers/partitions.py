"""Columns that stand in the folders above a file (`year=2024/`), typed over all files."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import pyarrow as pa

from dreambolt_steps.sources.source_file import Partitions

_INTEGER = re.compile(r"0|-?[1-9]\d{0,17}")


def type_partitions(partitions: Sequence[Partitions]) -> dict[str, pa.DataType]:
    """Find a type for every partition column: int64 or date32 where all values allow it and none
    changes ("01" stays text), text otherwise.

    Args:
        partitions: of each file.

    >>> type_partitions([(("year", "2024"), ("code", "007")), (("year", None), ("code", "1"))])
    {'year': DataType(int64), 'code': DataType(string)}
    """
    values: dict[str, set[str | None]] = {}
    for found in partitions:
        for name, value in found:
            values.setdefault(name, set()).add(value)
    return {name: _find_type(found - {None}) for name, found in values.items()}


def append_partitions(
    batch: pa.RecordBatch, partitions: Partitions, types: dict[str, pa.DataType]
) -> pa.RecordBatch:
    """Append a file's partition columns to one of its batches; a column that the file has itself
    stays as it is."""
    for name, value in partitions:
        if name not in batch.schema.names:
            scalar = pa.scalar(value).cast(types[name]) if value is not None else None
            column = pa.repeat(pa.scalar(scalar, types[name]), batch.num_rows)
            batch = batch.append_column(pa.field(name, types[name]), column)
    return batch


def _find_type(values: set[str | None]) -> pa.DataType:
    texts = [value for value in values if value is not None]
    if not texts:
        return pa.null()  # so that another file's type can be taken
    if all(_INTEGER.fullmatch(text) for text in texts):
        return pa.int64()
    return pa.date32() if all(map(_is_date, texts)) else pa.string()


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(dt.date.fromisoformat(text))
    except ValueError:
        return False
