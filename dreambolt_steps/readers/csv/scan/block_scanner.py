"""Sorts the records of a block in which something is odd: sound ones in bulk, rows that just have
too many or too few fields in a hurry, and only what is left one by one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Protocol

from dreambolt_steps.readers.csv.scan.pending_rows import SortedRow
from dreambolt_steps.readers.csv.scan.record_index import (
    OTHER_DELIMITERS,
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
        self._others = [one for one in OTHER_DELIMITERS if one != self._delimiter]
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
                if held or not self._settle(records, done, stop):
                    break
            done = stop
        return records.behind[done - 1] - at if done > first else 0

    def _settle(self, records: Records, first: int, last: int) -> bool:
        """Reject records of which nothing can be made, or fill them up where that is wanted; tell
        whether that was clear without splitting them."""
        width, padded = self._width, []
        offsets, raws, reasons = [], [], []
        for number in range(first, last):
            fields, flaw = records.fields[number], records.flaws[number]
            start = records.starts[number]
            raw = self._block[start : records.ends[number]]
            is_misfit = fields != width
            if not records.plain[number] or (
                is_misfit and self._may_be_more(records, number, last, raw)
            ):
                return False
            if self._region.pad and not flaw and fields < width:
                padded.append((raw + self._delimiter * (width - fields), self._offset + start))
                continue
            offsets.append(self._offset + start)
            raws.append(raw.decode("utf-8", "replace"))
            if flaw:
                reasons.append((self._sorter.undecodable, NUL)[flaw - 1])
            else:
                reasons.append(f"{fields} fields where the table has {width} columns")
        for raw, offset in padded:
            self._sink.write_block(raw + self._region.line_end, offset)
            self._found.repairs.setdefault(PADDED, Tally()).add(offset)
        if offsets:
            self._found.rejects.extend(offsets, raws, reasons)
        return True

    def _may_be_more(self, records: Records, number: int, last: int, raw: bytes) -> bool:
        """Whether a record of another width may be repaired, be none at all, or begin a table."""
        fields = records.fields[number]
        if number + 2 < last and fields == records.fields[number + 1] == records.fields[number + 2]:
            return True
        if not raw.strip() or (self._comment and raw.startswith(self._comment)):
            return True
        if fields > self._width and (
            self._delimiter * 2 in raw
            or raw.startswith(self._delimiter)
            or raw.endswith(self._delimiter)
        ):
            return True
        quoted = bool(self._quote) and self._quote in raw
        return (quoted and self._region.pad) or may_be_divided_otherwise(
            raw, self._others, self._layout.profile, quoted=quoted
        )

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
