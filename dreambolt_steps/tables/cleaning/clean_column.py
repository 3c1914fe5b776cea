"""One column of one batch made clean: blanks, nulls, spelling, type."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.cleaning.column_plan import ColumnPlan
from dreambolt_steps.tables.column_types import is_number
from dreambolt_steps.tables.inference.semantics import find_json, find_uuids
from dreambolt_steps.tables.text.blanks import NullTokens, is_text, trim_text
from dreambolt_steps.tables.text.convert import convert_text
from dreambolt_steps.tables.text.mend import normalize_text, repair_text

_FINDERS = {"uuid": find_uuids, "json": find_json}


def clean_column(values: pa.Array, column: ColumnPlan) -> tuple[pa.Array, pa.BooleanArray | None]:
    """Clean the values of one column as planned.

    Args:
        values: of the source.
        column: what is to happen.

    Returns: the clean values, NULL where one does not fit the type; and which of them are good,
        None when all are.
    """
    if not is_text(values.type):
        return _convert_typed(values, column)
    text = values.cast(pa.string())
    question = column.question
    if question.repair:
        text = repair_text(text)[0]
    if question.normalize:
        text = normalize_text(text, question.normalize)
    if column.decision.has_blanks and column.question.trim:
        text = trim_text(text)
    if column.null_tokens:
        text = NullTokens(column.null_tokens).drop(text)
    if column.type == pa.string():
        return _check_semantic(text, column)
    if (
        column.decision.spelling is None
        and is_number(column.type)
        and is_number(column.decision.type)
    ):
        try:
            return _check_finite(pc.cast(text, column.type)), None
        except pa.ArrowInvalid:
            pass  # beyond a type asked for, or another table than the one planned for
    return _convert(text, column)


def _convert(text: pa.Array, column: ColumnPlan) -> tuple[pa.Array, pa.BooleanArray | None]:
    question = column.question
    words = (question.true_words, question.false_words)
    values, good = convert_text(text, column.type, column.decision.spelling, words)
    return values, good if good.false_count else None


def _convert_typed(values: pa.Array, column: ColumnPlan) -> tuple[pa.Array, pa.BooleanArray | None]:
    if values.type == column.type:
        return values, None
    try:
        return values.cast(column.type), None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _convert(values.cast(pa.string()), column)


def _check_semantic(text: pa.Array, column: ColumnPlan) -> tuple[pa.Array, pa.BooleanArray | None]:
    """Which texts are what they have to be, where that was asked for."""
    semantic = column.question.wanted.semantic if column.question.wanted else None
    if semantic not in _FINDERS:
        return text, None
    good = _FINDERS[semantic](text)
    if not good.false_count:
        return text, None
    kept = pc.if_else(good, text, pa.scalar(None, pa.string()))
    return kept, pc.or_(pc.is_null(text), pc.fill_null(good, False))


def _check_finite(values: pa.Array) -> pa.Array:
    """Refuse what Arrow makes of 1e999 and nan(1); inf and nan, if meant, go another way."""
    if pa.types.is_floating(values.type) and pc.is_finite(values).false_count:
        raise pa.ArrowInvalid("not finite")
    return values
