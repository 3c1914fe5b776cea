"""Reads one JSON file: JSON Lines, an array of objects, an array within a document, one object."""

from __future__ import annotations

import codecs
import shutil
from collections.abc import Iterable, Iterator
from itertools import tee
from pathlib import Path

import pyarrow as pa

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.json.elements import write_elements
from dreambolt_steps.readers.json.find_rows import Records, find_records, has_lines
from dreambolt_steps.readers.json.infer import survey_lines
from dreambolt_steps.readers.json.lines import LineReader
from dreambolt_steps.readers.json.reshape import (
    find_prelude,
    holds_several_a_line,
    list_rows,
    may_be_reshaped,
    reshape_document,
    split_lines,
)
from dreambolt_steps.readers.json.types import find_leaves, show_place
from dreambolt_steps.readers.location import RowPlace
from dreambolt_steps.readers.text.line_numbers import find_lines, iterate_lines
from dreambolt_steps.readers.text.transcode import rewrite_as_utf8
from dreambolt_steps.tables.naming import unique_names
from dreambolt_steps.tables.rejects.schema import Reject

_HEAD_BYTES = 256 << 10
_WIDE_BOMS = (
    codecs.BOM_UTF32_LE,
    codecs.BOM_UTF32_BE,
    codecs.BOM_UTF16_LE,
    codecs.BOM_UTF16_BE,
)
_MEANINGS = {
    "mixed": "holds values of several kinds; read as text, in which all but text is JSON",
    "exact": "holds numbers that a float64 would change; read as text, digit for digit",
    "empty": "holds nothing but empty objects; read as NULL",
    "big": "holds integers beyond 64 bits; read as decimal(38,0)",
}
_TOLD_COLUMNS = 20


class JsonFile:
    """One JSON file, looked through once, ready to be read once.

    Objects become structs and arrays lists, in the types their values have over all rows; keys that
    are missing are NULL. A line or element that is no JSON or no object is rejected.

    Attributes:
        original_names: the keys, in the order of first sight.
        schema: as found over all rows.
        findings: where the rows are, columns of several kinds, keys that repeat.
    """

    def __init__(
        self,
        path: Path,
        spool: Path,
        *,
        is_lines: bool = False,
        record: str | None = None,
        encoding: str | None = None,
        limit: int | None = None,
    ) -> None:
        """Look through the file.

        Args:
            path: a local file.
            spool: folder for copies.
            is_lines: whether the file calls itself JSON Lines.
            record: keys that lead to the array of rows, such as "data.items"; "." takes the
                document as one row; default: lines, or the largest array of objects.
            encoding: default: UTF-8, or what a byte order mark says.
            limit: rows that will be asked for at most, so that no more need be looked through.

        Raises: SourceError (empty, no JSON, no such record, no objects).
        """
        self._path = path
        self._text = _rewrite(path, spool, encoding)
        self._is_original = self._text == path
        self._start = 0
        self._notes: list[str] = []
        with self._text.open("rb") as handle:
            head = handle.read(_HEAD_BYTES)
        if not head.strip():
            raise SourceError(f"{path}: is empty, not a JSON file; check the source")
        lines = spool / f"{path.name}.lines"
        head = self._pass_prelude(head, lines)
        is_cut = len(head) == _HEAD_BYTES
        is_list = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"["
        if record is None and is_list and self._reshape(head, lines):
            pass
        elif record is None and not is_list and holds_several_a_line(head):
            split_lines(self._text, lines)
            self._notes.append("lines hold several values, or commas behind them; taken apart")
            self._text, self._is_original = lines, False
        elif record is None and has_lines(head, is_cut=is_cut, is_named=is_lines):
            lines = self._text
        elif record is not None or is_list or not self._reshape(head, lines):
            self._cut(find_records(self._text, record), lines, record)
        self._lines = LineReader(lines, survey_lines(lines, limit), spool)
        if not self._lines.survey.kind:
            raise SourceError(f"{path}: holds no JSON objects with keys, so no columns")
        self.original_names = tuple(self._lines.schema.names)
        types = zip(unique_names(self.original_names), self._lines.schema.types, strict=True)
        self.schema = pa.schema(list(types))

    @property
    def findings(self) -> tuple[str, ...]:
        """What is out of the ordinary; repeated keys are known once the rows are read."""
        told = list(self._notes)
        leaves = list(find_leaves(self._lines.survey.kind, set(_MEANINGS)))
        told += [
            f"{show_place(place)!r} {_MEANINGS[word]}" for place, word in leaves[:_TOLD_COLUMNS]
        ]
        if len(leaves) > _TOLD_COLUMNS:
            told.append(f"{len(leaves) - _TOLD_COLUMNS:,} more columns are read as text or decimal")
        repeats = self._lines.parser.repeats
        if repeats.first:
            offset, key = repeats.first
            (line,) = find_lines(self._text, [offset + self._start])
            told.append(
                f"{repeats.rows:,} rows have a key twice (the first in line {line}: {key!r}); the "
                "last value counts"
            )
        return tuple(told)

    def iterate_batches(self, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows in the file's order."""
        left = limit
        for batch in self._lines.iterate_batches():
            if left is not None:
                batch = batch.slice(0, left)
                left -= batch.num_rows
            if batch.num_rows:
                yield pa.RecordBatch.from_arrays(batch.columns, schema=self.schema)
            if left == 0:
                return

    def iterate_rejects(self) -> Iterator[Reject]:
        """Yield the lines and elements that are no rows, as far as the rows were read."""
        bad = sorted(self._lines.bad_lines, key=lambda one: one.offset)
        offsets = [one.offset + self._start for one in bad]
        for one, offset, line in zip(bad, offsets, find_lines(self._text, offsets), strict=True):
            place = offset if self._is_original else None
            yield Reject(str(self._path), line, place, None, None, one.reason, one.raw)

    def iterate_places(self, rows: Iterable[int], count: int) -> Iterator[RowPlace | None]:
        """As `PlacedRows`: lines, or the elements of an array; all rows are read to know which of
        them are rows."""
        read = sum(batch.num_rows for batch in self._lines.iterate_batches())
        if read != count:
            yield from (None for _ in rows)
            return
        begun, others = tee(self._lines.iterate_lines(rows))
        lines = iterate_lines(self._text, (offset + self._start for offset, _ in others))
        for (offset, text), line in zip(begun, lines, strict=True):
            place = offset + self._start if self._is_original else None
            yield RowPlace(line, place, text.decode(errors="replace").rstrip("\r\n"))

    def close(self) -> None:
        """Nothing is held open between two batches."""

    def _pass_prelude(self, head: bytes, lines: Path) -> bytes:
        """Leave out an assignment or a call around the rows; return the first bytes behind it."""
        start = find_prelude(head)
        if not start:
            return head
        shown = head[:start].decode(errors="replace").strip()
        self._notes.append(f"before the rows, not read: {shown!r}")
        plain = lines.with_name(f"{lines.name}.behind")
        with self._text.open("rb") as source, plain.open("wb") as sink:
            source.seek(start)
            shutil.copyfileobj(source, sink)
        self._text, self._is_original = plain, False
        return head[start:]

    def _reshape(self, head: bytes, lines: Path) -> bool:
        """Write rows that are there in another shape than a list of objects as lines; return
        whether there are such."""
        size = self._text.stat().st_size
        reshaped = reshape_document(self._text) if may_be_reshaped(head, size) else None
        if reshaped is None:
            return False
        with lines.open("wb") as sink:
            sink.writelines(list_rows(reshaped))
        self._notes.append(f"{reshaped.told}; record='.' takes the document as it is")
        self._text, self._is_original = lines, False
        return True

    def _cut(self, records: Records, lines: Path, record: str | None) -> None:
        """Write the rows as lines, and note what is known of them."""
        self._start = records.start
        end = write_elements(self._text, records.start, lines, in_array=records.in_array)
        if records.in_array and end is None:
            self._notes.append("the array of the rows is not closed: the file is cut short")
        if records.path and record is None:
            name = ".".join(records.path)
            self._notes.append(f"rows are the elements of {name!r}; record=... names others")
        if records.outside:
            self._notes.append(f"outside of the rows, not read: {', '.join(records.outside[:10])}")
        if not records.path and end is not None:
            with self._text.open("rb") as handle:
                handle.seek(end)
                if behind := handle.read(_HEAD_BYTES).strip().strip(b");"):
                    shown = behind[:40].decode(errors="replace")
                    self._notes.append(f"behind the array, not read: {shown!r}")


def _rewrite(path: Path, spool: Path, encoding: str | None) -> Path:
    """Rewrite a file that is not UTF-8 as such."""
    with path.open("rb") as handle:
        head = handle.read(4)
    if encoding is None and not head.startswith(_WIDE_BOMS):
        return path
    return rewrite_as_utf8(path, encoding, spool)
