"""Rows that could not be read or typed, or broke a contract: one table of one shape, whoever
rejected them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pyarrow as pa

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
    rows = [asdict(reject) for reject in rejects]
    if not rows:  # from_pylist imports pandas, which takes 0.2 s
        return REJECT_SCHEMA.empty_table()
    return pa.Table.from_pylist(rows, schema=REJECT_SCHEMA)


def count_rejected(rejects: pa.Table) -> tuple[int, int]:
    """Count the rows that were rejected, and the values discarded in rows that were kept."""
    kept = rejects["kept"].combine_chunks().true_count if rejects.num_rows else 0
    return rejects.num_rows - kept, kept
