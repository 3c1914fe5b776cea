"""One column of one batch made clean: blanks, nulls, spelling, type."""

from __future__ import annotations

import pyarrow as pa

from dreambolt_steps.tables.blanks import drop_null_tokens, is_text, trim_text
from dreambolt_steps.tables.column_plan import ColumnPlan
from dreambolt_steps.tables.convert import cast_inferred, convert_text
from dreambolt_steps.tables.whole_numbers import ungroup


def clean_column(values: pa.Array, column: ColumnPlan) -> tuple[pa.Array, pa.BooleanArray | None]:
    """Clean the values of one column as planned.

    Args:
        values: of the source.
        column: what is to happen.

    Returns: the clean values, NULL where one does not fit the type; and which of them are good,
        None when all are.
    """
    decision = column.decision
    if not is_text(values.type):
        return _convert_typed(values, column.type)
    text = values.cast(pa.string())
    if decision.has_blanks:
        text = trim_text(text)
    if decision.has_null_tokens:
        text = drop_null_tokens(text, column.null_tokens)
    if column.type == pa.string():
        return text, None
    if decision.spelling and decision.spelling.thousands:
        text = ungroup(text, decision.spelling.thousands)
    if not column.is_explicit:
        try:
            return cast_inferred(text, column.type), None
        except pa.ArrowInvalid:
            pass  # another table than the one planned for: convert what can be, tell the rest
    return _drop_full_mask(*convert_text(text, column.type))


def _convert_typed(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.BooleanArray | None]:
    if values.type == kind:
        return values, None
    try:
        return values.cast(kind), None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _drop_full_mask(*convert_text(values.cast(pa.string()), kind))


def _drop_full_mask(
    values: pa.Array, good: pa.BooleanArray
) -> tuple[pa.Array, pa.BooleanArray | None]:
    return values, good if good.false_count else None
