"""Columns that become wider where a value does not fit the type asked for."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from dreambolt_steps.tables.cleaning.clean_column import clean_column
from dreambolt_steps.tables.cleaning.column_plan import ColumnPlan
from dreambolt_steps.tables.column_types import WantedType, name_type, read_type
from dreambolt_steps.tables.decision import ColumnWarning
from dreambolt_steps.tables.rejects.row_numbers import OpenReader
from dreambolt_steps.tables.unify_types import unite_types


def widen_columns(open_reader: OpenReader, columns: list[ColumnPlan]) -> list[ColumnPlan]:
    """Let columns that may be widened be of a wider type where some value does not fit theirs.

    The wider type is the narrowest one that holds the values of the column and those of the type
    asked for: int8 becomes int16, int32, int64 or a decimal; integers beside decimals become
    decimals, beside floats floats; a decimal gets more digits before and behind its point; dates
    beside timestamps become timestamps. Where there is none, the column becomes text, with its
    values as they are.

    Args:
        open_reader: opens the table; read once, and again where a column was widened.
        columns: as planned; those whose `on_mismatch` is widen may change.
    """
    waiting = {
        at
        for at, column in enumerate(columns)
        if column.on_mismatch == "widen" and column.is_explicit
    }
    while waiting:
        widened: set[int] = set()
        rows = 0
        with open_reader() as reader:
            for batch in reader:
                for at in sorted(waiting - widened):
                    values = batch.column(columns[at].at)
                    good = clean_column(values, columns[at])[1]
                    if good is not None:
                        first = good.index(False).as_py()
                        told = f"{values[first].as_py()!r} in row {rows + first + 1}"
                        columns[at] = _widen(columns[at], told)
                        widened.add(at)
                if widened == waiting:
                    break
                rows += batch.num_rows
        # What is text now holds everything.
        waiting = {at for at in widened if columns[at].type != pa.string()}
    return columns


def _widen(column: ColumnPlan, told: str) -> ColumnPlan:
    wider = _find_wider(column)
    words = f"{name_type(wider)}, not {column.type_word} as asked: {told}"
    warnings = (*column.decision.warnings, ColumnWarning("widened", words))
    wanted = read_type("text") if wider == pa.string() else WantedType(name_type(wider), wider)
    return replace(
        column,
        type=wider,
        question=replace(column.question, wanted=wanted),
        decision=replace(column.decision, warnings=warnings),
    )


def _find_wider(column: ColumnPlan) -> pa.DataType:
    """The type that holds what was found and what was asked for; text when some value is of
    another family."""
    found = column.decision.type
    if column.decision.failures or found == pa.string():
        return pa.string()
    united = unite_types([column.type, found])
    return pa.string() if united is None or united == column.type else united
