"""A table as it is cleaned: a stream, and a report when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dreambolt_steps.tables.cleaning.clean_column import clean_column
from dreambolt_steps.tables.cleaning.column_plan import CleanPlan, ColumnPlan
from dreambolt_steps.tables.cleaning.masks import Masker
from dreambolt_steps.tables.cleaning.mismatches import MismatchLog
from dreambolt_steps.tables.table_spool import TableSpool

CleanColumns = list[tuple[pa.Array, pa.BooleanArray | None]]
"""The columns of a batch, clean, and which of the values are good; None when all are."""


@dataclass(frozen=True)
class CleanReport:
    """What `apply_plan` did.

    Attributes:
        rows: written.
        rejected: rows left out; rows + rejected came in.
        nulled: values set to NULL in rows that were written.
        spooled: what was rejected, rows and values alike, by row (REJECT_SCHEMA); on disk where it
            is much.
    """

    rows: int
    rejected: int
    nulled: int
    spooled: TableSpool

    @property
    def rejects(self) -> pa.Table:
        """What was rejected, all of it in memory."""
        return self.spooled.read_all()


class CleanedTable:
    """A table being cleaned.

    Attributes:
        reader: the stream of clean rows; to be read once.
    """

    def __init__(self, reader: pa.RecordBatchReader, plan: CleanPlan) -> None:
        """Nothing is read yet."""
        self._source = reader
        self._plan = plan
        self._rows = self._unrejected = 0
        self._mismatches = MismatchLog(plan.columns)
        self._masker = Masker()
        self._finished = False
        self.reader = pa.RecordBatchReader.from_batches(plan.schema, self._iterate())

    def report(self) -> CleanReport:
        """Report on the whole table.

        Raises: RuntimeError while the reader is not exhausted.
        """
        if not self._finished:
            raise RuntimeError("read the stream to its end before asking for the report")
        log = self._mismatches
        return CleanReport(self._rows, log.rejected, log.nulled, log.spool)

    def list_dropped(self) -> np.ndarray:
        """The rows of the source left out so far: 0-based, ascending, int64."""
        return self._mismatches.list_dropped()

    def _iterate(self) -> Iterator[pa.RecordBatch]:
        try:
            with open_cleaner(self._plan.columns) as clean_columns:
                for batch in self._source:
                    clean = self._settle(batch, clean_columns(batch))
                    self._rows += clean.num_rows
                    yield clean
            self._finished = True
        finally:
            self._masker.close()

    def _settle(self, batch: pa.RecordBatch, done: CleanColumns) -> pa.RecordBatch:
        """Do with a batch whose columns are clean what depends on the batches before it."""
        columns = self._plan.columns
        found = [
            (column, good)
            for column, (_, good) in zip(columns, done, strict=True)
            if good is not None
        ]
        arrays = [values for values, _ in done]
        kept = self._mismatches.include(batch, found) if found else np.arange(batch.num_rows)
        arrays = self._drop_and_flag(batch, arrays, kept)
        for at, column in enumerate(columns):
            if column.mask:
                arrays[at] = self._masker.mask(arrays[at], column.mask)
        self._mismatches.advance(batch.num_rows)
        return pa.RecordBatch.from_arrays(arrays, schema=self._plan.schema)

    def _drop_and_flag(
        self, batch: pa.RecordBatch, arrays: list[pa.Array], kept: np.ndarray
    ) -> list[pa.Array]:
        """Leave rejected and repeated rows out, or tell which rows are repeated."""
        start = self._unrejected
        self._unrejected += len(kept)
        repeats, repeated = self._plan.repeats, np.zeros(len(kept), bool)
        if repeats is not None:
            low, high = np.searchsorted(repeats.rows, (start, self._unrejected))
            rows, firsts = repeats.rows[low:high] - start, repeats.firsts[low:high]
            repeated[rows] = True
            if repeats.is_dropped and len(rows):
                self._mismatches.include_repeats(batch, kept[rows], firsts, repeats.columns)
                kept = kept[~repeated]
        if len(kept) < batch.num_rows:
            arrays = [values.take(pa.array(kept)) for values in arrays]
        if repeats is not None and not repeats.is_dropped:
            arrays = [*arrays, pa.array(repeated)]
        return arrays


@contextmanager
def open_cleaner(
    columns: Sequence[ColumnPlan],
) -> Iterator[Callable[[pa.RecordBatch], CleanColumns]]:
    """A function that cleans every column of a batch, on as many threads as pyarrow uses."""
    with ThreadPoolExecutor(max_workers=pa.cpu_count()) as pool:

        def clean(batch: pa.RecordBatch) -> CleanColumns:
            return list(pool.map(clean_column, [batch.column(one.at) for one in columns], columns))

        yield clean


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
