"""Broken promises as rejects: with the row of the source, as it was read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.contracts.breaks import BREAK_SCHEMA
from dreambolt_steps.tables.rejects.raw_rows import HIDDEN, write_raw_table
from dreambolt_steps.tables.rejects.row_numbers import OpenReader, RowTaker
from dreambolt_steps.tables.rejects.schema import KEPT_REASON, REJECT_SCHEMA
from dreambolt_steps.tables.table_spool import TableSpool

LOST_SCHEMA = BREAK_SCHEMA.append(pa.field("kept", pa.bool_()))
"""Rows and values (`kept`) that were discarded."""


def iterate_break_rejects(
    breaks: TableSpool,
    open_source: OpenReader,
    *,
    sources: Mapping[str, str],
    hidden: Collection[str] = (),
) -> Iterator[pa.Table]:
    """Build rejects from broken promises, some thousands at a time.

    Args:
        breaks: LOST_SCHEMA, with 0-based rows of the source.
        open_source: opens the table that was cleaned; read once if there is anything to tell.
        sources: clean name -> name in the source.
        hidden: clean names of columns whose values must not be shown.

    Yields: REJECT_SCHEMA, by row.
    """
    if not breaks.num_rows:
        return
    hidden_sources = {sources.get(name, name) for name in hidden}
    taker = RowTaker(open_source)
    try:
        for batch in breaks.sort_batches("row"):
            rows, back = np.unique(batch.column("row").to_numpy(), return_inverse=True)
            raw = write_raw_table(taker.take(rows), hidden_sources).take(pa.array(back))
            yield _complete(batch, raw, sources, hidden)
    finally:
        taker.close()


def _complete(
    breaks: pa.RecordBatch, raw: pa.Array, sources: Mapping[str, str], hidden: Collection[str]
) -> pa.Table:
    names, values = breaks.column("column"), breaks.column("value")
    told = pa.array([_name_source(name, sources) for name in names.to_pylist()], pa.string())
    secret = [name for name in set(names.to_pylist()) if name and _is_hidden(name, hidden)]
    if secret:
        masked = pc.and_(pc.is_in(names, pa.array(secret)), pc.is_valid(values))
        values = pc.if_else(masked, HIDDEN, values)
    reasons, kept = breaks.column("reason"), breaks.column("kept")
    longer = pc.binary_join_element_wise(reasons, KEPT_REASON, "")
    count = breaks.num_rows
    columns = {
        "file": pa.repeat(pa.scalar(""), count),
        "line": pc.add(breaks.column("row"), 1),
        "byte_offset": pa.nulls(count, pa.int64()),
        "column": told,
        "value": values,
        "reason": pc.if_else(kept, longer, reasons),
        "raw": raw,
        "kept": kept,
    }
    return pa.table([columns[name] for name in REJECT_SCHEMA.names], schema=REJECT_SCHEMA)


def _is_hidden(name: str, hidden: Collection[str]) -> bool:
    """Whether a column, or one of several joined by ", ", must not be shown."""
    return name in hidden or any(part in hidden for part in name.split(", "))


def _name_source(name: str | None, sources: Mapping[str, str]) -> str | None:
    """Names of the source for clean ones, also of several columns."""
    if name is None or name in sources:
        return sources.get(name) if name is not None else None
    parts = name.split(", ")
    return ", ".join(sources.get(part, part) for part in parts)
