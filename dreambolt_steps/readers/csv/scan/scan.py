"""Walks over the rows of a delimited file: nothing is done where all are well-formed, otherwise
those that fit the table are copied."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import BinaryIO

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.csv.scan.block_scanner import BlockScanner
from dreambolt_steps.readers.csv.scan.block_validator import BlockChecker
from dreambolt_steps.readers.csv.scan.clean_prefix import BLOCK_BYTES, find_sound_end
from dreambolt_steps.readers.csv.scan.pending_rows import SortedRow
from dreambolt_steps.readers.csv.scan.region import NotUtf8Error, Region
from dreambolt_steps.readers.csv.scan.row_classifier import RowSorter
from dreambolt_steps.readers.csv.scan.row_writer import RowWriter
from dreambolt_steps.readers.csv.scan.scan_result import Screening
from dreambolt_steps.readers.csv.sniff.dialect import MAX_LINE_BYTES, Dialect
from dreambolt_steps.readers.csv.sniff.layout import Layout
from dreambolt_steps.readers.text import text_bytes

_COPY_BYTES = 4 << 20


def screen_table(
    path: Path, target: Path, dialect: Dialect, layout: Layout, region: Region
) -> Screening:
    """Walk over the rows of a table; copy those that fit to `target` if any row is odd.

    The copy holds nothing but rows, in the writer's dialect (`RowWriter.dialect`), each with the
    file's line end. It is read by every CSV reader alike.

    Args:
        path: a UTF-8 file.
        target: the copy to write.
        dialect, layout: how the file is written, and where its table lies.
        region: the rows.

    Returns: what was found; `plain` tells whether nothing was copied.
    Raises: NotUtf8Error, SourceError for a row of more than 16 MiB.
    """
    with path.open("rb") as source:
        walk = _Walk(path, source, target, dialect, layout, region)
        try:
            walk.run()
        finally:
            walk.close()
    return walk.found


class _Walk:
    def __init__(
        self,
        path: Path,
        source: BinaryIO,
        target: Path,
        dialect: Dialect,
        layout: Layout,
        region: Region,
    ) -> None:
        self._path, self._source, self._target, self._region = path, source, target, region
        self._writer = RowWriter(dialect)
        self._make_checker = partial(
            BlockChecker, dialect, layout, region.line_end, self._writer.dialect
        )
        self._checker = self._make_checker()
        self.found = Screening()
        self._sorter = RowSorter(dialect, layout, self._writer, self.found, pad=region.pad)
        self._trusts = self._writer.copies_text
        self._scanner = BlockScanner(
            dialect, layout, region, self._sorter, self.found, self, trusts=self._trusts
        )
        self._sink: BinaryIO | None = None
        self._copied, self._expected = 0, -1

    def run(self) -> None:
        region, block, done = self._region, b"", self._region.start
        if self._trusts:
            end = min(region.end, region.odd_from)
            done = find_sound_end(self._path, done, end, region.line_end, self._make_checker)
        if region.copy or not self._trusts:
            self._begin_copy(done)
        self._source.seek(done)
        while True:
            left = region.end - done - len(block)
            size = max(BLOCK_BYTES, len(block))
            chunk = self._source.read(min(size, left)) if left > 0 else b""
            block += chunk
            final = not chunk or len(chunk) == left
            if not final and region.line_end not in block and len(block) < MAX_LINE_BYTES:
                continue
            used = self._check(block, done, final)
            if used:
                self.write_rows(self._sorter.release())
                self.write_block(block[:used], done)
            elif used is None:
                self._begin_copy(done)
                used = self._scan(block, done, final)
            done, block = done + used, block[used:]
            if final and not block:
                self.write_rows(self._sorter.finish(done))
                return

    def close(self) -> None:
        if self._sink:
            self._sink.close()

    def _check(self, block: bytes, done: int, final: bool) -> int | None:
        """Return how many bytes are well-formed rows; None if something is odd."""
        end = done + len(block)
        if not self._trusts or self.found.tables or end > self._region.odd_from:
            return None
        if final and not block:
            return 0 if not self._sorter.is_holding else None
        if final and not block.endswith(self._region.line_end):
            used = self._checker.check(block + self._region.line_end)
            used = used and min(used, len(block))
        else:
            used = self._checker.check(block)
        if used and not text_bytes.is_utf8(block[:used]):
            if not self._region.bad_bytes:
                raise NotUtf8Error(done + text_bytes.find_bad_byte(block[:used]))
            return None
        return used

    def _scan(self, block: bytes, done: int, final: bool) -> int:
        full = len(block) >= MAX_LINE_BYTES
        used = self._scanner.scan(block, done, final=final, force=full)
        if full and not used:
            raise SourceError(
                f"{self._path}: the row at byte {done} is longer than {MAX_LINE_BYTES >> 20} MiB; "
                "name the file's quote and delimiter, or split the row"
            )
        return used

    def _begin_copy(self, done: int) -> None:
        """Open the copy, and copy what was found well-formed so far."""
        if self._sink:
            return
        self.found.plain = False
        self._sink = self._target.open("wb")
        place = self._source.tell()
        self._source.seek(self._region.start)
        left = done - self._region.start
        while left > 0 and (piece := self._source.read(min(_COPY_BYTES, left))):
            self.write_block(piece, done - left)
            left -= len(piece)
        self._source.seek(place)

    def write_block(self, block: bytes, offset: int) -> None:
        """Write whole rows, which begin at an offset of the file."""
        if self._sink:
            self._note_segment(offset, len(block))
            self._sink.write(block)
            self._copied += len(block)

    def write_rows(self, rows: list[SortedRow]) -> None:
        """Write rows one by one."""
        if not rows or not self._sink:
            return
        pieces = []
        for row in rows:
            piece = text_bytes.encode(row.text) + self._region.line_end
            self._note_segment(row.offset, len(piece))
            self._copied += len(piece)
            pieces.append(piece)
        self._sink.write(b"".join(pieces))

    def _note_segment(self, offset: int, size: int) -> None:
        if offset != self._expected:
            self.found.segments.append((self._copied, offset))
        self._expected = offset + size
