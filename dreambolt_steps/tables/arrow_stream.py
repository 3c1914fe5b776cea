"""Tables in Arrow stream files, written and read batch by batch."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from dreambolt_steps.tables.batch_queue import read_ahead


def write_stream(
    reader: pa.RecordBatchReader,
    path: Path,
    advance: Callable[[int], None] | None = None,
) -> int:
    """Write all batches to an Arrow stream file, while the next ones are made.

    Args:
        reader: the table.
        path: of the new file.
        advance: called with the rows written so far, at most five times a second.

    Returns: rows written. A file that could not be finished is removed.
    """
    rows, told = 0, time.monotonic()
    try:
        with (
            read_ahead(reader) as batches,
            pa.OSFile(str(path), "wb") as file,
            pa.ipc.new_stream(file, reader.schema) as writer,
        ):
            for batch in batches:
                writer.write_batch(batch)
                rows += batch.num_rows
                if advance is not None and time.monotonic() - told > 0.2:
                    advance(rows)
                    told = time.monotonic()
    except BaseException:
        path.unlink(missing_ok=True)  # a full disk gets its room back
        raise
    return rows


def open_stream(path: Path) -> pa.RecordBatchReader:
    """Read an Arrow stream file batch by batch.

    Plain reads, not a memory map: pages of a map count as memory of the process for as long as
    they are mapped.
    """
    return pa.ipc.open_stream(pa.OSFile(str(path)))
