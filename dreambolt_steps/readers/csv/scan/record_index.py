"""The records of a block: where they begin and end, and which of them are odd, found without
splitting them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dreambolt_steps.readers.csv.sniff.dialect import Dialect
from dreambolt_steps.readers.csv.sniff.layout import Layout
from dreambolt_steps.readers.csv.sniff.value_kinds import fits_profile
from dreambolt_steps.readers.text.text_bytes import decode, encode, find_bad_bytes

Places = npt.NDArray[np.int64]
_CR, _LF = 13, 10
_MARK = "\ufeff".encode()
OTHER_DELIMITERS = {b",": 1, b";": 1, b"\t": 1, b"|": 1, b" ": 2}  # columns of a kind to hold


@dataclass(frozen=True)
class Records:
    """Records that begin where an even (or an odd) number of quotes stands before them.

    Attributes:
        starts, ends: in the block; the line end is part of no record.
        behind: where the next one begins.
        fields: of each.
        plain: whether nothing is odd but the number of fields, or what `flaws` says.
        flaws: 1 for bytes that are not UTF-8, 2 for NUL.
        next_odd, next_sound: for each record, the first from it on that is not, or is, a
            well-formed row.
    """

    starts: list[int]
    ends: list[int]
    behind: list[int]
    fields: list[int]
    plain: list[bool]
    flaws: list[int]
    next_odd: list[int]
    next_sound: list[int]


class RecordIndex:
    """The records of one block of a table, under both hypotheses on its quotes: a quote too many
    turns inside and outside round, but only behind the record it stands in."""

    def __init__(self, block: bytes, dialect: Dialect, layout: Layout, line_end: bytes) -> None:
        """Take a block that begins with a record, and how its table is written."""
        self._block, self._layout, self._line_end = block, layout, line_end
        self._values = np.frombuffer(block, np.uint8)
        self._delimiter = dialect.delimiter.encode()
        self._quote, self._escape = dialect.quote.encode(), dialect.escape
        self._quotes = self._find(self._quote) if self._quote else np.empty(0, np.int64)
        self._own_escape = dialect.escape not in ("", dialect.quote)
        self._headers = {*map(encode, layout.write_header(dialect.delimiter))}
        self._known: dict[int, Records] = {}

    def find_parity(self, place: int) -> int:
        """Tell whether an even (0) or an odd number (1) of quotes stands before a place."""
        return bisect_left(self._quotes, place) & 1 if len(self._quotes) else 0

    def list_records(self, parity: int) -> Records:
        """List the records that begin behind an even or an odd number of quotes."""
        if parity not in self._known:
            self._known[parity] = self._make_records(parity)
        return self._known[parity]

    def _make_records(self, parity: int) -> Records:
        last = self._keep_outside(self._line_ends, parity)
        behind = last + 1
        starts = np.concatenate((np.zeros(1, np.int64), behind[:-1]))[: len(behind)]
        ends = behind - len(self._line_end)
        count = len(behind)
        delimiters = self._keep_outside(self._delimiters, parity)
        totals = np.searchsorted(delimiters, behind)
        fields = np.diff(totals, prepend=0) + 1
        broken = np.zeros(count, bool)
        for places in (self._find_odd_quotes(parity), *self._strange, *self._find_ends(parity)):
            _mark(broken, behind, places)
        broken |= ends < starts
        flaws = np.zeros(count, np.uint8)
        for flaw, places in ((2, self._nuls), (1, self.undecodable)):
            marked = np.zeros(count, bool)
            _mark(marked, behind, places)
            flaws[marked] = flaw
        width = self._layout.width
        right = fields == width
        if self._layout.trailing:
            right &= self._values[np.maximum(ends - 1, 0)] == self._delimiter[-1]
        if width == 1:
            broken |= ends == starts
        odd = broken | ~right | (flaws > 0)
        plain = ~broken & (right | np.bool_(not self._layout.trailing))
        return Records(
            starts.tolist(),
            ends.tolist(),
            behind.tolist(),
            fields.tolist(),
            plain.tolist(),
            flaws.tolist(),
            _find_next(odd).tolist(),
            _find_next(~odd).tolist(),
        )

    @cached_property
    def _line_ends(self) -> Places:
        return self._find(self._line_end[-1:])

    @cached_property
    def _delimiters(self) -> Places:
        if not self._delimiter:
            return np.empty(0, np.int64)
        if len(self._delimiter) == 1:
            return self._find(self._delimiter)
        return self._find_text(self._delimiter)

    @cached_property
    def _nuls(self) -> Places:
        return self._find(b"\0") if b"\0" in self._block else np.empty(0, np.int64)

    @cached_property
    def undecodable(self) -> Places:
        """Where bytes are not UTF-8, once in each line at least."""
        return np.array(find_bad_bytes(self._block), np.int64)

    @cached_property
    def _strange(self) -> list[Places]:
        """Where an escape, a byte order mark or the header stand."""
        strange = [_MARK] if _MARK in self._block else []
        strange += [self._escape.encode()] if self._own_escape else []
        found = [self._find_text(text) for text in strange]
        for header in self._headers:
            whole = self._line_end + header + self._line_end
            if whole in self._block:
                found.append(self._find_text(whole, overlapping=True) + len(self._line_end))
            if self._block.startswith(header + self._line_end):
                found.append(np.zeros(1, np.int64))
        if len(self._delimiter) > 1:  # it is not clear which bytes belong to which
            overlaps = [
                self._find_text(self._delimiter + self._delimiter[:size])
                for size in range(1, len(self._delimiter))
                if self._delimiter.endswith(self._delimiter[:size])
            ]
            found += overlaps
        return found

    def _find_ends(self, parity: int) -> list[Places]:
        """Find where lines end in another way than most."""
        lone = _LF if self._line_end == b"\r" else _CR
        if bytes([lone]) not in self._block:
            ends = self._line_ends if len(self._line_end) > 1 else self._line_ends[:0]
            return [self._keep_outside(ends, parity)]
        others = self._find(bytes([lone]))
        if len(self._line_end) == 1:
            return [self._keep_outside(others, parity)]
        ends = self._line_ends
        without = ends[~np.isin(ends - 1, others, assume_unique=True)]
        alone = others[~np.isin(others + 1, ends, assume_unique=True)]
        alone = alone[alone < len(self._block) - 1]
        return [self._keep_outside(without, parity), self._keep_outside(alone, parity)]

    def _find_odd_quotes(self, parity: int) -> Places:
        """Find quotes that open where no field begins, or close where none ends."""
        quotes, values = self._quotes, self._values
        opening, closing = quotes[parity::2], quotes[1 - parity :: 2]
        if parity:  # what the first quote closes began before the block
            closing = closing[1:]
        if not len(quotes):
            return quotes
        quote, delimiter = self._quote[0], self._delimiter
        before = values[np.maximum(opening - 1, 0)]
        legal = (opening == 0) | (before == self._line_end[-1]) | (before == quote)
        behind = values[np.minimum(closing + 1, len(values) - 1)]
        closed = (closing == len(values) - 1) | (behind == self._line_end[0]) | (behind == quote)
        if len(delimiter) == 1:
            legal |= before == delimiter[0]
            closed |= behind == delimiter[0]
        elif delimiter:
            legal |= np.isin(opening, self._delimiters + len(delimiter))
            closed |= np.isin(closing + 1, self._delimiters)
        return np.concatenate((opening[~legal], closing[~closed]))

    def _keep_outside(self, places: Places, parity: int) -> Places:
        if not len(self._quotes):
            return places if not parity else places[:0]
        return places[(np.searchsorted(self._quotes, places) & 1) == parity]

    def _find(self, byte: bytes) -> Places:
        return np.flatnonzero(self._values == byte[0])

    def _find_text(self, text: bytes, *, overlapping: bool = False) -> Places:
        pattern = b"(?=%b)" if overlapping else b"%b"
        places = [match.start() for match in re.finditer(pattern % re.escape(text), self._block)]
        return np.array(places, np.int64)


def may_be_divided_otherwise(
    raw: bytes, delimiters: Sequence[bytes], profile: Sequence[str], *, quoted: bool
) -> bool:
    """Tell whether another delimiter could make a row of a record."""
    needed = len(profile) - 1
    for delimiter in delimiters:
        count = raw.count(delimiter)
        if count >= needed and quoted:
            return True
        if count == needed:
            fields = decode(raw).split(delimiter.decode())
            if fits_profile(fields, profile, OTHER_DELIMITERS[delimiter]):
                return True
    return False


def _mark(marked: npt.NDArray[np.bool_], behind: Places, places: Places) -> None:
    """Mark the records in which places lie."""
    if len(places):
        found = np.searchsorted(behind, places, side="right")
        marked[found[found < len(marked)]] = True


def _find_next(wanted: npt.NDArray[np.bool_]) -> Places:
    places = np.where(wanted, np.arange(len(wanted)), len(wanted))
    return np.minimum.accumulate(places[::-1])[::-1]
