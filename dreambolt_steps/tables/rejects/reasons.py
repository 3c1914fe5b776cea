"""Reasons for rejects, counted; those that differ only in the row they name are one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.table_spool import TableSpool

NAMED_ROW = r"\b(row|line) [0-9][0-9,]*"
ANOTHER_ROW = r"another \1"
_MOST = 20

CountedReason = tuple[str, str | None, bool, int]
"""A reason, the column at fault, whether the rows were kept, and how many there are."""


def count_reasons(rejects: pa.Table | TableSpool) -> list[CountedReason]:
    """Count rejects by reason, column and whether their rows were kept; the 20 most frequent.

    A reason that names another row in each reject ("duplicate of row 12") is one reason.

    >>> from dreambolt_steps.tables.rejects.schema import Reject, build_rejects
    >>> rows = [Reject("", 2, None, None, None, f"duplicate of row {n}", "") for n in (1, 2)]
    >>> count_reasons(build_rejects(rows))
    [('duplicate of another row', None, False, 2)]
    """
    counts: Counter[tuple[str, str | None, bool]] = Counter()
    firsts: dict[tuple[str, str | None, bool], str] = {}
    for batch in _iterate(rejects):
        reasons = batch.column("reason")
        general = pc.replace_substring_regex(reasons, NAMED_ROW, ANOTHER_ROW)
        parts = [reasons, general, batch.column("column"), batch.column("kept")]
        told = pa.table(parts, ["reason", "general", "column", "kept"])
        keys = ["general", "column", "kept"]
        grouped = told.group_by(keys, use_threads=False).aggregate(
            [("reason", "first"), ("reason", "count"), ("reason", "count_distinct")]
        )
        for row in grouped.to_pylist():
            key = (row["general"], row["column"], bool(row["kept"]))
            counts[key] += row["reason_count"]
            first = row["reason_first"] if row["reason_count_distinct"] == 1 else row["general"]
            firsts[key] = first if firsts.get(key, first) == first else row["general"]
    return [(firsts[key], key[1], key[2], number) for key, number in counts.most_common(_MOST)]


def _iterate(rejects: pa.Table | TableSpool) -> Iterator[pa.RecordBatch]:
    yield from rejects.to_batches() if isinstance(rejects, pa.Table) else rejects.iterate_batches()
