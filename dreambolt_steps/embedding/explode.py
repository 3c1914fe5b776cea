"""A row for each chunk of a long text."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from dreambolt_steps.embedding.chunks import Chunks
from dreambolt_steps.embedding.text_source import TextSource
from dreambolt_steps.errors import SchemaError

CHUNK, NUMBER = "chunk", "chunk_number"
_OUTPUT_ROWS = 4096
_ROWS = 512  # of the source at a time: each may become thousands


def explode_rows(
    reader: pa.RecordBatchReader, source: TextSource, chunks: Chunks
) -> pa.RecordBatchReader:
    """Put the chunks of each row's text below each other.

    Args:
        reader: the table.
        source: what text of a row is cut.
        chunks: how.

    Returns: each row as often as its text has chunks (once without any), with two columns more:
    `chunk`, and `chunk_number` from 1; both NULL where there is no text. A text column that stands
    alone is left out: its chunks hold it, and a long text repeated beside each would fill the disk.

    Raises: SchemaError when a column is missing or its name is taken.
    """
    source.check(reader.schema)
    schema = reader.schema
    if source.template is None:
        schema = schema.remove(schema.get_field_index(source.columns[0]))
    kept = list(schema.names)
    for name, kind in ((CHUNK, pa.string()), (NUMBER, pa.int32())):
        if name in schema.names:
            raise SchemaError(f"column {name!r} exists already; name it otherwise to explode texts")
        schema = schema.append(pa.field(name, kind))
    return pa.RecordBatchReader.from_batches(schema, _explode(reader, source, chunks, schema, kept))


def _explode(
    reader: pa.RecordBatchReader,
    source: TextSource,
    chunks: Chunks,
    schema: pa.Schema,
    kept: list[str],
) -> Iterator[pa.RecordBatch]:
    for whole in reader:
        for start in range(0, whole.num_rows, _ROWS):
            batch = whole.slice(start, _ROWS)
            rows: list[int] = []
            texts: list[str | None] = []
            numbers: list[int | None] = []
            for row, text in enumerate(source.read(batch).to_pylist()):
                cut: list[str | None] = [None] if text is None else [*chunks.cut(text)]
                rows += [row] * len(cut)
                texts += cut
                numbers += [None] if text is None else list(range(1, len(cut) + 1))
            left = batch.select(kept)
            for at in range(0, len(rows), _OUTPUT_ROWS):
                part = slice(at, at + _OUTPUT_ROWS)
                again = left.take(pa.array(rows[part], pa.int32()))
                added = [pa.array(texts[part], pa.string()), pa.array(numbers[part], pa.int32())]
                yield pa.RecordBatch.from_arrays([*again.columns, *added], schema=schema)
