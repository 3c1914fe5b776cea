"""Rows and values that are rejected while a table is cleaned, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.errors import MismatchError
from dreambolt_steps.tables.cleaning.column_plan import ColumnPlan
from dreambolt_steps.tables.rejects.raw_rows import HIDDEN, write_raw_table
from dreambolt_steps.tables.rejects.row_numbers import restore_numbers
from dreambolt_steps.tables.rejects.schema import KEPT_REASON, REJECT_SCHEMA, REPEATED
from dreambolt_steps.tables.table_spool import TableSpool


class MismatchLog:
    """What was rejected so far.

    Attributes:
        rejected: rows left out.
        nulled: values set to NULL in rows that are kept.
        spool: both, by row (REJECT_SCHEMA); complete behind the last batch.
    """

    def __init__(self, columns: Sequence[ColumnPlan]) -> None:
        """Nothing is rejected yet; of other columns nothing is told, of masked ones no value."""
        self.rejected = self.nulled = 0
        self._shown = [column.at for column in columns]
        self._hidden = {column.decision.name for column in columns if column.mask}
        self._seen = 0
        self._mismatched: list[np.ndarray] = []
        self._dropped: list[np.ndarray] = []
        self._parts: list[pa.Table] = []  # of the batch that is being looked at
        self.spool = TableSpool(REJECT_SCHEMA)

    def include(
        self, batch: pa.RecordBatch, found: Sequence[tuple[ColumnPlan, pa.BooleanArray]]
    ) -> np.ndarray:
        """Keep what does not fit: every such row with the first value at fault, and every value
        that becomes NULL.

        Args:
            batch: of the source.
            found: columns with values that do not fit, and which of their values are good.

        Returns: the rows of the batch that stay, 0-based.
        Raises: MismatchError for the first value in a column that says raise.
        """
        keep = np.ones(batch.num_rows, bool)
        for column, good in found:
            if column.on_mismatch == "raise":
                raise self._complain(batch, column, good)
        for column, good in found:
            if column.on_mismatch != "null":
                bad = keep & ~good.to_numpy(zero_copy_only=False)
                self._keep_values(batch, column, np.flatnonzero(bad), kept=False)
                keep &= ~bad
        for column, good in found:
            if column.on_mismatch == "null":
                bad = keep & ~good.to_numpy(zero_copy_only=False)
                self._keep_values(batch, column, np.flatnonzero(bad), kept=True)
        if not keep.all():
            self._mismatched.append(np.flatnonzero(~keep) + self._seen)
        return np.flatnonzero(keep)

    def include_repeats(
        self, batch: pa.RecordBatch, rows: np.ndarray, firsts: np.ndarray, columns: Sequence[str]
    ) -> None:
        """Keep rows that repeat earlier ones.

        Args:
            batch: of the source.
            rows: of the batch, 0-based.
            firsts: what they repeat, 0-based among all rows that were not rejected before.
            columns: which are equal; empty: all.
        """
        numbers = restore_numbers(firsts, self._list_mismatched()) + 1
        reasons = pc.binary_join_element_wise(REPEATED, pa.array(numbers).cast(pa.string()), " ")
        told = ", ".join(columns) or None
        self._keep(batch, rows, told, pa.nulls(len(rows), pa.string()), reasons, kept=False)

    def advance(self, rows: int) -> None:
        """Go on behind a batch of so many rows."""
        self._seen += rows
        if self._parts:
            found = pa.concat_tables(self._parts).sort_by("line")
            dropped = found.filter(pc.invert(found["kept"]))["line"].to_numpy() - 1
            self._dropped.append(dropped)
            self.spool.add(found)
            self._parts = []

    def list_dropped(self) -> np.ndarray:
        """The rows left out so far, batch by batch: 0-based, ascending, int64."""
        return np.concatenate([np.empty(0, np.int64), *self._dropped])

    def _list_mismatched(self) -> np.ndarray:
        return np.concatenate([np.empty(0, np.int64), *self._mismatched])

    def _keep_values(
        self, batch: pa.RecordBatch, column: ColumnPlan, rows: np.ndarray, *, kept: bool
    ) -> None:
        if not len(rows):
            return
        reason = f"not a value of type {column.type_word}" + (KEPT_REASON if kept else "")
        reasons = pa.repeat(pa.scalar(reason), len(rows))
        values = self._show(batch, column, rows)
        self._keep(batch, rows, column.decision.name, values, reasons, kept=kept)

    def _keep(
        self,
        batch: pa.RecordBatch,
        rows: np.ndarray,
        column: str | None,
        values: pa.Array,
        reasons: pa.Array,
        *,
        kept: bool,
    ) -> None:
        count = len(rows)
        shown = pa.Table.from_batches([batch]).select(self._shown).take(pa.array(rows))
        parts = {
            "file": pa.repeat(pa.scalar(""), count),
            "line": pa.array(rows + self._seen + 1, pa.int64()),
            "byte_offset": pa.nulls(count, pa.int64()),
            "column": pa.repeat(pa.scalar(column, pa.string()), count),
            "value": values,
            "reason": reasons,
            "raw": write_raw_table(shown, self._hidden),
            "kept": pa.repeat(pa.scalar(kept), count),
        }
        self._parts.append(pa.table(parts, schema=REJECT_SCHEMA))
        self.nulled += count if kept else 0
        self.rejected += 0 if kept else count

    def _show(self, batch: pa.RecordBatch, column: ColumnPlan, rows: np.ndarray) -> pa.Array:
        if column.mask:
            return pa.repeat(pa.scalar(HIDDEN), len(rows))
        values = batch.column(column.at).take(pa.array(rows))
        try:
            return values.cast(pa.string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # lists, structs, bytes
            return pa.array([str(value) for value in values.to_pylist()], pa.string())

    def _complain(
        self, batch: pa.RecordBatch, column: ColumnPlan, good: pa.BooleanArray
    ) -> MismatchError:
        at = pc.index(good, False).as_py()
        value = self._show(batch, column, np.array([at]))[0].as_py()
        row = self._seen + at + 1
        return MismatchError(
            f"column {column.decision.name!r}, row {row}: {value!r} is not a value of type "
            f"{column.type_word}; correct the source, or let the column's on_mismatch be reject, "
            "null or widen",
            row=row,
            column=column.name,
            value=value or "",
        )
