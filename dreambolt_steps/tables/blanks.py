"""Blanks around text, and words that stand for "nothing here"."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

NULL_TOKENS = ("", "NA", "N/A", "n/a", "#N/A", "NULL", "Null", "null", "None", "NaN", "nan")
"""What counts as NULL by default, in every column, after trimming. A lone "-" or "?" is data: name
it
to have it taken for NULL. Where "NA" is a value (Namibia), pass other tokens."""


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a column of this Arrow type holds text, however it is encoded."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def trim_text(text: pa.Array) -> pa.Array:
    """Take blanks (Unicode's whitespace) off both ends; the very same array when there are none."""
    trimmed = pc.utf8_trim_whitespace(text)
    return text if _count_bytes(trimmed) == _count_bytes(text) else trimmed


def drop_null_tokens(text: pa.Array, null_tokens: Sequence[str]) -> pa.Array:
    """Put NULL for values that are one of the tokens; the very same array when there are none."""
    if not null_tokens:
        return text
    absent = pc.is_in(text, pa.array(null_tokens, pa.string()))
    return pc.if_else(absent, None, text) if absent.true_count else text


def _count_bytes(text: pa.Array) -> int:
    return int(pc.sum(pc.binary_length(text)).as_py() or 0)
