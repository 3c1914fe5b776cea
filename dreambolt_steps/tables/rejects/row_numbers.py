"""Rows of a streamed table by their numbers: taken out, left out, counted back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

OpenReader = Callable[[], pa.RecordBatchReader]


def iterate_rows(
    open_reader: OpenReader, rows: np.ndarray, columns: Sequence[str]
) -> Iterator[tuple[np.ndarray, pa.RecordBatch]]:
    """Yield rows of a table, with their numbers; memory holds one batch.

    Args:
        open_reader: opens the table; read up to the last of the rows.
        rows: 0-based numbers, ascending, int64.
        columns: wanted.

    >>> table = pa.table({"a": [1, 2, 3, 4]})
    >>> [(found, batch.to_pydict()) for found, batch in
    ...  iterate_rows(lambda: table.to_reader(), np.array([1, 3]), ["a"])]
    [(array([1, 3]), {'a': [2, 4]})]
    """
    if not len(rows):
        return
    with open_reader() as reader:
        start = done = 0
        for batch in reader:
            end = int(np.searchsorted(rows, start + batch.num_rows))
            if end > done:
                wanted = rows[done:end]
                yield wanted, batch.select(list(columns)).take(pa.array(wanted - start))
            start, done = start + batch.num_rows, end
            if done == len(rows):
                return


class RowTaker:
    """Takes rows of a table, some after the others; memory holds them and one batch.

    >>> taker = RowTaker(lambda: pa.table({"a": [1, 2, 3, 4]}).to_reader(max_chunksize=3))
    >>> taker.take(np.array([1])).to_pydict(), taker.take(np.array([1, 3])).to_pydict()
    ({'a': [2]}, {'a': [2, 4]})
    """

    def __init__(self, open_reader: OpenReader) -> None:
        """Open the table."""
        self._reader = open_reader()
        self._batch = pa.RecordBatch.from_pylist([], schema=self._reader.schema)
        self._start = 0

    def take(self, rows: np.ndarray) -> pa.Table:
        """Take the rows of these numbers: 0-based, ascending, none below the last one taken
        before.

        Raises: StopIteration for a number beyond the table.
        """
        taken: list[pa.RecordBatch] = []
        done = 0
        while done < len(rows):
            end = int(np.searchsorted(rows, self._start + self._batch.num_rows))
            if end > done:
                taken.append(self._batch.take(pa.array(rows[done:end] - self._start)))
                done = end
            else:
                self._start += self._batch.num_rows
                self._batch = self._reader.read_next_batch()
        return pa.Table.from_batches(taken, schema=self._reader.schema)

    def close(self) -> None:
        """Give the table up."""
        self._reader.close()


def leave_out(
    reader: pa.RecordBatchReader, rows: np.ndarray, nulls: Mapping[str, np.ndarray] | None = None
) -> pa.RecordBatchReader:
    """Stream a table without some rows, and with NULL for some values.

    Args:
        reader: the table.
        rows: 0-based numbers of the rows to leave out, ascending.
        nulls: column -> 0-based numbers of the rows whose value becomes NULL, ascending.

    >>> reader = pa.table({"a": [1, 2, 3]}).to_reader()
    >>> leave_out(reader, np.array([0]), {"a": np.array([2])}).read_all().to_pydict()
    {'a': [2, None]}
    """
    schema = reader.schema

    def iterate() -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in reader:
            end = start + batch.num_rows
            for name, numbers in (nulls or {}).items():
                found = _mark(numbers, start, end)
                if found is not None:
                    at = schema.get_field_index(name)
                    values = pc.if_else(pa.array(found), None, batch.column(at))
                    batch = batch.set_column(at, schema.field(at), values)
            found = _mark(rows, start, end)
            start = end
            yield batch if found is None else batch.filter(pa.array(~found))

    return pa.RecordBatchReader.from_batches(schema, iterate())


def restore_numbers(rows: np.ndarray, left_out: np.ndarray) -> np.ndarray:
    """Turn numbers of rows that are left into numbers of the table before some were left out.

    Args:
        rows: 0-based numbers in what is left.
        left_out: 0-based numbers of the rows left out, ascending.

    >>> restore_numbers(np.array([0, 1, 2]), np.array([0, 2]))
    array([1, 3, 4])
    """
    # How many rows are left before each one that is left out: ascending, as left_out is.
    before = left_out - np.arange(len(left_out))
    return rows + np.searchsorted(before, rows, side="right")


def _mark(rows: np.ndarray, start: int, end: int) -> np.ndarray | None:
    """Which rows from `start` to `end` are among `rows`; None for none."""
    first, last = np.searchsorted(rows, (start, end))
    if first == last:
        return None
    marked = np.zeros(end - start, bool)
    marked[rows[first:last] - start] = True
    return marked
