"""Repairs a row that does not fit its table, where only one repair makes sense."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb

from dreambolt_steps.readers.csv.scan.quote_repair import Cells, QuoteReader
from dreambolt_steps.readers.csv.scan.records import Quoting, Record, RecordSplitter, list_cells
from dreambolt_steps.readers.csv.sniff.dialect import Dialect
from dreambolt_steps.readers.csv.sniff.value_kinds import find_kind, fits_profile

STRAY_QUOTE = "a quote that opens or closes nothing is kept as text"
OTHER_DELIMITER = "the fields of the row are divided by another delimiter"
EXTRA_FIELD = "an empty field too many is left out"
_OTHER_DELIMITERS = ",;\t| "
_MOST_WAYS = 200
_MOST_LINES = 10
_MOST_COST = 1000.0


@dataclass(frozen=True)
class Repair:
    """A row made to fit.

    Attributes:
        cells: its values; None for a field with nothing in it, not even quotes.
        what: what was done, in words.
    """

    cells: Cells
    what: str


class RowRepairer:
    """Repairs rows of one table.

    A repair is made only where it is the one that fits: the number of fields comes out right, no
    other way of reading comes out right, and typed columns hold their kind of value.
    """

    def __init__(
        self, dialect: Dialect, width: int, profile: Sequence[str], *, multiline: bool = False
    ) -> None:
        """Take the dialect, the width of a row and the kind of value in each column.

        Args:
            multiline: whether some sound rows have line ends within quotes.
        """
        self._multiline = multiline
        self._dialect, self._width, self._profile = dialect, width, profile
        self._splitter = RecordSplitter(dialect)
        self._reader = QuoteReader(dialect, width) if dialect.quote else None
        self._splitters = [
            (other, RecordSplitter(Dialect(other, dialect.quote or '"', dialect.escape or '"')))
            for other in _OTHER_DELIMITERS
            if other != dialect.delimiter and dialect.delimiter
        ]

    def settle(
        self, text: str, record: Record, *, header: bool = False
    ) -> tuple[Record, Repair | None]:
        """Return where a row that does not fit really ends, and its repair if there is one.

        A quote too many can swallow the lines behind it: if the first line by itself can be
        repaired, it is the row.

        Args:
            text: what the record lies in.
            record: a row with broken quotes, or with another number of fields.
            header: whether it is a row of names, which have no kinds to go by.
        """
        line = self._splitter.take_line(text, record.start)
        if found := self._split_otherwise(text, record, header=header):
            return found
        if record.quoting is not Quoting.SOUND:
            return self._repair_quotes(text, record, self._list_ends(text, line), header=header)
        surplus = len(record.fields) > self._width and not header
        if surplus and (repair := self._drop_empty(list_cells(record))):
            return record, repair
        if record.next > line.next and self._is_row(text, line.next):
            return self._repair_quotes(text, record, [line], header=header)
        return record, None

    def _list_ends(self, text: str, line: Record) -> Iterator[Record]:
        """Yield the lines with which a row that begins with a line could end: that line, and
        further ones as long as they can't be rows by themselves."""
        yield line
        for _ in range(_MOST_LINES if self._multiline else 0):
            if line.next >= len(text):
                return
            if self._may_be_row(text, line.next):
                return
            line = self._splitter.take_line(text, line.next)
            yield line

    def _may_be_row(self, text: str, start: int) -> bool:
        """Whether a line by itself could be a row, whatever stands before it."""
        fields = self._split_first_line(text, start)
        return len(fields) == self._width and self._fits(tuple(fields))

    def _is_row(self, text: str, start: int) -> bool:
        """Whether a line by itself is a row, as its typed values tell. One with an odd quote of
        its own may as well be the end of a field of two lines."""
        fields = self._split_first_line(text, start)
        odd = any(self._dialect.quote in field for field in fields)
        return len(fields) == self._width and not odd and fits_profile(fields, self._profile)

    def _split_first_line(self, text: str, start: int) -> list[str]:
        line = self._splitter.take_line(text, start)
        return self._splitter.split_line(text[line.start : line.end])

    def _repair_quotes(
        self, text: str, record: Record, ends: Iterable[Record], *, header: bool
    ) -> tuple[Record, Repair | None]:
        """Return the reading that breaks the fewest rules, if it is the only one."""
        best: tuple[float, Record, Repair | None] = (_MOST_COST, record, None)
        for end in ends:
            if not self._reader:
                break
            cost, readings = self._reader.read(text[record.start : end.end])
            if not readings or cost >= best[0]:
                continue
            fitting = [cells for cells in readings if header or self._fits(cells)]
            repair = Repair(fitting[0], STRAY_QUOTE) if len(fitting) == 1 else None
            best = (cost, replace(record, end=end.end, next=end.next), repair)
        return (best[1], best[2]) if best[2] else (self._cut(text, record), None)

    def _cut(self, text: str, record: Record) -> Record:
        """Return a row that can't be repaired without the lines in it that may be rows."""
        if record.quoting is Quoting.SOUND:
            return record
        line = self._splitter.take_line(text, record.start)
        for end in self._list_ends(text, line):
            if end.start < record.end:
                line = end
        return replace(record, end=line.end, next=line.next)

    def _fits(self, cells: Cells) -> bool:
        """Whether every typed column holds its kind, nothing, or the stray quote."""
        for cell, kind in zip(cells, self._profile, strict=True):
            if kind in ("", "text") or not cell or self._dialect.quote in cell:
                continue
            if find_kind(cell) not in ("", kind):
                return False
        return True

    def _split_otherwise(
        self, text: str, record: Record, *, header: bool
    ) -> tuple[Record, Repair] | None:
        found = []
        own = record.fields[: self._width]
        if not header and fits_profile(own, self._profile[: len(own)]):
            return None  # it may as well be a row of which something is missing
        for delimiter, splitter in self._splitters:
            other = splitter.take(text, record.start)
            sound = other.quoting is Quoting.SOUND and other.next >= record.next
            if sound and len(other.fields) == self._width > 1:
                least = 2 if delimiter == " " else 1
                if self._suits(other.fields, least, header=header):
                    found.append(other)
        if len(found) != 1:
            return None
        return found[0], Repair(tuple(list_cells(found[0])), OTHER_DELIMITER)

    def _suits(self, fields: Sequence[str], least: int, *, header: bool) -> bool:
        if header:
            return all(find_kind(field) in ("", "text") for field in fields)
        return fits_profile(fields, self._profile, least)

    def _drop_empty(self, cells: Sequence[str | None]) -> Repair | None:
        """Leave out empty fields that are too many: behind the last column, or where that alone
        brings every value under its column."""
        extra = len(cells) - self._width
        empty = [index for index, cell in enumerate(cells) if cell is None]
        trailing = all(cell is None for cell in cells[self._width :])
        ways: set[Cells] = {tuple(cells[: self._width])} if trailing else set()
        if comb(len(empty), extra) <= _MOST_WAYS:
            for dropped in combinations(empty, extra):
                ways.add(tuple(c for index, c in enumerate(cells) if index not in dropped))
        if any(kind not in ("", "text") for kind in self._profile):
            ways = {way for way in ways if fits_profile([w or "" for w in way], self._profile)}
        elif len(empty) > extra or not trailing:
            return None
        return Repair(ways.pop(), EXTRA_FIELD) if len(ways) == 1 else None
