"""Where the rows of a delimited file stand in it, once it was walked over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import tee
from pathlib import Path

from dreambolt_steps.readers.csv.scan.record_offsets import (
    count_records,
    find_records,
    iterate_blocks,
)
from dreambolt_steps.readers.csv.scan.records import RecordSplitter
from dreambolt_steps.readers.csv.scan.region import Region
from dreambolt_steps.readers.csv.scan.row_writer import RowWriter
from dreambolt_steps.readers.csv.scan.scan_result import Screening
from dreambolt_steps.readers.csv.sniff.dialect import MAX_LINE_BYTES, Dialect
from dreambolt_steps.readers.location import RowPlace
from dreambolt_steps.readers.text import text_bytes
from dreambolt_steps.readers.text.encoding import TextEncoding
from dreambolt_steps.readers.text.line_numbers import iterate_lines
from dreambolt_steps.readers.text.transcode import map_offsets

_FIRST_BYTES = 1 << 16


@dataclass(frozen=True)
class DelimitedPlaces:
    """A walk over a delimited file.

    Attributes:
        text: the file as UTF-8.
        rows: what holds its rows: the same, or a copy.
        region: where they lie in the text.
        dialect: how the text is written.
        found: what the walk found.
        encoding: of the file.
        is_rewritten: whether the text has other lines than the file, as many.
    """

    text: Path
    rows: Path
    region: Region
    dialect: Dialect
    found: Screening
    encoding: TextEncoding
    is_rewritten: bool = False

    def iterate(self, rows: Iterable[int], count: int) -> Iterator[RowPlace | None]:
        """As `PlacedRows.iterate_places`."""
        quote = RowWriter(self.dialect).dialect.quote.encode()
        start, end = self.region.start, self.region.end
        if not self.found.plain:
            start, end = 0, self.rows.stat().st_size
        blocks = partial(iterate_blocks, self.rows, start, end, self.region.line_end, quote)
        if len(quote) > 1 or count_records(blocks()) != count:
            yield from (None for _ in rows)
            return
        begun, copy = tee(self._read(find_records(blocks(), rows)))
        traced = self.trace(offset for offset, _ in copy)
        for (_, raw), (line, place) in zip(begun, traced, strict=True):
            yield RowPlace(line, place, raw)

    def trace(self, offsets: Iterable[int]) -> Iterator[tuple[int, int | None]]:
        """The line of each offset in the text, ascending, and the offset in the file itself; None
        where the encoding does not tell."""
        offsets, copy = tee(offsets)
        is_same = self.encoding.is_utf8
        places: Iterable[int | None]
        places = copy if is_same else map_offsets(self.text, self.encoding, copy)
        if self.is_rewritten:
            places = (None for _ in copy)
        return zip(iterate_lines(self.text, offsets), places, strict=True)

    def _read(self, records: Iterable[tuple[int, int]]) -> Iterator[tuple[int, str]]:
        """Where each record begins in the text, and its text there."""
        splitter = RecordSplitter(self.dialect)
        with self.rows.open("rb") as copy, self.text.open("rb") as text:
            for begin, end in records:
                copy.seek(begin)
                written = copy.read(end - begin)
                offset = begin if self.found.plain else self.found.find_original(begin)
                text.seek(offset)
                if self.found.plain or text.read(len(written)) == written:
                    yield offset, text_bytes.show(text_bytes.decode(written))
                    continue
                raw, size = "", _FIRST_BYTES  # of a row that was repaired
                while not raw or (len(raw) >= size // 4 and size < MAX_LINE_BYTES):
                    text.seek(offset)
                    around = text_bytes.decode(text.read(size))
                    record = splitter.take(around, 0)
                    raw, size = around[: record.end] or " ", size * 4
                yield offset, text_bytes.show(raw)
