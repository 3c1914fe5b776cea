"""Where a synthetic row is from: columns that every row of the table gets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pyarrow as pa

FLAG = "_synthetic"
PROVENANCE = (
    pa.field(FLAG, pa.bool_()),
    pa.field("_synthetic_model", pa.string()),
    pa.field("_synthetic_prompt", pa.string()),
    pa.field("_synthetic_call", pa.string()),
)
"""Whether a row (or a part of it) was made; by which model or method, with which prompt and its
version, and the key of the call in the session's `.cache/calls.sqlite`."""

PROVENANCE_NAMES = tuple(field.name for field in PROVENANCE)


def describe_origin(model: str, prompt: str | None, call: str | None) -> dict[str, Any]:
    """The provenance columns of a row that was made."""
    return dict(zip(PROVENANCE_NAMES, (True, model, prompt, call), strict=True))


def leave_columns(reader: pa.RecordBatchReader, names: Collection[str]) -> pa.RecordBatchReader:
    """The table without some columns; names that it does not have are passed over."""
    kept = [field for field in reader.schema if field.name not in names]
    if len(kept) == len(reader.schema):
        return reader
    schema = pa.schema(kept)
    batches = (batch.select(schema.names) for batch in reader)
    return pa.RecordBatchReader.from_batches(schema, batches)


def append_rows(
    reader: pa.RecordBatchReader, rows: Sequence[dict[str, Any]]
) -> pa.RecordBatchReader:
    """The table's rows, then new ones, with the provenance columns.

    Args:
        reader: the table.
        rows: new ones, with what `describe_origin` gives; a missing column is NULL.
    """
    schema = pa.schema([*reader.schema, *PROVENANCE])
    taken = [name for name in PROVENANCE_NAMES if name in reader.schema.names]
    source = [name for name in reader.schema.names if name not in taken]
    schema = pa.schema([*(reader.schema.field(name) for name in source), *PROVENANCE])

    def iterate() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            if taken:  # a table that was added to before keeps what it says
                columns = [_take(batch, field) for field in schema]
            else:
                flags = pa.repeat(pa.scalar(False), batch.num_rows)
                nulls = [pa.nulls(batch.num_rows, field.type) for field in PROVENANCE[1:]]
                columns = [*batch.columns, flags, *nulls]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)
        if rows:
            yield pa.RecordBatch.from_pylist(list(rows), schema=schema)

    return pa.RecordBatchReader.from_batches(schema, iterate())


def _take(batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    if field.name in batch.schema.names:
        return batch.column(field.name)
    if field.name == FLAG:
        return pa.repeat(pa.scalar(False), batch.num_rows)
    return pa.nulls(batch.num_rows, field.type)
