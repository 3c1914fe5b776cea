"""Sorts the records of a text: rows of the table as they are, rows made to fit, rejects, and what
is none of the table's rows."""

from __future__ import annotations

import re

from dreambolt_steps.readers.csv.scan.pending_rows import HeldRow, HeldRows, SortedRow
from dreambolt_steps.readers.csv.scan.records import Quoting, Record, RecordSplitter, list_cells
from dreambolt_steps.readers.csv.scan.repair import Repair, RowRepairer
from dreambolt_steps.readers.csv.scan.row_writer import RowWriter
from dreambolt_steps.readers.csv.scan.scan_result import OtherTable, Screening, Tally
from dreambolt_steps.readers.csv.sniff.boundaries import Boundaries
from dreambolt_steps.readers.csv.sniff.dialect import Dialect
from dreambolt_steps.readers.csv.sniff.layout import Layout
from dreambolt_steps.readers.csv.sniff.value_kinds import find_kind
from dreambolt_steps.readers.text import text_bytes
from dreambolt_steps.readers.text.text_bytes import BytePlaces

BROKEN_QUOTES = "text behind a closing quote, or a quote that nothing closes"
REST = "the rest of a row with broken quotes, as its values tell"
NUL = "a NUL byte, which no text has"
MARK = "a byte order mark before the first field is left out"
PADDED = "fields missing at the end are read as null"
_MARK = "\ufeff"
LOOKAHEAD = 1 << 14
_OPENED = re.compile(r"[^\s\d][\"'`](?=\w)")
_CLOSED = re.compile(r"[^\s\d][\"'`]$")


class RowSorter:
    """Sorts records one after the other; what it finds goes into a Screening. Rows are given back
    in the file's order."""

    def __init__(
        self, dialect: Dialect, layout: Layout, writer: RowWriter, found: Screening, *, pad: bool
    ) -> None:
        """Take the table's dialect and layout.

        Args:
            pad: whether rows with too few fields are filled up with nulls.
        """
        self._layout, self._writer, self._found, self._pad = layout, writer, found, pad
        self._quote = dialect.quote
        self.undecodable = f"bytes that are not valid {dialect.encoding}"
        self._splitter = RecordSplitter(dialect)
        self._repairer = RowRepairer(
            dialect, layout.width, layout.profile, multiline=layout.multiline
        )
        self._boundaries = Boundaries(layout, self._splitter)
        self._held = HeldRows(self._boundaries, found)
        self._typed = [
            (index, kind)
            for index, kind in enumerate(layout.profile)
            if kind not in ("", "text") and not kind.startswith("code")
        ]
        self._after_blank = self._after_broken = False
        self._rows: list[SortedRow] = []
        self._text, self._places = "", BytePlaces("", 0)

    @property
    def is_holding(self) -> bool:
        """Whether rows are held back."""
        return self._held.count > 0

    def release(self) -> list[SortedRow]:
        """Return the rows held back: sound ones follow."""
        self._after_blank = self._after_broken = False
        return self._held.release()

    @property
    def is_alert(self) -> bool:
        """Whether the next record is to be looked at even if it is well-formed."""
        return self._after_blank or self._after_broken or bool(self._found.tables)

    def sort(
        self, text: str, offset: int, *, final: bool, force: bool, lookahead: int
    ) -> tuple[list[SortedRow], int]:
        """Sort the record with which a text begins.

        Args:
            text: decoded by `text_bytes.decode`.
            offset: where the text begins in the file, in bytes.
            final: whether the table ends with it.
            force: give up on a quote that nothing in this text closes.
            lookahead: how much text is to stand behind the record.

        Returns: rows to write, and how many bytes were used up; none where more text is needed.
        """
        self._text, self._places, self._rows = text, BytePlaces(text, offset), []
        record = self._splitter.take(text, 0)
        if not final and record.next >= len(text):
            return [], 0
        is_unclosed = record.quoting is Quoting.UNCLOSED and not force
        if not final and (is_unclosed or len(text) - record.next < lookahead):
            return [], 0
        behind = self._sort_record(record)
        return self._rows, self._places.find(behind) - offset

    def finish(self, end: int) -> list[SortedRow]:
        """End the table; return the rows that are held no longer."""
        if self._found.tables:
            self._found.tables[-1].end = end
        return self._held.end_file()

    def _sort_record(self, record: Record) -> int:
        """Sort one record; return where the next begins."""
        if self._text.startswith(_MARK, record.start) and record.end > record.start + 1:
            self._note_repair(MARK, record)
            record = self._splitter.take(self._text, record.start + 1)
        raw = self._text[record.start : record.end]
        if not raw or (record.is_blank and self._layout.width > 1):
            self._found.blanks.add(self._places.find(record.start))
            self._after_blank = True
            return record.next
        right = len(record.fields) == self._layout.width
        if self._layout.trailing:
            right = right and not record.fields[-1]
        comment = self._layout.comment
        if self._found.tables:
            self._count_other(record)
        elif comment and raw.startswith(comment) and not right:
            self._found.comments.add(self._places.find(record.start))
            return record.next
        elif self._boundaries.repeats_header(record):
            self._found.headers.add(self._places.find(record.start))
            self._rows += self.release()
        elif self._boundaries.starts_table(self._text, record, self._after_blank):
            offset = self._places.find(record.start)
            self._rows += self._held.start_table(offset, len(record.fields))
        elif record.quoting is Quoting.SOUND and right:
            self._take_row(record, raw)
        else:
            record = self._take_odd(record)
        self._after_blank = False
        return record.next

    def _take_row(self, record: Record, raw: str) -> None:
        plain = self._writer.is_plain(raw)
        written = raw if plain else self._writer.write(list_cells(record))
        if not text_bytes.is_text(raw):
            self._hold(record, None, self.undecodable)
        elif "\0" in raw:
            self._hold(record, None, NUL)
        elif written is None or (not plain and self._has_shifted(record)):
            self._hold(record, None, BROKEN_QUOTES)
        elif self._after_broken and self._is_rest(record, plain):
            self._hold(record, None, REST)
        elif self._boundaries.may_be_footer(record):
            self._hold(record, written, "")
        else:
            self._put(written, record)

    def _has_shifted(self, record: Record) -> bool:
        """Whether quotes within fields have cut fields in the wrong places: a field in which a
        quote opens is followed by one in which it closes, or values are of the wrong kind."""
        odd = [f for f in record.fields if self._quote and f.count(self._quote) % 2]
        opened = [index for index, field in enumerate(odd) if _OPENED.search(field)]
        closed = [index for index, field in enumerate(odd) if _CLOSED.search(field)]
        if opened and closed and opened[0] < closed[-1]:
            return True
        return bool(odd) and self._is_misfit(record)

    def _is_rest(self, record: Record, plain: bool) -> bool:
        """Whether what follows a row with broken quotes is no row of its own: a quote stands in it
        oddly, or where rows have several lines, its values are of the wrong kind."""
        return not plain or (self._layout.multiline and self._is_misfit(record))

    def _is_misfit(self, record: Record) -> bool:
        """Whether a value is not of its column's kind."""
        return any(find_kind(record.fields[i]) not in ("", kind) for i, kind in self._typed)

    def _take_odd(self, record: Record) -> Record:
        record, repair = self._repairer.settle(self._text, record)
        repair = repair or self._fill_up(record)
        written = self._writer.write(repair.cells) if repair else None
        raw = self._text[record.start : record.end]
        if not text_bytes.is_text(raw) or "\0" in raw:
            self._hold(record, None, self.undecodable if not text_bytes.is_text(raw) else NUL)
            self._after_broken = record.quoting is not Quoting.SOUND
        elif repair and written is not None:
            self._put(written, record)
            if repair.what:
                self._note_repair(repair.what, record)
        elif record.quoting is not Quoting.SOUND:
            self._hold(record, None, BROKEN_QUOTES)
            self._after_broken = True
        else:
            columns, fields = self._layout.width, len(record.fields)
            if self._layout.trailing:
                columns, fields = columns - 1, fields - (not record.fields[-1])
            self._hold(record, None, f"{fields} fields where the table has {columns} columns")
        return record

    def _note_repair(self, what: str, record: Record) -> None:
        self._found.repairs.setdefault(what, Tally()).add(self._places.find(record.start))

    def _fill_up(self, record: Record) -> Repair | None:
        """Fill a row with nulls if that is asked for, or if it lacks nothing but the delimiter with
        which rows end here."""
        missing = self._layout.width - len(record.fields)
        if record.quoting is not Quoting.SOUND or missing <= 0:
            return None
        if not self._pad and missing > self._layout.trailing:
            return None
        cells = (*list_cells(record), *[None] * missing)
        return Repair(cells, PADDED if missing > self._layout.trailing else "")

    def _put(self, written: str, record: Record) -> None:
        self._after_broken = False
        self._rows += self._held.release()
        self._rows.append(SortedRow(written, self._places.find(record.start)))

    def _hold(self, record: Record, written: str | None, reason: str) -> None:
        raw = self._text[record.start : record.end]
        offset = self._places.find(record.start)
        held = HeldRow(record, raw, offset, self._after_blank, written, reason)
        self._rows += self._held.hold(held)

    def _count_other(self, record: Record) -> None:
        last = self._found.tables[-1]
        offset = self._places.find(record.start)
        if self._after_blank and len(record.fields) not in (1, last.width):
            last.end = offset
            self._found.tables.append(OtherTable(offset, offset, len(record.fields), 1))
        else:
            last.rows += 1
