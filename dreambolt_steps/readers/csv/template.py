"""How a delimited file is written, taken for granted in another that begins with the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from dreambolt_steps.readers.csv.arrow_csv import read_arrow_csv, suits_arrow
from dreambolt_steps.readers.csv.scan.block_validator import BlockChecker
from dreambolt_steps.readers.csv.scan.records import Quoting, Record, RecordSplitter
from dreambolt_steps.readers.csv.scan.row_writer import RowWriter
from dreambolt_steps.readers.csv.sniff.boundaries import Boundaries
from dreambolt_steps.readers.csv.sniff.header import is_like_header
from dreambolt_steps.readers.csv.sniff.sniff import Detection
from dreambolt_steps.readers.text import text_bytes


@dataclass(frozen=True)
class DelimitedForm:
    """The form of a UTF-8 file with a header and several columns, in which nothing was odd.

    Attributes:
        head: the bytes before its first row: byte order mark, preamble and header.
        detection: how it is written.
        names: of its columns, unique.
    """

    head: bytes
    detection: Detection
    names: tuple[str, ...]

    def read(self, content: bytes) -> pa.RecordBatch | None:
        """Read a whole file that begins with `head` and holds nothing but well-formed rows behind
        it: none that could be more of the header, or a footer.

        Args:
            content: of the file.

        Returns: every column as text, as `DelimitedFile` reads it; None for any other file.
        """
        line_end = self.detection.region.line_end
        suits = content.startswith(self.head) and suits_arrow(self.detection.dialect, content[-1:])
        if not suits:
            return None
        rows = content[len(self.head) :]
        lines = rows.removesuffix(line_end)
        whole = lines + line_end
        if self._checker.check(whole) != len(whole) or not text_bytes.is_utf8(rows):
            return None
        first = self._take(lines.partition(line_end)[0])
        last = self._take(lines.rpartition(line_end)[2])
        layout = self.detection.layout
        for record in (first, last):
            if record.quoting is not Quoting.SOUND or len(record.fields) != layout.width:
                return None  # a row of several lines
        if is_like_header(first.fields, layout.profile) or self._boundaries.may_be_footer(last):
            return None
        try:
            return read_arrow_csv(rows, self._writer.dialect, self.names)
        except pa.ArrowInvalid:
            return None

    def _take(self, line: bytes) -> Record:
        return self._splitter.take(text_bytes.decode(line), 0)

    @property
    def _checker(self) -> BlockChecker:
        """A new one: it is for one thread."""
        dialect, layout = self.detection.dialect, self.detection.layout
        line_end = self.detection.region.line_end
        return BlockChecker(dialect, layout, line_end, self._writer.dialect)

    @cached_property
    def _writer(self) -> RowWriter:
        return RowWriter(self.detection.dialect)

    @cached_property
    def _splitter(self) -> RecordSplitter:
        return RecordSplitter(self.detection.dialect)

    @cached_property
    def _boundaries(self) -> Boundaries:
        return Boundaries(self.detection.layout, self._splitter)
