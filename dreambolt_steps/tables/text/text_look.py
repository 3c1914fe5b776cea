"""A first look at text: lengths and end bytes of all values, read off Arrow's buffers.

It costs a few nanoseconds a value, a tenth of a regular expression, and tells of most columns what
they are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import pyarrow as pa


class TextLook:
    """The bytes at the ends of the values of a text array.

    Attributes:
        data: all bytes of the array's buffer; those between `starts[0]` and `ends[-1]` are its own.
        starts, ends: where each value begins, and where it is over.
        lengths: bytes of each value, 0 for NULL.
    """

    def __init__(self, text: pa.StringArray) -> None:
        """Nothing is copied."""
        _, offsets, data = text.buffers()
        if offsets is None or not len(text):
            bounds = np.zeros(len(text) + 1, np.int32)
        else:
            bounds = np.frombuffer(offsets, np.int32, len(text) + 1, 4 * text.offset)
        empty = data is None or not data.size
        self.data = np.zeros(1, np.uint8) if empty else np.frombuffer(data, np.uint8)
        self.starts, self.ends = bounds[:-1], bounds[1:]
        self.lengths = self.ends - self.starts
        if text.null_count:  # a NULL may have bytes of its own
            self.lengths = np.where(text.is_valid().to_numpy(zero_copy_only=False), self.lengths, 0)

    @cached_property
    def has_empty(self) -> bool:
        """Whether any value is empty or NULL."""
        return not len(self.lengths) or int(self.lengths.min()) == 0

    @cached_property
    def first(self) -> np.ndarray:
        """The first byte of each value, 0 for an empty one."""
        return self._blot(self.data.take(self.starts, mode="clip"))

    @cached_property
    def last(self) -> np.ndarray:
        """The last byte of each value, 0 for an empty one."""
        return self._blot(self.data.take(self.ends - 1, mode="clip"))

    def get_bytes(self, at: int) -> np.ndarray:
        """The byte of each value at a place, 0 behind its end."""
        return self.data.take(self.starts + at, mode="clip") * (self.lengths > at)

    def _blot(self, found: np.ndarray) -> np.ndarray:
        return found * (self.lengths > 0) if self.has_empty else found

    @property
    def own(self) -> np.ndarray:
        """All bytes of the values; those of NULLs, if there are any, too."""
        return self.data[self.starts[0] : self.ends[-1]] if len(self.starts) else self.data[:0]


def make_byte_set(members: bytes | Iterable[int]) -> np.ndarray:
    """A table of 256 booleans: which bytes are members.

    >>> bool(make_byte_set(b"ab")[98])
    True
    """
    table = np.zeros(256, bool)
    table[list(members)] = True
    return table
