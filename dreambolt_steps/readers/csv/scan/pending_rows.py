"""Odd rows held back until it is known whether the table goes on behind them."""

from __future__ import annotations

from dataclasses import dataclass

from dreambolt_steps.readers.csv.scan.bad_rows import OddRow
from dreambolt_steps.readers.csv.scan.records import Record
from dreambolt_steps.readers.csv.scan.scan_result import OtherTable, Screening
from dreambolt_steps.readers.csv.sniff.boundaries import Boundaries
from dreambolt_steps.readers.text import text_bytes

_MOST = 30


@dataclass(frozen=True, slots=True)
class SortedRow:
    """A row to be written: its text, and where it begins in the file (bytes)."""

    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class HeldRow:
    """An odd row.

    Attributes:
        record: what it was split into.
        raw: its text.
        offset: where it begins, in bytes.
        after_blank: whether a blank line stands before it.
        written: how it is written if it is a row after all; None if it is to be rejected.
        reason: why it would be rejected.
    """

    record: Record
    raw: str
    offset: int
    after_blank: bool
    written: str | None
    reason: str


class HeldRows:
    """The odd rows since the last sound one. Followed by a sound row, they are rows or rejects;
    at the end of the table they may be a footer."""

    def __init__(self, boundaries: Boundaries, found: Screening) -> None:
        """Take what tells a footer, and where rejects, footers and tables are noted."""
        self._boundaries, self._found = boundaries, found
        self._held: list[HeldRow] = []

    @property
    def count(self) -> int:
        """How many rows are held."""
        return len(self._held)

    def hold(self, row: HeldRow) -> list[SortedRow]:
        """Hold a row back; return rows that are held no longer."""
        released = self.release() if len(self._held) >= _MOST else []
        self._held.append(row)
        return released

    def release(self) -> list[SortedRow]:
        """Return the rows, and note the rejects: the table goes on."""
        rows = []
        for held in self._held:
            if held.written is not None:
                rows.append(SortedRow(held.written, held.offset))
            else:
                raw = text_bytes.show(held.raw)
                self._found.rejects.append(OddRow(held.offset, raw, held.reason))
        self._held = []
        return rows

    def end_file(self) -> list[SortedRow]:
        """Note the footer, if there is one, and release the rows before it."""
        first = len(self._held)
        blank = [any(held.after_blank for held in self._held[: i + 1]) for i in range(first)]
        while first and self._boundaries.is_footer(self._held[first - 1].record, blank[first - 1]):
            first -= 1
        footer, rows = self._held[first:], self._held[:first]
        if any(any(map(str.strip, held.record.fields)) for held in footer):
            self._held = rows
            self._found.footer = [text_bytes.show(held.raw) for held in footer]
            self._found.footer_offset = footer[0].offset
        return self.release()

    def start_table(self, offset: int, width: int) -> list[SortedRow]:
        """Note that another table begins; titles behind a blank line belong to it."""
        titles = [i for i, held in enumerate(self._held) if held.after_blank]
        if titles:
            offset = self._held[titles[0]].offset
            self._held = self._held[: titles[0]]
        self._found.tables.append(OtherTable(offset, offset, width, 1))
        return self.release()
