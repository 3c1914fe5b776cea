"""Blanks around text, and words that stand for "nothing here"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.text.text_look import TextLook, make_byte_set

TEXT_NULL_TOKENS = ("", "N/A", "n/a", "#N/A", "<NA>", "\\N")
"""What counts as NULL in any column by default, after trimming: nobody's name and no code."""
NULL_TOKENS = (*TEXT_NULL_TOKENS, "NA", "#NA", "NULL", "Null", "null", "None", "NaN", "nan")
"""What counts as NULL by default where a column is numbers, dates or the like. In text, NA is
Namibia, None a town and Null a surname: there they are kept, and asked about. A lone "-" or "?" is
data: name it to have it taken for NULL."""

# The bytes that blanks begin and end with in UTF-8; other characters share those beyond 127.
_BLANK_STARTS = make_byte_set([*range(33), 0xC2, 0xE1, 0xE2, 0xE3])
_BLANK_STARTS[0] = False  # of an empty value
_BLANK_ENDS = make_byte_set([*range(1, 33), *range(0x80, 0x8B), 0x9F, 0xA0, 0xA8, 0xA9, 0xAF])


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a column of this Arrow type holds text, however it is encoded."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def trim_text(text: pa.Array, look: TextLook | None = None) -> pa.Array:
    """Take blanks (Unicode's whitespace) off both ends; the very same array when there are none.

    Args:
        text: the values.
        look: at them, if there is one already.
    """
    look = look or TextLook(text)
    if not (_may_have(look.first, _BLANK_STARTS) or _may_have(look.last, _BLANK_ENDS)):
        return text
    trimmed = pc.utf8_trim_whitespace(text)
    return text if _count_bytes(trimmed) == _count_bytes(text) else trimmed


class NullTokens:
    """Words that mean NULL.

    Attributes:
        tokens: the words; "" is one as good as others.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        """Blanks around a token count for nothing, if the values are trimmed."""
        self.tokens = tuple(tokens)
        written = [token.encode() for token in tokens if token]
        self._starts = make_byte_set({token[0] for token in written})
        self._longest = max(map(len, written), default=0)
        self._has_empty = "" in self.tokens
        self._values = pa.array(self.tokens, pa.string())

    def find(self, text: pa.Array, look: TextLook | None = None) -> np.ndarray | None:
        """Which values are tokens; None when none is. NULL is none."""
        look = look or TextLook(text)
        found = self._starts.take(look.first)
        at = np.flatnonzero(found)
        if len(at):
            at = at[look.lengths[at] <= self._longest]
            found[:] = False
            if len(at):
                known = pc.is_in(text.take(pa.array(at)), self._values)
                found[at] = known.to_numpy(zero_copy_only=False)
        if self._has_empty and look.has_empty:
            empty = look.lengths == 0
            if text.null_count:
                empty &= text.is_valid().to_numpy(zero_copy_only=False)
            found |= empty
        return found if found.any() else None

    def drop(self, text: pa.Array, look: TextLook | None = None) -> pa.Array:
        """Put NULL for values that are tokens; the very same array when there are none."""
        found = self.find(text, look)
        return text if found is None else drop_values(text, found)


def drop_values(text: pa.Array, found: np.ndarray) -> pa.Array:
    """Put NULL for some values."""
    return pc.if_else(pa.array(found), pa.scalar(None, text.type), text)


def _may_have(found: np.ndarray, members: np.ndarray) -> bool:
    """Whether any byte may be a member of a set of blanks; most text is told by its extremes."""
    if not len(found):
        return False
    shifted = found - np.uint8(1)  # an empty value's 0 becomes 255
    if shifted.min() > 31 and found.max() < 128:
        return False
    return bool(members.take(found).any())


def _count_bytes(text: pa.Array) -> int:
    return int(pc.sum(pc.binary_length(text)).as_py() or 0)
