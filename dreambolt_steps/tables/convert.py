"""Text into typed values, with a mask of what can't be: nothing becomes NULL or another value on
the way."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.column_types import TIMESTAMP, TIMESTAMPTZ
from dreambolt_steps.tables.moment_text import (
    DATE_PATTERN,
    FALSE_WORDS,
    TIMESTAMP_PATTERN,
    TIMESTAMPTZ_PATTERN,
    TRUE_WORDS,
    is_castable,
)
from dreambolt_steps.tables.whole_numbers import MAX_DIGITS, cast_integers

_FLOAT = r"^-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_TRUE = (*TRUE_WORDS, "t", "y", "1")
_FALSE = (*FALSE_WORDS, "f", "n", "0")
_MOMENTS = {
    pa.date32(): DATE_PATTERN,
    TIMESTAMP: TIMESTAMP_PATTERN,
    TIMESTAMPTZ: TIMESTAMPTZ_PATTERN,
}


def cast_inferred(text: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cast text that inference has found to be of a type.

    Raises: pyarrow.ArrowInvalid when some value is not, because the table is not the one inferred.
    """
    if pa.types.is_boolean(kind):
        return _cast_words(text, TRUE_WORDS)
    return pc.cast(text, kind)


def convert_text(text: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Convert text to a type somebody asked for.

    More is understood than inference takes for granted: leading zeros, a plus sign, 1/0, t/f, y/n.

    Args:
        text: a string array; nulls stay null.
        kind: a type that `parse_type` gives.

    Returns: the typed values, null where the text can't be converted, and a boolean array: which
        values are good (nulls are).

    >>> values, good = convert_text(pa.array(["07", "x", "300"]), pa.int8())
    >>> values.to_pylist(), good.to_pylist()
    ([7, None, None], [True, False, False])
    """
    if pa.types.is_string(kind):
        values, good = text, pc.is_valid(text)
    elif pa.types.is_integer(kind):
        values, good = _convert_integers(_normalise_sign(text), kind)
    elif pa.types.is_decimal(kind):
        values, good = _convert_decimals(_normalise_sign(text), kind)
    elif pa.types.is_floating(kind):
        number = _normalise_sign(text)
        good = pc.match_substring_regex(number, _FLOAT)
        values = pc.cast(_keep(number, good), kind)
        good = pc.and_(good, pc.fill_null(pc.is_finite(values), False))
        values = _keep(values, good)
    elif pa.types.is_boolean(kind):
        good = pc.is_in(pc.ascii_lower(text), pa.array(_TRUE + _FALSE))
        values = _cast_words(_keep(text, good), _TRUE)
    else:
        good = is_castable(text, pc.match_substring_regex(text, _MOMENTS[kind]), kind)
        values = pc.cast(_keep(text, good), kind)
    return values, pc.or_(pc.is_null(text), pc.fill_null(good, False))


def _convert_integers(number: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    bare = pc.replace_substring_regex(number, r"^(-?)0+([0-9])", r"\1\2")
    good = pc.match_substring_regex(bare, r"^-?[0-9]{1,20}$")
    values = cast_integers(_keep(bare, good))
    low = -(1 << (kind.bit_width - 1))
    bounds = pa.array([low, -low - 1], pa.decimal128(MAX_DIGITS, 0)).cast(values.type, safe=False)
    in_range = pc.and_(pc.greater_equal(values, bounds[0]), pc.less_equal(values, bounds[1]))
    good = pc.and_(good, pc.fill_null(in_range, False))
    return pc.cast(_keep(values, good), kind), good


def _convert_decimals(number: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    bare = pc.replace_substring_regex(number, r"^(-?)\.", r"\10.")  # RE2: group 1, then "0."
    bare = pc.replace_substring_regex(bare, r"^(-?)0+([0-9])", r"\1\2")
    bare = pc.replace_substring_regex(bare, r"(\.[0-9]*?)0+$", r"\1")
    whole = rf"[0-9]{{1,{kind.precision - kind.scale}}}" if kind.precision > kind.scale else "0"
    good = pc.and_(
        pc.match_substring_regex(bare, rf"^-?(?:{whole}|0)(?:\.[0-9]{{0,{kind.scale}}})?$"),
        pc.match_substring_regex(number, "[0-9]"),
    )
    return pc.cast(_keep(bare, good), kind), good


def _normalise_sign(text: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(text, r"^\+([0-9.])", r"\1")


def _cast_words(text: pa.Array, true_words: tuple[str, ...]) -> pa.Array:
    is_true = pc.is_in(pc.ascii_lower(text), pa.array(true_words))
    return pc.if_else(pc.is_valid(text), is_true, pa.scalar(None, pa.bool_()))


def _keep(values: pa.Array, good: pa.Array) -> pa.Array:
    return pc.if_else(good, values, pa.scalar(None, values.type))
