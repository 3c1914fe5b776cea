"""Makes a table regular: names, blanks, nulls and types, planned over all rows and applied as a
stream."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dreambolt_steps.tables.cleaning.clean_column import clean_column
from dreambolt_steps.tables.cleaning.column_plan import CleanPlan, ColumnPlan
from dreambolt_steps.tables.cleaning.mismatches import MismatchLog
from dreambolt_steps.tables.cleaning.plan import plan_cleaning

__all__ = ["CleanPlan", "CleanReport", "CleanedTable", "ColumnPlan", "apply_plan", "plan_cleaning"]


@dataclass(frozen=True)
class CleanReport:
    """What `apply_plan` did.

    Attributes:
        rows: written.
        rejected: rows left out; rows + rejected came in.
        nulled: values set to NULL in rows that were written.
        rejects: what was rejected, rows and values alike (REJECT_SCHEMA).
    """

    rows: int
    rejected: int
    nulled: int
    rejects: pa.Table


class CleanedTable:
    """A table being cleaned.

    Attributes:
        reader: the stream of clean rows; to be read once.
    """

    def __init__(self, reader: pa.RecordBatchReader, plan: CleanPlan) -> None:
        """Nothing is read yet."""
        self._source = reader
        self._plan = plan
        self._rows = 0
        self._mismatches = MismatchLog()
        self._finished = False
        self.reader = pa.RecordBatchReader.from_batches(plan.schema, self._iterate())

    def report(self) -> CleanReport:
        """Report on the whole table.

        Raises: RuntimeError while the reader is not exhausted.
        """
        if not self._finished:
            raise RuntimeError("read the stream to its end before asking for the report")
        log = self._mismatches
        return CleanReport(self._rows, log.rejected, log.nulled, log.build())

    def list_dropped(self) -> np.ndarray:
        """The rows of the source left out so far: 0-based, ascending, int64."""
        return self._mismatches.list_dropped()

    def _iterate(self) -> Iterator[pa.RecordBatch]:
        plan = self._plan
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for batch in self._source:
                done = list(
                    pool.map(
                        clean_column, [batch.column(one.at) for one in plan.columns], plan.columns
                    )
                )
                clean = pa.RecordBatch.from_arrays([clean for clean, _ in done], schema=plan.schema)
                found = [
                    (column, good)
                    for column, (_, good) in zip(plan.columns, done, strict=True)
                    if good is not None
                ]
                keep = self._mismatches.include(batch, found)
                if keep is not None:
                    clean = clean.filter(keep)
                self._rows += clean.num_rows
                yield clean
        self._finished = True


def apply_plan(reader: pa.RecordBatchReader, plan: CleanPlan) -> CleanedTable:
    """Clean a table as planned, as a stream.

    Columns that need nothing are passed on without a copy. A value that does not fit a type asked
    for is never changed: its row is rejected whole, or what the column's `on_mismatch` says.

    Args:
        reader: the table that was planned for.
        plan: of `plan_cleaning`.

    Returns: a CleanedTable: its `.reader` streams, its `.report()` holds the rejects afterwards.
    Raises: MismatchError, from the stream, for a value in a column whose `on_mismatch` is raise.
    """
    return CleanedTable(reader, plan)
