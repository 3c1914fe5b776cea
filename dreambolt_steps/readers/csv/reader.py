"""Reads one delimited text file: every column text, every row either read or rejected."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from heapq import merge
from itertools import tee
from operator import attrgetter
from pathlib import Path

import pyarrow as pa

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.csv.arrow_csv import suits_arrow
from dreambolt_steps.readers.csv.locations import DelimitedPlaces
from dreambolt_steps.readers.csv.rows import DelimitedRows
from dreambolt_steps.readers.csv.scan.bad_rows import OddRow
from dreambolt_steps.readers.csv.scan.region import NotUtf8Error
from dreambolt_steps.readers.csv.scan.row_classifier import BROKEN_QUOTES
from dreambolt_steps.readers.csv.scan.row_writer import RowWriter
from dreambolt_steps.readers.csv.scan.scan import screen_table
from dreambolt_steps.readers.csv.scan.scan_result import Screening
from dreambolt_steps.readers.csv.sniff.describe import tell_findings
from dreambolt_steps.readers.csv.sniff.dialect import Dialect, DialectOverrides
from dreambolt_steps.readers.csv.sniff.sniff import Detection, detect
from dreambolt_steps.readers.csv.template import DelimitedForm
from dreambolt_steps.readers.location import RowPlace
from dreambolt_steps.readers.text.drawn_table import (
    DrawnTable,
    read_drawn_table,
    rewrite_lines,
)
from dreambolt_steps.readers.text.encoding import find_encoding, guess_encoding
from dreambolt_steps.readers.text.line_numbers import count_lines, find_lines
from dreambolt_steps.readers.text.text_bytes import show
from dreambolt_steps.readers.text.transcode import transcode
from dreambolt_steps.tables.naming import unique_names
from dreambolt_steps.tables.rejects.schema import Reject

_GLOB_CHARACTERS = "*?["
_WIDTH_MESSAGE = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")


class DelimitedFile:
    """One CSV or TSV file, its dialect found, ready to be read once.

    Attributes:
        dialect: how the file is written.
        original_names: the header's fields exactly as they are ("column_N" for a file without a
            header).
        names: the same, made unique.
        preamble: the text of the lines skipped before the header.
        left_out: records that belong to none of the table's rows.
        encoding_confidence: 0 to 1.
        findings: what is out of the ordinary, in sentences.
        evidence: why this dialect, in sentences.
    """

    def __init__(
        self, path: Path, overrides: DialectOverrides, spool: Path, *, pad: bool = False
    ) -> None:
        """Find the file's dialect and walk over it; copy its rows into `spool` where they could not
        be read as they are.

        Args:
            pad: whether rows with too few fields are filled up with nulls.
        """
        overrides.check()
        self._original, self._spool, self._pad = path, spool, pad
        self._encoding = find_encoding(path, overrides.encoding)
        self._drawn: DrawnTable | None = None
        try:
            self._text, detection, self._found, rows = self._open(overrides)
        except OSError as error:
            raise SourceError(
                f"{spool}: can't spool {path} ({error.strerror}); set TMPDIR"
            ) from error
        self._detection = detection
        layout, found = detection.layout, self._found
        footer = count_lines(self._text, found.footer_offset) if found.footer else 0
        self.dialect: Dialect = replace(detection.dialect, footer=footer or overrides.footer or 0)
        self.original_names = tuple(
            map(show, layout.names)
            if layout.header_rows
            else (f"column_{i}" for i in range(1, len(layout.names) + 1))
        )
        self.names = unique_names(self.original_names)
        self.preamble, self.left_out = detection.preamble, found.left_out
        self.encoding_confidence = self._encoding.confidence
        drawn = (self._drawn.told,) if self._drawn else ()
        self.findings = drawn + tell_findings(self._text, self._encoding, detection, found)
        self.evidence = (*detection.evidence, *self._tell_odd_lines())
        self._columns = layout.width - layout.trailing
        self._fields = [f"field_{i}" for i in range(layout.width)]
        written = RowWriter(detection.dialect).dialect
        region = detection.region
        skip = region.lines_before if found.plain else 0
        self._places = DelimitedPlaces(
            self._text,
            rows,
            region,
            detection.dialect,
            found,
            self._encoding,
            is_rewritten=self._drawn is not None,
        )
        self._is_empty = region.start >= region.end or rows.stat().st_size == 0
        self._rows = DelimitedRows(
            rows,
            replace(written, skip=skip),
            self._fields,
            is_sound=True,
            line_end=region.line_end.decode(),
            original=path,
        )

    def find_form(self) -> DelimitedForm | None:
        """The form in which others like it can be read at once; None where anything is odd."""
        dialect, layout = self._detection.dialect, self._detection.layout
        plain = self._found.plain and self._encoding.is_utf8 and not self.findings
        plain = plain and not layout.comment and layout.width == len(self.names) > 1
        if not plain or not suits_arrow(dialect, b""):
            return None
        with self._original.open("rb") as handle:
            head = handle.read(self._detection.region.start)
        return DelimitedForm(head, self._detection, tuple(self.names))

    @property
    def schema(self) -> pa.Schema:
        """Every column as text, under its unique name."""
        return pa.schema([(name, pa.string()) for name in self.names])

    def iterate_batches(self, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield batches of about 8 MiB, in the file's order; a field that is missing is null, a
        quoted "" stays "".

        Raises: SourceError when the file can't be read further.
        """
        if self._is_empty:
            return
        for batch in self._rows.iterate_batches(limit):
            missing = len(self.names) - self._columns
            nulls = [pa.nulls(batch.num_rows, pa.string())] * missing
            columns = [*batch.columns[: self._columns], *nulls]
            yield pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def iterate_rejects(self) -> Iterator[Reject]:
        """Yield the rejected rows, once the batches are exhausted: each row once, with the first
        thing wrong."""
        found = self._found
        misfits: list[OddRow] = []
        columns: dict[int, str] = {}
        for misfit in self._rows.list_misfits():
            offset = misfit.offset if found.plain else found.find_original(misfit.offset)
            misfits.append(OddRow(offset, misfit.raw, _explain(misfit.kind, misfit.message)))
            known = misfit.kind in ("UNQUOTED VALUE", "INVALID ENCODING")
            if known and misfit.column and misfit.column <= len(self.names):
                columns[offset] = self.names[misfit.column - 1]
        merged = merge(found.rejects, misfits, key=attrgetter("offset"))
        rows, copy = tee(merged)
        traced = self._places.trace(row.offset for row in copy)
        for row, (line, place) in zip(rows, traced, strict=True):
            column = columns.get(row.offset)
            yield Reject(str(self._original), line, place, column, None, row.reason, row.raw)

    def iterate_places(self, rows: Iterable[int], count: int) -> Iterator[RowPlace | None]:
        """As `PlacedRows`: a record that was repaired is told as it is in the file."""
        return self._places.iterate(rows, count)

    def close(self) -> None:
        """Give DuckDB's memory back."""
        self._rows.close()

    def _open(self, overrides: DialectOverrides) -> tuple[Path, Detection, Screening, Path]:
        """Return the file as UTF-8, how it is written, what was found, and what holds its rows."""
        path = self._original
        if not self._encoding.is_utf8:
            path = self._name_spool()
            if not transcode(self._original, self._encoding, path, strict=False):
                self._encoding = replace(self._encoding, bad_bytes=True)
        elif any(character in str(path) for character in _GLOB_CHARACTERS):
            path = self._name_spool()  # read_csv would take the name for a glob
            path.unlink()
            path.symlink_to(self._original.absolute())
        mark = self._encoding.mark if self._encoding.is_utf8 else 0
        self._drawn = read_drawn_table(path, mark, overrides.delimiter)
        if self._drawn:
            source, path = path, self._name_spool()
            rewrite_lines(source, mark, self._drawn, path)
            mark, overrides = 0, replace(overrides, delimiter=self._drawn.delimiter or None)
        detection = detect(path, overrides, encoding=self._encoding.name, mark=mark, pad=self._pad)
        region = replace(detection.region, bad_bytes=self._encoding.bad_bytes)
        copy = self._name_spool()
        try:
            found = screen_table(path, copy, detection.dialect, detection.layout, region)
        except NotUtf8Error as error:
            if overrides.encoding is not None:
                self._encoding = replace(self._encoding, bad_bytes=True)
            else:
                self._encoding = guess_encoding(self._original, error.offset)
            return self._open(overrides)
        return path, detection, found, path if found.plain else copy

    def _tell_odd_lines(self) -> tuple[str, ...]:
        rejects = self._found.rejects.take_first(3)
        lines = find_lines(self._text, [row.offset for row in rejects])
        return tuple(
            f"first odd line: {line}: {row.reason}" if not index else f"line {line}: {row.reason}"
            for index, (line, row) in enumerate(zip(lines, rejects, strict=True))
        )

    def _name_spool(self) -> Path:
        handle = tempfile.NamedTemporaryFile(  # noqa: SIM115
            dir=self._spool, suffix=".csv", delete=False
        )
        handle.close()
        return Path(handle.name)


def _explain(kind: str, message: str) -> str:
    if width := _WIDTH_MESSAGE.search(message):
        return f"{width[2]} fields where the table has {width[1]} columns"
    if kind == "UNQUOTED VALUE":
        return BROKEN_QUOTES
    return f"{kind.lower()}: {message.splitlines()[0]}"
