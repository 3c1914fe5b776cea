"""Makes a table regular: names, blanks, nulls and types, planned over all rows and applied as a
stream."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.blanks import drop_null_tokens, is_text, trim_text
from dreambolt_steps.tables.clean_plan import CleanPlan, ColumnPlan, plan_cleaning
from dreambolt_steps.tables.convert import cast_inferred, convert_text
from dreambolt_steps.tables.rejects import Reject, build_rejects
from dreambolt_steps.tables.whole_numbers import ungroup

__all__ = ["CleanPlan", "CleanReport", "CleanedTable", "ColumnPlan", "apply_plan", "plan_cleaning"]


@dataclass(frozen=True)
class CleanReport:
    """What `apply_plan` did: rows written, rows rejected, and the rejects table (REJECT_SCHEMA)."""

    rows: int
    rejected: int
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
        self._rows = self._seen = 0
        self._rejects: list[Reject] = []
        self._finished = False
        self.reader = pa.RecordBatchReader.from_batches(plan.schema, self._iterate())

    def report(self) -> CleanReport:
        """Report on the whole table.

        Raises: RuntimeError while the reader is not exhausted.
        """
        if not self._finished:
            raise RuntimeError("read the stream to its end before asking for the report")
        return CleanReport(self._rows, len(self._rejects), build_rejects(self._rejects))

    def _iterate(self) -> Iterator[pa.RecordBatch]:
        plan = self._plan
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for batch in self._source:
                done = list(
                    pool.map(
                        lambda column, values: _clean_column(values, column, plan),
                        plan.columns,
                        batch.columns,
                    )
                )
                clean = pa.RecordBatch.from_arrays(
                    [values for values, _ in done], schema=plan.schema
                )
                masks = [good for _, good in done]
                if any(good is not None for good in masks):
                    clean = clean.filter(self._reject_rows(batch, masks))
                self._seen += batch.num_rows
                self._rows += clean.num_rows
                yield clean
        self._finished = True

    def _reject_rows(self, batch: pa.RecordBatch, masks: Sequence[pa.Array | None]) -> pa.Array:
        """Keep a reject for every row with a bad value, naming the first; return the good rows."""
        keep = pa.array([True] * batch.num_rows)
        found: list[Reject] = []
        for index, good in enumerate(masks):
            if good is None:
                continue
            for row in pc.indices_nonzero(pc.and_(keep, pc.invert(good))).to_pylist():
                found.append(self._describe(batch, index, row))
            keep = pc.and_(keep, good)
        self._rejects += sorted(found, key=lambda reject: reject.line or 0)
        return keep

    def _describe(self, batch: pa.RecordBatch, index: int, row: int) -> Reject:
        column = self._plan.columns[index]
        values = batch.slice(row, 1).to_pylist()[0]
        return Reject(
            file="",
            line=self._seen + row + 1,
            byte_offset=None,
            column=column.decision.name,
            value=str(values[column.decision.name]),
            reason=f"not a value of type {column.type_word}",
            raw=json.dumps(values, ensure_ascii=False, default=str),
        )


def apply_plan(reader: pa.RecordBatchReader, plan: CleanPlan) -> CleanedTable:
    """Clean a table as planned, as a stream.

    Columns that need nothing are passed on without a copy. A row with a value that does not fit a
    type asked for is rejected whole, never changed or nulled.

    Args:
        reader: the table that was planned for.
        plan: of `plan_cleaning`.

    Returns: a CleanedTable: its `.reader` streams, its `.report()` holds the rejects afterwards.
    """
    return CleanedTable(reader, plan)


def _clean_column(
    values: pa.Array, column: ColumnPlan, plan: CleanPlan
) -> tuple[pa.Array, pa.Array | None]:
    """Return the clean values and which of them are good (None: all)."""
    decision = column.decision
    if not is_text(values.type):
        return _convert_typed(values, column.type)
    text = values.cast(pa.string())
    if decision.has_blanks:
        text = trim_text(text)
    if decision.has_null_tokens:
        text = drop_null_tokens(text, plan.null_tokens)
    if column.type == pa.string():
        return text, None
    if decision.thousands:
        text = ungroup(text, decision.thousands)
    if not column.is_explicit:
        try:
            return cast_inferred(text, column.type), None
        except pa.ArrowInvalid:
            pass  # another table than the one planned for: convert what can be, reject the rest
    return _drop_full_mask(*convert_text(text, column.type))


def _convert_typed(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array | None]:
    if values.type == kind:
        return values, None
    try:
        return values.cast(kind), None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _drop_full_mask(*convert_text(values.cast(pa.string()), kind))


def _drop_full_mask(values: pa.Array, good: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    return values, good if good.false_count else None
