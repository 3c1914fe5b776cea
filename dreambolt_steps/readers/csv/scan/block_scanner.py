"""Sorts the records of a block in which something is odd: sound ones in bulk, rows that just have
too many or too few fields in a hurry, and only what is left one by one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Protocol

from dreambolt_steps.readers.csv.scan.pending_rows import SortedRow
from dreambolt_steps.readers.csv.scan.record_index import (
    RecordIndex,
    Records,
    may_be_divided_otherwise,
)
from dreambolt_steps.readers.csv.scan.region import NotUtf8Error, Region
from dreambolt_steps.readers.csv.scan.row_classifier import LOOKAHEAD, NUL, PADDED, RowSorter
from dreambolt_steps.readers.csv.scan.scan_result import Screening, Tally
from dreambolt_steps.readers.csv.sniff.dialect import Dialect
from dreambolt_steps.readers.csv.sniff.layout import Layout
from dreambolt_steps.readers.text import text_bytes
from dreambolt_steps.readers.text.text_bytes import encode

_WINDOW_BYTES = 2 * LOOKAHEAD


class RowSink(Protocol):
    """Where rows go, in the file's order."""

    def write_block(self, block: bytes, offset: int) -> None:
        """Write whole rows, which begin at an offset of the file."""

    def write_rows(self, rows: list[SortedRow]) -> None:
        """Write rows one by one."""


class BlockScanner:
    """Sorts the records of blocks that follow each other."""

    def __init__(
        self,
        dialect: Dialect,
        layout: Layout,
        region: Region,
        sorter: RowSorter,
        found: Screening,
        sink: RowSink,
        *,
        trusts: bool,
    ) -> None:
        """Take the table, what sorts single records, and where rows and rejects go.

        Args:
            trusts: whether sound rows can be copied as they are.
        """
        self._dialect, self._layout, self._region = dialect, layout, region
        self._sorter, self._found, self._sink, self._trusts = sorter, found, sink, trusts
        self._delimiter, self._quote = dialect.delimiter.encode(), dialect.quote.encode()
        self._comment = encode(layout.comment)
        self._width = layout.width
        self._block, self._offset = b"", 0

    def scan(self, block: bytes, offset: int, *, final: bool, force: bool) -> int:
        """Sort the records of a block that begins with one.

        Args:
            offset: where the block begins in the file, in bytes.
            final: whether the table ends with it.
            force: give up on a quote that nothing in this block closes.

        Returns: how many bytes were used up; the rest is to come again with more behind it.
        Raises: NotUtf8Error.
        """
        self._block, self._offset = block, offset
        index = RecordIndex(block, self._dialect, self._layout, self._region.line_end)
        self._require_text(index, final=final)
        trusted = self._region.odd_from - offset if self._trusts else 0
        at = 0
        while at < len(block):
            step = 0
            if at < trusted and not self._sorter.is_alert:
                step = self._take_many(index, at, trusted)
            if not step:
                step = self._take_one(at, final=final, force=force)
            if not step:
                break
            at += step
        return at

    def _require_text(self, index: RecordIndex, *, final: bool) -> None:
        bad = index.undecodable
        if self._region.bad_bytes or not len(bad):
            return
        block = self._block
        end = len(block) if final else max(block.rfind(b"\n"), block.rfind(b"\r"))
        if bad[0] < end:
            raise NotUtf8Error(self._offset + int(bad[0]))

    def _take_many(self, index: RecordIndex, at: int, trusted: int) -> int:
        """Take the sound records from a place on, or the odd ones before the next sound one;
        return how many bytes they are, 0 where the first is to be looked at by itself."""
        records = index.list_records(index.find_parity(at))
        first = done = bisect_left(records.starts, at)
        if first >= len(records.starts) or records.starts[first] != at:
            return 0
        most = bisect_right(records.behind, trusted)
        while done < most:
            stop = min(records.next_odd[done], most)
            if stop > done:
                if self._sorter.is_holding:
                    self._sink.write_rows(self._sorter.release())
                start = records.starts[done]
                rows = self._block[start : records.behind[stop - 1]]
                self._sink.write_block(rows, self._offset + start)
            else:
                stop = records.next_sound[done]
                held = self._sorter.is_holding or stop >= most
                if held or not self._are_misfits(records, done, stop):
                    break
                self._settle(records, done, stop)
            done = stop
        return records.behind[done - 1] - at if done > first else 0

    def _are_misfits(self, records: Records, first: int, last: int) -> bool:
        """Whether nothing can be made of some records, and they are no further table."""
        fields, double = records.fields, self._delimiter * 2
        for number in range(first, last):
            raw, count = self._block[records.starts[number] : records.ends[number]], fields[number]
            if not records.plain[number]:
                return False
            if count == self._width:
                continue
            if (number + 2 < last and fields[number : number + 3] == [count] * 3) or (
                not raw.strip()
            ):
                return False
            if self._comment and raw.startswith(self._comment):
                return False
            if count > self._width and (
                double in raw or raw.startswith(self._delimiter) or raw.endswith(self._delimiter)
            ):
                return False
            quoted = bool(self._quote) and self._quote in raw
            if (quoted and self._region.pad) or may_be_divided_otherwise(
                raw, self._layout.profile, quoted=quoted
            ):
                return False
        return True

    def _settle(self, records: Records, first: int, last: int) -> None:
        """Reject records that do not fit, or fill them up where that is wanted."""
        offsets, raws, reasons = [], [], []
        for number in range(first, last):
            start, fields, flaw = (
                records.starts[number],
                records.fields[number],
                records.flaws[number],
            )
            raw, offset = self._block[start : records.ends[number]], self._offset + start
            if self._region.pad and not flaw and fields < self._width:
                missing = self._delimiter * (self._width - fields)
                self._sink.write_block(raw + missing + self._region.line_end, offset)
                self._found.repairs.setdefault(PADDED, Tally()).add(offset)
                continue
            offsets.append(offset)
            raws.append(raw.decode("utf-8", "replace"))
            told = f"{fields} fields where the table has {self._width} columns"
            reasons.append((told, self._sorter.undecodable, NUL)[flaw])
        self._found.rejects.extend(offsets, raws, reasons)

    def _take_one(self, at: int, *, final: bool, force: bool) -> int:
        """Sort one record; return how many bytes it is, 0 where more text is needed."""
        left = len(self._block) - at
        size = _WINDOW_BYTES
        while True:
            is_rest = size >= left
            ends = final and is_rest
            text = self._read_text(at, at + size, is_end=ends)
            lookahead = LOOKAHEAD if at or not is_rest else 0
            offset = self._offset + at
            rows, used = self._sorter.sort(
                text, offset, final=ends, force=force and is_rest, lookahead=lookahead
            )
            if used or is_rest:
                self._sink.write_rows(rows)
                return used
            size *= 4

    def _read_text(self, start: int, stop: int, *, is_end: bool) -> str:
        """Read whole lines."""
        piece = self._block[start:stop]
        if not is_end:
            cut = piece.rfind(b"\n") + 1 or piece.rfind(b"\r") + 1
            piece = piece[:cut]
        return text_bytes.decode(piece)
