"""A table that is gathered piece by piece: in memory while it is small, then on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from weakref import finalize

import numpy as np
import pyarrow as pa

from dreambolt_steps.tables.sql import open_duckdb, quote_literal

_SORT_BYTES = "256MB"
_BATCH_ROWS = 16_384


class TableSpool:
    """Pieces of one schema, in the order they came in.

    Beyond `most_bytes` (32 MiB) they are moved to a temporary file, which goes with this object;
    memory then holds that much, however many rows there are.

    Attributes:
        schema: of every piece.
        num_rows: of all pieces.

    >>> spool = TableSpool(pa.schema([("n", pa.int64())]))
    >>> spool.add(pa.table({"n": [2, 1]}))
    >>> spool.read_all().to_pydict(), [batch.to_pydict() for batch in spool.sort_batches("n")]
    ({'n': [2, 1]}, [{'n': [1, 2]}])
    """

    most_bytes = 32 << 20

    def __init__(self, schema: pa.Schema) -> None:
        """Nothing is gathered yet, and no file is made."""
        self.schema, self.num_rows = schema, 0
        self._held: list[pa.RecordBatch] = []
        self._held_bytes = 0
        self._path: Path | None = None
        self._writer: pa.ipc.RecordBatchStreamWriter | None = None

    def add(self, piece: pa.Table | pa.RecordBatch) -> None:
        """Add a piece.

        Raises: pa.ArrowInvalid for another schema; OSError when the disk is full.
        """
        for batch in piece.to_batches() if isinstance(piece, pa.Table) else [piece]:
            if batch.num_rows:
                self._held.append(batch)
                self._held_bytes += batch.get_total_buffer_size()
                self.num_rows += batch.num_rows
        if self._held_bytes > self.most_bytes:
            self._spill()

    def iterate_batches(self) -> Iterator[pa.RecordBatch]:
        """Yield all rows, in batches of at most 16,384; as often as wanted."""
        if self._path is not None:
            with pa.OSFile(str(self._path)) as file, pa.ipc.open_stream(file) as stream:
                yield from stream
        for batch in self._held:
            for start in range(0, batch.num_rows, _BATCH_ROWS):
                yield batch.slice(start, _BATCH_ROWS)

    def group_rows(self, rows: int = 122_880) -> Iterator[pa.Table]:
        """Yield all rows in tables of at most so many, or of little more than 32 MiB."""
        held: list[pa.RecordBatch] = []
        for batch in self.iterate_batches():
            held.append(batch)
            size = sum(one.get_total_buffer_size() for one in held)
            if size > self.most_bytes or sum(one.num_rows for one in held) + _BATCH_ROWS > rows:
                yield pa.Table.from_batches(held)
                held = []
        if held:
            yield pa.Table.from_batches(held)

    def read_all(self) -> pa.Table:
        """All rows at once, in memory."""
        return pa.Table.from_batches(self.iterate_batches(), schema=self.schema)

    def take_first(self, rows: int) -> pa.Table:
        """The first rows; no more is read."""
        taken: list[pa.RecordBatch] = []
        for batch in self.iterate_batches():
            taken.append(batch.slice(0, rows - sum(one.num_rows for one in taken)))
            if sum(one.num_rows for one in taken) == rows:
                break
        return pa.Table.from_batches(taken, schema=self.schema)

    def sort_batches(self, column: str) -> Iterator[pa.RecordBatch]:
        """Yield all rows by the values of one column; equal ones as they came in.

        What is on disk is sorted there, by DuckDB.
        """
        if self._path is None:
            table = self.read_all().sort_by(column).combine_chunks()
            yield from table.to_batches(max_chunksize=_BATCH_ROWS)
            return
        numbered = self.schema.append(pa.field("__number", pa.int64()))
        engine = open_duckdb()
        try:
            engine.execute(f"SET memory_limit = {quote_literal(_SORT_BYTES)}")
            engine.execute("SET threads = 1")
            engine.register(
                "spooled", pa.RecordBatchReader.from_batches(numbered, self._number_batches())
            )
            names = ", ".join(f'"{name}"' for name in self.schema.names)
            found = engine.sql(f'SELECT {names} FROM spooled ORDER BY "{column}", "__number"')  # noqa: S608 (names of schemas of this package)
            for batch in found.to_arrow_reader(_BATCH_ROWS):
                yield pa.RecordBatch.from_arrays(batch.columns, schema=self.schema)
        finally:
            engine.close()

    def _number_batches(self) -> Iterator[pa.RecordBatch]:
        done = 0
        for batch in self.iterate_batches():
            numbers = pa.array(np.arange(done, done + batch.num_rows))
            yield batch.append_column("__number", numbers)
            done += batch.num_rows

    def _spill(self) -> None:
        if self._path is None:
            handle = tempfile.NamedTemporaryFile(  # noqa: SIM115 (lives as long as the spool)
                prefix="dreambolt-", suffix=".arrow", delete=False
            )
            self._path = Path(handle.name)
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            writer = pa.ipc.new_stream(handle, self.schema, options=options)
            self._writer, self._handle = writer, handle
            finalize(self, _give_up, self._path, writer, handle)
        table = pa.Table.from_batches(self._held, schema=self.schema).combine_chunks()
        assert self._writer is not None
        self._writer.write_table(table, max_chunksize=_BATCH_ROWS)
        self._handle.flush()
        self._held, self._held_bytes = [], 0


def _give_up(path: Path, writer: pa.ipc.RecordBatchStreamWriter, handle: object) -> None:
    writer.close()
    handle.close()  # type: ignore[attr-defined]
    path.unlink(missing_ok=True)
