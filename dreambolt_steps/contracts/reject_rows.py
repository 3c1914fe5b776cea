"""Broken promises as rejects: with the row of the source, as it was read."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.raw_rows import HIDDEN, write_raw_rows
from dreambolt_steps.tables.rejects import KEPT_REASON, REJECT_SCHEMA
from dreambolt_steps.tables.row_numbers import OpenReader


def build_break_rejects(
    rejected: pa.Table,
    discarded: pa.Table,
    open_source: OpenReader,
    *,
    sources: Mapping[str, str],
    hidden: Collection[str] = (),
) -> pa.Table:
    """Build rejects from broken promises.

    Args:
        rejected: BREAK_SCHEMA, rows that were rejected, with 0-based rows of the source.
        discarded: the same for values of rows that were kept.
        open_source: opens the table that was cleaned; read once if there is anything to tell.
        sources: clean name -> name in the source.
        hidden: clean names of columns whose values must not be shown.

    Returns: REJECT_SCHEMA, by row.
    """
    parts = [_complete(rejected, False), _complete(discarded, True)]
    breaks = pa.concat_tables(parts).sort_by("row")
    if not breaks.num_rows:
        return REJECT_SCHEMA.empty_table()
    rows, back = np.unique(breaks["row"].to_numpy(), return_inverse=True)
    raw = write_raw_rows(open_source, rows, {sources.get(name, name) for name in hidden})
    names = breaks["column"].combine_chunks()
    told = pa.array([_name_source(name, sources) for name in names.to_pylist()], pa.string())
    values = breaks["value"].combine_chunks()
    secret = [name for name in set(names.to_pylist()) if name and _is_hidden(name, hidden)]
    if secret:
        masked = pc.and_(pc.is_in(names, pa.array(secret)), pc.is_valid(values))
        values = pc.if_else(masked, HIDDEN, values)
    count = breaks.num_rows
    columns = {
        "file": pa.repeat(pa.scalar(""), count),
        "line": pc.add(breaks["row"], 1),
        "byte_offset": pa.nulls(count, pa.int64()),
        "column": told,
        "value": values,
        "reason": breaks["reason"],
        "raw": raw.take(pa.array(back)),
        "kept": breaks["kept"],
    }
    return pa.table([columns[name] for name in REJECT_SCHEMA.names], schema=REJECT_SCHEMA)


def _complete(breaks: pa.Table, kept: bool) -> pa.Table:
    reasons = breaks["reason"]
    if kept:
        reasons = pc.binary_join_element_wise(reasons, KEPT_REASON, "")
    at = breaks.schema.get_field_index("reason")
    flags = pa.repeat(pa.scalar(kept), breaks.num_rows)
    return breaks.set_column(at, "reason", reasons).append_column("kept", flags)


def _is_hidden(name: str, hidden: Collection[str]) -> bool:
    """Whether a column, or one of several joined by ", ", must not be shown."""
    return name in hidden or any(part in hidden for part in name.split(", "))


def _name_source(name: str | None, sources: Mapping[str, str]) -> str | None:
    """Names of the source for clean ones, also of several columns."""
    if name is None or name in sources:
        return sources.get(name) if name is not None else None
    parts = name.split(", ")
    return ", ".join(sources.get(part, part) for part in parts)
