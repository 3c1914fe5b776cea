"""Values that do not fit the type asked for, and what becomes of them and of their rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.errors import MismatchError
from dreambolt_steps.tables.cleaning.column_plan import ColumnPlan
from dreambolt_steps.tables.rejects import KEPT_REASON, REJECT_SCHEMA, Reject, build_rejects


class MismatchLog:
    """Rows and values that were rejected while a table is cleaned.

    Attributes:
        rejected: rows left out.
        nulled: values set to NULL in rows that are kept.
    """

    def __init__(self) -> None:
        """Nothing is rejected yet."""
        self.rejected = self.nulled = 0
        self._seen = 0
        self._parts: list[pa.Table] = []

    def include(
        self, batch: pa.RecordBatch, found: Sequence[tuple[ColumnPlan, pa.BooleanArray]]
    ) -> pa.BooleanArray | None:
        """Keep what does not fit: every such row with the first value at fault, and every value
        that becomes NULL.

        Args:
            batch: of the source.
            found: columns with values that do not fit, and which of their values are good.

        Returns: which rows stay; None for all of them.
        Raises: MismatchError for the first value in a column that says raise.
        """
        keep = None
        kept: list[Reject] = []
        for column, good in found:
            if column.on_mismatch == "raise":
                raise self._complain(batch, column, good)
        for column, good in found:
            if column.on_mismatch != "null":
                bad = pc.invert(good) if keep is None else pc.and_(keep, pc.invert(good))
                kept += self._describe(batch, column, bad)
                keep = good if keep is None else pc.and_(keep, good)
        self.rejected += len(kept)
        for column, good in found:
            if column.on_mismatch == "null":
                bad = pc.invert(good) if keep is None else pc.and_(keep, pc.invert(good))
                nulled = self._describe(batch, column, bad)
                self.nulled += len(nulled)
                kept += [replace(one, reason=one.reason + KEPT_REASON, kept=True) for one in nulled]
        self._seen += batch.num_rows
        if kept:
            self._parts.append(build_rejects(sorted(kept, key=lambda reject: reject.line or 0)))
        return keep

    def list_dropped(self) -> np.ndarray:
        """The rows left out so far: 0-based, ascending, int64."""
        lines = [part.filter(pc.invert(part["kept"]))["line"].to_numpy() for part in self._parts]
        return np.concatenate([np.empty(0, np.int64), *lines]) - 1

    def build(self) -> pa.Table:
        """Everything that was rejected, by row (REJECT_SCHEMA)."""
        return pa.concat_tables([REJECT_SCHEMA.empty_table(), *self._parts])

    def _describe(
        self, batch: pa.RecordBatch, column: ColumnPlan, bad: pa.BooleanArray
    ) -> list[Reject]:
        at = pc.indices_nonzero(bad)
        name = column.decision.name
        return [
            Reject(
                file="",
                line=self._seen + row + 1,
                byte_offset=None,
                column=name,
                value=str(values[name]),
                reason=f"not a value of type {column.type_word}",
                raw=json.dumps(values, ensure_ascii=False, default=str),
            )
            for row, values in zip(at.to_pylist(), batch.take(at).to_pylist(), strict=True)
        ]

    def _complain(
        self, batch: pa.RecordBatch, column: ColumnPlan, good: pa.BooleanArray
    ) -> MismatchError:
        first = self._describe(batch, column, pc.invert(good))[0]
        return MismatchError(
            f"column {first.column!r}, row {first.line}: {first.value!r} is {first.reason}; "
            "correct the source, or let the column's on_mismatch be reject, null or widen",
            row=first.line or 0,
            column=column.name,
            value=first.value or "",
        )
