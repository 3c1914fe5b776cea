"""Where rejected rows of a table stand in the files that it was read from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pyarrow as pa

from dreambolt_steps.errors import DreamboltError
from dreambolt_steps.tables.rejects.schema import PLACED_SCHEMA
from dreambolt_steps.tables.table_spool import TableSpool


def place_rejects(step: Any, rejects: TableSpool, *, is_masked: bool) -> TableSpool:
    """Look up file, line, byte offset and raw text of rejected rows, where the step right above
    read them from lines of text.

    Args:
        step: that rejects them; a note in its receipt tells when they can't be looked up.
        rejects: by row (REJECT_SCHEMA).
        is_masked: whether the raw row must not be shown as it is in the file.

    Returns: PLACED_SCHEMA, or the rejects as they are where nothing is known.
    """
    above = {id(column.step): column.step for column in step.inputs.values()}
    source = next(iter(above.values()))
    if not rejects.num_rows or len(above) > 1 or not hasattr(source, "locate_rows"):
        return rejects
    placed = TableSpool(PLACED_SCHEMA)
    places = _give_up_on_errors(step, source.locate_rows(_iterate_rows(rejects)))
    last, place = -1, None
    for batch in rejects.iterate_batches():
        columns = {name: batch.column(name).to_pylist() for name in batch.schema.names}
        rows: list[int | None] = list(columns["line"])
        for at, row in enumerate(columns["line"]):
            if row != last:
                last, place = row, next(places, None)
            if place is None:
                rows[at] = None
                continue
            columns["file"][at], found = place
            columns["line"][at], columns["byte_offset"][at] = found.line, found.byte_offset
            if not is_masked:
                columns["raw"][at] = found.raw
        placed.add(pa.table({**columns, "row": rows}, schema=PLACED_SCHEMA))
    return placed


def _iterate_rows(rejects: TableSpool) -> Iterator[int]:
    """Each row once, 0-based."""
    lines = (line for batch in rejects.iterate_batches() for line in batch["line"].to_pylist())
    for line, _ in groupby(lines):
        yield line - 1


def _give_up_on_errors(step: Any, places: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from places
    except (DreamboltError, OSError) as error:
        step.receipt.notes.append(f"lines of rejected rows are not known: {error}")
