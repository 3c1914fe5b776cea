"""Batches of a stream handed from one thread to another, so that both have something to do."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Empty, Full, Queue
from threading import Event

import pyarrow as pa

_WAITING = 2
_PATIENCE = 0.05


class BatchQueue:
    """A few batches that wait for the thread that takes them.

    One thread puts and closes, another one iterates and closes; whichever closes first, the other
    one is not left waiting.
    """

    def __init__(self) -> None:
        """Nothing waits."""
        self._batches: Queue[pa.RecordBatch | None] = Queue(_WAITING)
        self._closed = Event()

    def put(self, batch: pa.RecordBatch | None) -> bool:
        """Hand over a batch, once there is room; None for the end. Returns: whether there was
        somebody to take it."""
        while not self._closed.is_set():
            try:
                self._batches.put(batch, timeout=_PATIENCE)
            except Full:
                continue
            return True
        return False

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Take batches until the end."""
        while True:
            try:
                batch = self._batches.get(timeout=_PATIENCE)
            except Empty:
                if self._closed.is_set():
                    return
                continue
            if batch is None:
                return
            yield batch

    def close(self) -> None:
        """Neither put nor take any more."""
        self._closed.set()


@contextmanager
def read_ahead(reader: pa.RecordBatchReader) -> Iterator[Iterator[pa.RecordBatch]]:
    """Make the batches of a stream in a thread of their own, a few ahead of the one that uses them.

    Args:
        reader: the stream; what it raises is raised to the one that uses its batches.

    >>> with read_ahead(pa.table({"n": [1, 2]}).to_reader()) as batches:
    ...     [batch.num_rows for batch in batches]
    [2]
    """
    queue = BatchQueue()

    def produce() -> None:
        try:
            for batch in reader:
                if not queue.put(batch):
                    return
        finally:
            queue.put(None)

    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(produce)

        def consume() -> Iterator[pa.RecordBatch]:
            yield from queue
            made.result()

        try:
            yield consume()
        finally:
            queue.close()
