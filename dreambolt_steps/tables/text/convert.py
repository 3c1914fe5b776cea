"""Text into typed values, with a mask of what can't be: nothing becomes NULL or another value on
the way."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.column_types import TIME
from dreambolt_steps.tables.decision import Spelling
from dreambolt_steps.tables.text.number_text import (
    MAX_DIGITS,
    cast_wholes,
    find_grouped,
    find_special,
    take_sign,
    write_plain,
)
from dreambolt_steps.tables.text.timestamp_cast import cast_iso, cast_moments, cast_times
from dreambolt_steps.tables.text.timestamp_format import cast_format

TRUE_WORDS = ("true", "yes")
FALSE_WORDS = ("false", "no")
_TOLD_TRUE, _TOLD_FALSE = ("t", "y", "1"), ("f", "n", "0")
_FLOAT = r"^-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_PLAIN = Spelling()


def convert_text(
    text: pa.Array,
    kind: pa.DataType,
    spelling: Spelling | None = None,
    words: tuple[Sequence[str], Sequence[str]] = ((), ()),
) -> tuple[pa.Array, pa.BooleanArray]:
    """Convert text to a type.

    More is understood than inference takes for granted: leading zeros, a plus sign, 1/0, t/f, y/n,
    20240229.

    Args:
        text: a string array; nulls stay null.
        kind: a type that `parse_type` gives.
        spelling: how the values are written.
        words: for true and for false, in any case, besides the usual ones.

    Returns: the typed values, null where the text can't be converted, and a boolean array: which
        values are good (nulls are).

    >>> values, good = convert_text(pa.array(["07", "x", "300"]), pa.int8())
    >>> values.to_pylist(), good.to_pylist()
    ([7, None, None], [True, False, False])
    """
    spelled = spelling or _PLAIN
    if pa.types.is_string(kind):
        values, good = text, pc.is_valid(text)
    elif pa.types.is_boolean(kind):
        values, good = _convert_words(text, *words)
    elif pa.types.is_temporal(kind) and spelled.format is not None:
        values, good = cast_format(text, kind, spelled.format)
    elif pa.types.is_temporal(kind):
        values, good = _convert_moments(text, kind, spelled.day_first)
    else:
        number = _write_plain(text, spelled)
        if pa.types.is_integer(kind):
            values, good = _convert_integers(number, kind)
        elif pa.types.is_decimal(kind):
            values, good = _convert_decimals(number, kind)
        else:
            values, good = _convert_floats(number, kind)
    return values, pc.or_(pc.is_null(text), pc.fill_null(good, False))


def _convert_words(
    text: pa.Array, true_words: Sequence[str], false_words: Sequence[str]
) -> tuple[pa.Array, pa.BooleanArray]:
    lower = pc.utf8_lower(text)
    trues = [word.lower() for word in true_words]
    falses = [word.lower() for word in false_words]
    # A word that was told may be one that usually means the other thing.
    trues += [word for word in (*TRUE_WORDS, *_TOLD_TRUE) if word not in falses]
    falses += [word for word in (*FALSE_WORDS, *_TOLD_FALSE) if word not in trues]
    is_true = pc.is_in(lower, pa.array(trues))
    good = pc.or_(is_true, pc.is_in(lower, pa.array(falses)))
    return _keep(is_true, good), good


def _convert_moments(
    text: pa.Array, kind: pa.DataType, day_first: bool | None
) -> tuple[pa.Array, pa.BooleanArray]:
    if kind == TIME:
        return cast_times(text)
    values = cast_iso(text, kind)
    return cast_moments(text, kind, day_first) if values is None else (values, pc.is_valid(text))


def _write_plain(text: pa.Array, spelling: Spelling) -> pa.Array:
    """Write numbers as Arrow casts them; what is not spelled so becomes "" and fails."""
    if spelling.sign:
        text = take_sign(text, spelling.sign)[0]
    number = pc.replace_substring_regex(text, r"^\+([0-9.,])", r"\1")
    decimal, thousands = spelling.decimal, spelling.thousands
    if decimal != ".":
        plain = write_plain(number, decimal, None)
        plain = pc.if_else(pc.match_substring(number, "."), pa.scalar(""), plain)
    else:
        plain = number
    if not thousands:
        return plain
    grouped = find_grouped(number, decimal, thousands)
    return pc.if_else(grouped, write_plain(number, decimal, thousands), plain)


def _convert_integers(number: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.BooleanArray]:
    bare = pc.replace_substring_regex(number, r"^(-?)0+([0-9])", r"\1\2")
    good = pc.match_substring_regex(bare, r"^-?[0-9]{1,20}$")
    values = cast_wholes(_keep(bare, good))
    low = -(1 << (kind.bit_width - 1))
    bounds = pa.array([low, -low - 1], pa.decimal128(MAX_DIGITS, 0)).cast(values.type, safe=False)
    in_range = pc.and_(pc.greater_equal(values, bounds[0]), pc.less_equal(values, bounds[1]))
    good = pc.and_(good, pc.fill_null(in_range, False))
    return pc.cast(_keep(values, good), kind), good


def _convert_decimals(number: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.BooleanArray]:
    bare = pc.replace_substring_regex(number, r"^(-?)\.", r"\10.")  # RE2: group 1, then "0."
    bare = pc.replace_substring_regex(bare, r"^(-?)0+([0-9])", r"\1\2")
    bare = pc.replace_substring_regex(bare, r"(\.[0-9]*?)0+$", r"\1")
    whole = rf"[0-9]{{1,{kind.precision - kind.scale}}}" if kind.precision > kind.scale else "0"
    good = pc.and_(
        pc.match_substring_regex(bare, rf"^-?(?:{whole}|0)(?:\.[0-9]{{0,{kind.scale}}})?$"),
        pc.match_substring_regex(number, "[0-9]"),
    )
    return pc.cast(_keep(bare, good), kind), good


def _convert_floats(number: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.BooleanArray]:
    special = find_special(number)
    good = pc.or_(special, pc.match_substring_regex(number, _FLOAT))
    values = pc.cast(_keep(number, good), kind)
    finite = pc.or_(special, pc.fill_null(pc.is_finite(values), False))  # 1e999 would be infinite
    good = pc.and_(good, finite)
    return _keep(values, good), good


def _keep(values: pa.Array, good: pa.BooleanArray) -> pa.Array:
    return pc.if_else(good, values, pa.scalar(None, values.type))
