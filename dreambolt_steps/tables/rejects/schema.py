"""Rows that could not be read or typed, or broke a contract: one table of one shape, whoever
rejected them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.table_spool import TableSpool

_PIECE_ROWS = 4_096
REPEATED = "duplicate of row"
"""What the reason of a row begins with that was dropped because it repeats another one."""

REJECT_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("line", pa.int64()),
        ("byte_offset", pa.int64()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("reason", pa.string()),
        ("raw", pa.string()),
        ("kept", pa.bool_()),
    ]
)


PLACED_SCHEMA = REJECT_SCHEMA.append(pa.field("row", pa.int64()))
"""As REJECT_SCHEMA, with `row`, the 1-based row of a table whose row in a file was found again:
`file`, `line` and `byte_offset` then tell that one."""

KEPT_REASON = "; NULL in the row that was kept"
"""Ends the reason of a value that was discarded without its row."""


@dataclass(frozen=True)
class Reject:
    """One rejected row and the first thing wrong with it.

    Attributes:
        file: its path or URI; "" when the row came from a table, not from a file.
        line: 1-based line of the file on which the row starts; of a table, the 1-based row number.
        byte_offset: where the row starts in the file, 0-based; None for a table.
        column: the column at fault, None when the whole row is.
        value: the text at fault, if one value is.
        reason: what is wrong, in words.
        raw: the row as it was read.
        kept: whether the row was kept all the same, with NULL in place of the value.
    """

    file: str
    line: int | None
    byte_offset: int | None
    column: str | None
    value: str | None
    reason: str
    raw: str | None
    kept: bool = False


def build_rejects(rejects: Iterable[Reject]) -> pa.Table:
    """Build the rejects table (REJECT_SCHEMA) from single rejects, in their order."""
    rows = list(rejects)
    columns = [[getattr(reject, name) for reject in rows] for name in REJECT_SCHEMA.names]
    return pa.table(columns, schema=REJECT_SCHEMA)


def gather_rejects(rejects: Iterable[Reject], spool: TableSpool) -> int:
    """Add rejects to a spool of REJECT_SCHEMA, some thousands at a time; return how many."""
    waiting, before = iter(rejects), spool.num_rows
    while (piece := build_rejects(islice(waiting, _PIECE_ROWS))).num_rows:
        spool.add(piece)
    return spool.num_rows - before


def merge_by_row(rejects: TableSpool, more: Iterable[pa.Table]) -> TableSpool:
    """Put more rejects of the same table between those there are, by row."""
    merged, pieces = TableSpool(REJECT_SCHEMA), iter(more)
    first = next(pieces, None)
    if first is None:
        return rejects
    both = TableSpool(REJECT_SCHEMA)
    for piece in chain(rejects.iterate_batches(), [first], pieces):
        both.add(piece)
    for batch in both.sort_batches("line"):
        merged.add(batch)
    return merged


def count_repeats(rejects: pa.Table) -> int:
    """Count the rows that were dropped because they repeat others."""
    return int(pc.sum(pc.starts_with(rejects["reason"], REPEATED)).as_py() or 0)


def count_rejected(rejects: pa.Table | TableSpool) -> tuple[int, int]:
    """Count the rows that were rejected, and the values discarded in rows that were kept."""
    batches = rejects.to_batches() if isinstance(rejects, pa.Table) else rejects.iterate_batches()
    kept = sum(batch.column("kept").true_count for batch in batches)
    return rejects.num_rows - kept, kept
