"""A random sample of a streamed table, of bounded size, drawn on the way past."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from dreambolt_steps.tables.column_types import find_plain_type

SAMPLE_ROWS = 50_000
SAMPLE_BYTES = 64 << 20


class TableSample:
    """Rows of a table, each with the same chance; all of them while they fit.

    The same stream gives the same sample.

    Attributes:
        reader: the whole table, to be read on; the sample grows with it.
    """

    def __init__(
        self,
        reader: pa.RecordBatchReader,
        *,
        max_rows: int = SAMPLE_ROWS,
        max_bytes: int = SAMPLE_BYTES,
    ) -> None:
        """Nothing is read yet. Nested columns and bytes are left out of the sample."""
        names = [
            field.name
            for field in reader.schema
            if not pa.types.is_nested(find_plain_type(field.type))
            and not pa.types.is_binary(find_plain_type(field.type))
        ]
        self._source = reader
        self._schema = pa.schema([reader.schema.field(name) for name in names])
        self._max_rows, self._max_bytes = max_rows, max_bytes
        self._chance = 1.0
        self._random = np.random.default_rng(0)
        self._held: list[pa.RecordBatch] = []
        self.reader = pa.RecordBatchReader.from_batches(reader.schema, self._iterate())

    @property
    def table(self) -> pa.Table:
        """The rows drawn so far."""
        return pa.Table.from_batches(self._held, schema=self._schema)

    def _iterate(self) -> Iterator[pa.RecordBatch]:
        for batch in self._source:
            self._include(batch)
            yield batch

    def _include(self, batch: pa.RecordBatch) -> None:
        drawn = batch.select(self._schema.names)
        # a part of the batch at a time, so that one large batch is no more than it may be
        for start in range(0, drawn.num_rows, self._max_rows):
            self._held.append(self._draw(drawn.slice(start, self._max_rows), self._chance))
            while self._is_full():
                self._chance /= 2
                whole = pa.Table.from_batches(self._held).combine_chunks().to_batches()
                self._held = [self._draw(held, 0.5) for held in whole]

    def _draw(self, batch: pa.RecordBatch, chance: float) -> pa.RecordBatch:
        if chance == 1.0:
            return batch
        return batch.filter(pa.array(self._random.random(batch.num_rows) < chance))

    def _is_full(self) -> bool:
        rows = sum(batch.num_rows for batch in self._held)
        size = sum(batch.nbytes for batch in self._held)
        return rows > self._max_rows or (size > self._max_bytes and rows > 1)
