"""How a delimited file is written, taken for granted in another that begins with the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from dreambolt_steps.dialects import text_bytes
from dreambolt_steps.dialects.block_check import BlockChecker
from dreambolt_steps.dialects.boundaries import Boundaries
from dreambolt_steps.dialects.detect import Detection
from dreambolt_steps.dialects.header import is_like_header
from dreambolt_steps.dialects.records import Quoting, Record, RecordSplitter
from dreambolt_steps.dialects.row_writer import RowWriter
from dreambolt_steps.formats.arrow_csv import read_arrow_csv


@dataclass(frozen=True)
class DelimitedForm:
    """The form of a UTF-8 file in which nothing was odd.

    Attributes:
        head: the bytes before its first row: byte order mark, preamble and header.
        detection: how it is written.
        names: of its columns, unique.
    """

    head: bytes
    detection: Detection
    names: tuple[str, ...]

    @cached_property
    def is_sure(self) -> bool:
        """Whether a file's head and the shape of its rows are enough to know it by: it has a
        header, several columns, no comments, and Arrow reads its rows."""
        dialect, layout = self.detection.dialect, self.detection.layout
        return (
            layout.header_rows > 0
            and layout.width == len(self.names) > 1
            and not (layout.comment or layout.notes or self.detection.region.copy)
            and len(dialect.delimiter.encode()) == 1
            and dialect.escape in ("", dialect.quote)
            and self._writer.copies_text
        )

    def read(self, content: bytes) -> pa.RecordBatch | None:
        """Read a whole file that begins with `head` and holds nothing but well-formed rows behind
        it: none that could be more of the header, or a footer.

        Args:
            content: of the file.

        Returns: every column as text, as `DelimitedFile` reads it; None for any other file.
        """
        line_end, delimiter = self.detection.region.line_end, self.detection.dialect.delimiter
        if not content.startswith(self.head) or content.endswith(delimiter.encode()):
            return None
        rows = content[len(self.head) :]
        whole = rows if rows.endswith(line_end) else rows + line_end
        if self._checker.check(whole) != len(whole) or not text_bytes.is_utf8(rows):
            return None
        begin = whole.rfind(line_end, 0, -len(line_end))
        last = self._take(whole[begin + len(line_end) if begin >= 0 else 0 :])
        first = self._take(whole[: whole.find(line_end)])
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
