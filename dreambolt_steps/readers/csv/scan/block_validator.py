"""Tells, without splitting it, whether a block of text holds nothing but well-formed rows of one
width."""

from __future__ import annotations

import numpy as np

from dreambolt_steps.readers.csv.scan import bitset as bits
from dreambolt_steps.readers.csv.sniff.dialect import Dialect
from dreambolt_steps.readers.csv.sniff.layout import Layout
from dreambolt_steps.readers.text.text_bytes import encode

_CR, _LF = 13, 10
_MARK = "\ufeff".encode()


class BlockChecker:
    """Checks blocks of rows of one table.

    A block passes when each quote stands where a field begins or ends, each row has the same number
    of delimiters outside quotes, all lines end alike, and no line is blank or repeats the header.
    A passing block is read alike by every CSV reader. A block that does not pass may still be
    sound.
    """

    def __init__(self, dialect: Dialect, layout: Layout, line_end: bytes, written: Dialect) -> None:
        """Take the table's dialect and layout.

        Args:
            line_end: LF, CR LF or CR.
            written: the dialect in which the rows will be read: it may need another delimiter.
        """
        self._delimiter, self._quote = dialect.delimiter.encode(), dialect.quote.encode()
        strange = {dialect.escape, written.delimiter, written.quote}
        strange -= {"", dialect.delimiter, dialect.quote}
        self._strange = [b"\0", _MARK, *(character.encode() for character in strange)]
        self._width, self._trailing, self._line_end = layout.width, layout.trailing, line_end
        headers = layout.write_header(dialect.delimiter)
        self._headers = [line_end + encode(header) + line_end for header in headers]
        self._masker = bits.Masker()

    def check(self, block: bytes) -> int | None:
        """Return how many bytes at the front are whole rows with nothing odd in them, None if
        something is odd. The block begins with a row; a row that its end cuts is left out.
        """
        if not block or any(strange in block for strange in self._strange):
            return None
        for header in self._headers:
            if header in block or block.startswith(header[len(self._line_end) :]):
                return None
        values = np.frombuffer(block, np.uint8)
        delimiters = self._find_delimiters(block, values)
        if delimiters is None:
            return None
        ends = self._masker.find(values, self._line_end[-1])
        quotes = inside = None
        if self._quote and self._quote in block:
            quotes = self._masker.find(values, self._quote[0])
            inside = bits.find_inside(quotes)
            delimiters, ends = delimiters & ~inside, ends & ~inside
        cut = bits.find_last(ends) + 1
        if not cut:
            return None
        delimiters = bits.keep_before(delimiters, cut)
        first_ends = self._find_line_ends(block, values, ends, inside, cut)
        if first_ends is None:
            return None
        if quotes is not None and inside is not None:
            odd = self._find_odd_quotes(quotes, inside, ends, first_ends, delimiters)
            if bits.keep_before(odd, cut).any():
                return None
        return cut if self._check_widths(ends, first_ends, delimiters) else None

    def _find_delimiters(self, block: bytes, values: bits.Bytes) -> bits.Bits | None:
        """Find where delimiters begin; None where it is not clear which bytes belong to which."""
        if not self._delimiter:
            return np.zeros((len(values) + 63) // 64, np.uint64)
        found = self._masker.find(values, self._delimiter[0])
        for index, byte in enumerate(self._delimiter[1:], 1):
            mask = self._masker.find(values, byte)
            for _ in range(index):
                mask = bits.shift_down(mask)
            found &= mask
        later = found
        for _ in self._delimiter[1:]:
            later = bits.shift_up(later)
            if (found & later).any():
                return None
        return found

    def _find_line_ends(
        self,
        block: bytes,
        values: bits.Bytes,
        ends: bits.Bits,
        inside: bits.Bits | None,
        cut: int,
    ) -> bits.Bits | None:
        """Find where line ends begin (CR of CR LF); None where lines end in several ways."""
        other = _LF if self._line_end == b"\r" else _CR
        if other not in block:
            return ends if len(self._line_end) == 1 else None
        others = self._masker.find(values, other)
        others = bits.keep_before(others if inside is None else others & ~inside, cut)
        if len(self._line_end) == 1:
            return None if others.any() else ends
        return others if np.array_equal(bits.shift_up(others), ends) else None

    def _find_odd_quotes(
        self,
        quotes: bits.Bits,
        inside: bits.Bits,
        ends: bits.Bits,
        first_ends: bits.Bits,
        delimiters: bits.Bits,
    ) -> bits.Bits:
        """Find quotes that open where no field begins, or close where none ends."""
        opening, closing = quotes & inside, quotes & ~inside
        ended = delimiters
        for _ in self._delimiter[1:]:
            ended = bits.shift_up(ended)
        before = bits.shift_up(ended | ends | closing, first=True)
        behind = bits.shift_down(delimiters | first_ends | quotes)
        return (opening & ~before) | (closing & ~behind)

    def _check_widths(self, ends: bits.Bits, first_ends: bits.Bits, delimiters: bits.Bits) -> bool:
        rows = bits.count_bits(ends)
        if bits.count_bits(delimiters) != rows * (self._width - 1):
            return False
        if self._width == 1:
            return not (first_ends & bits.shift_up(ends, first=True)).any()
        if self._trailing:  # a value behind the last column would be lost
            for _ in self._delimiter[1:]:
                first_ends = bits.shift_down(first_ends)
            if bits.count_bits(delimiters & bits.shift_down(first_ends)) != rows:
                return False
        before = bits.count_before(delimiters, bits.list_positions(ends))
        return bool((np.diff(before, prepend=0) == self._width - 1).all())
