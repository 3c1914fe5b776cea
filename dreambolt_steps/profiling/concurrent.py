"""The facts of a table, gathered while it is on its way to somewhere else."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import pyarrow as pa

from dreambolt_steps.profiling.history_facts import TableFacts, gather_facts
from dreambolt_steps.tables.batch_queue import BatchQueue


class FactsBeside:
    """Gathers facts in a thread of its own from the batches that another one takes.

    >>> table = pa.table({"n": [1, 2, None]})
    >>> with FactsBeside() as beside:
    ...     copied = beside.watch(table.to_reader()).read_all()
    >>> beside.facts.rows, beside.facts.columns[0].nulls
    (3, 1)
    """

    def __init__(self) -> None:
        """Nothing is watched yet."""
        self._queue = BatchQueue()
        self._pool = ThreadPoolExecutor(1)
        self._found: Future[TableFacts] | None = None

    def __enter__(self) -> Self:
        """Nothing is begun."""
        return self

    def __exit__(self, *error: object) -> None:
        """End the thread, also when the table did not come to its end."""
        if error[0] is not None:
            self._queue.close()
        self._pool.shutdown()

    @property
    def facts(self) -> TableFacts | None:
        """What `gather_facts` finds; None if nothing was watched."""
        return None if self._found is None else self._found.result()

    def watch(self, reader: pa.RecordBatchReader, rows: int | None = None) -> pa.RecordBatchReader:
        """Pass a table on, to be read once, to its end; once for each object.

        Args:
            reader: the table.
            rows: how many rows it has at most, if that is known.
        """
        self._found = self._pool.submit(self._gather, reader.schema, rows)
        return pa.RecordBatchReader.from_batches(reader.schema, self._pass_on(reader))

    def _pass_on(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        for batch in reader:
            self._queue.put(batch)
            yield batch
        self._queue.put(None)

    def _gather(self, schema: pa.Schema, rows: int | None) -> TableFacts:
        try:
            return gather_facts(pa.RecordBatchReader.from_batches(schema, self._queue), rows)
        finally:
            self._queue.close()
