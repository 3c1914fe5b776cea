"""Columns that fall back to text where a value does not fit the type asked for."""

from __future__ import annotations

from dataclasses import replace

from dreambolt_steps.tables.cleaning.clean_column import clean_column
from dreambolt_steps.tables.cleaning.column_plan import ColumnPlan
from dreambolt_steps.tables.column_types import read_type
from dreambolt_steps.tables.decision import ColumnWarning
from dreambolt_steps.tables.row_numbers import OpenReader


def widen_columns(open_reader: OpenReader, columns: list[ColumnPlan]) -> list[ColumnPlan]:
    """Let columns that may be widened be text where some value does not fit their type."""
    waiting = {
        at
        for at, column in enumerate(columns)
        if column.on_mismatch == "widen" and column.is_explicit
    }
    if not waiting:
        return columns
    rows = 0
    with open_reader() as reader:
        for batch in reader:
            for at in sorted(waiting):
                values = batch.column(columns[at].at)
                good = clean_column(values, columns[at])[1]
                if good is not None:
                    first = good.index(False).as_py()
                    told = f"{values[first].as_py()!r} in row {rows + first + 1}"
                    columns[at] = _make_text(columns[at], told)
                    waiting.remove(at)
            rows += batch.num_rows
    return columns


def _make_text(column: ColumnPlan, told: str) -> ColumnPlan:
    words = f"text, not {column.type_word} as asked: {told}"
    warnings = (*column.decision.warnings, ColumnWarning("widened", words))
    text = read_type("text")
    return replace(
        column,
        type=text.type,
        question=replace(column.question, wanted=text),
        decision=replace(column.decision, warnings=warnings),
    )
