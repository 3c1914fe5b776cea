"""Values that another table does not hold, found by DuckDB, which spills what memory can't hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from dreambolt_steps.tables.column_types import find_plain_type
from dreambolt_steps.tables.rejects.row_numbers import OpenReader
from dreambolt_steps.tables.sql import open_duckdb
from dreambolt_steps.tables.text.blanks import is_text, trim_text
from dreambolt_steps.tables.text.convert import convert_text


def find_orphans(
    open_reader: OpenReader, column: str, reference: pa.RecordBatchReader
) -> np.ndarray:
    """Find the rows whose value another table does not hold; NULL refers to nothing.

    Args:
        open_reader: opens the table; read once.
        column: of the table.
        reference: one column, the values there are: text is trimmed, and converted to the type of
            `column`.

    Returns: 0-based row numbers, int64, ascending.

    >>> table = pa.table({"n": [1, 2, None, 3]})
    >>> there = pa.table({"id": ["1", " 3 "]})
    >>> find_orphans(lambda: table.to_reader(), "n", there.to_reader())
    array([1])
    """
    with open_reader() as reader:
        kind = find_plain_type(reader.schema.field(column).type)
        with open_duckdb() as connection:
            connection.register("there", _convert(reference, kind))
            connection.execute("CREATE TABLE known AS SELECT DISTINCT value FROM there")
            connection.register("stream", _number(reader, column, kind))
            found = connection.execute(
                "SELECT row FROM stream ANTI JOIN known USING (value) "
                "WHERE value IS NOT NULL ORDER BY row"
            ).fetchnumpy()
    return found["row"].astype(np.int64)


def _convert(reference: pa.RecordBatchReader, kind: pa.DataType) -> pa.RecordBatchReader:
    """The values there are, in the type of those that refer to them as far as they can be."""
    source = find_plain_type(reference.schema.field(0).type)
    from_text = is_text(source) and not is_text(kind)
    wanted = kind if from_text or is_text(kind) else source
    schema = pa.schema([("value", wanted)])

    def iterate() -> Iterator[pa.RecordBatch]:
        for batch in reference:
            values = batch.column(0).cast(source)
            if is_text(source):
                values = trim_text(values)
            values = convert_text(values, kind)[0] if from_text else values.cast(wanted)
            yield pa.RecordBatch.from_arrays([values], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, iterate())


def _number(reader: pa.RecordBatchReader, column: str, kind: pa.DataType) -> pa.RecordBatchReader:
    schema = pa.schema([("value", kind), ("row", pa.int64())])
    at = reader.schema.get_field_index(column)

    def iterate() -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in reader:
            end = start + batch.num_rows
            yield pa.RecordBatch.from_arrays(
                [batch.column(at).cast(kind), np.arange(start, end)], schema=schema
            )
            start = end

    return pa.RecordBatchReader.from_batches(schema, iterate())
