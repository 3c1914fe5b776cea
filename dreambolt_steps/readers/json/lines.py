"""Reads JSON Lines: every line an object and a row, or told why not."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from dreambolt_steps.readers.json.blocks import MAX_LINE_BYTES, iterate_blocks, look_at_block
from dreambolt_steps.readers.json.exact_parser import ExactParser, build_batch
from dreambolt_steps.readers.json.infer import Span, Survey
from dreambolt_steps.readers.json.types import list_duckdb_columns, make_arrow_type
from dreambolt_steps.readers.table.unify import align_array
from dreambolt_steps.sources.globs import has_glob
from dreambolt_steps.tables.sql import open_cursor, quote_literal

_BATCH_BYTES = 8 << 20
_MAX_BATCH_ROWS = 131_072
_RUN_BYTES = 32 << 20
_MIN_OBJECT_BYTES = 16 << 20
_MAX_RAW_BYTES = 64 << 10


@dataclass(frozen=True)
class BadLine:
    """A line that is no row: its byte offset, why, and its beginning."""

    offset: int
    reason: str
    raw: str


@dataclass
class LineReader:
    """Reads the lines of one file that was surveyed.

    Sound stretches go through DuckDB, which refuses an object with a key that repeats; such
    stretches, and odd blocks, are parsed line by line.

    Attributes:
        path: UTF-8 JSON Lines.
        survey: what they hold.
        spool: folder for copies of stretches.
        bad_lines: those met so far.
        parser: what it met so far.
    """

    path: Path
    survey: Survey
    spool: Path
    bad_lines: list[BadLine] = field(default_factory=list)
    parser: ExactParser = field(default_factory=ExactParser)

    def __post_init__(self) -> None:
        """Find the rows' columns."""
        kind = self.survey.kind
        self.schema = pa.schema([(name, make_arrow_type(inner)) for name, inner in kind.items()])

    def iterate_batches(self) -> Iterator[pa.RecordBatch]:
        """Yield all rows, in the file's order."""
        spans, done = self.survey.spans, 0
        if self.survey.kind and all(span.is_sound for span in spans):
            try:
                for batch in self._query(self._name_plainly()):
                    done += batch.num_rows
                    yield batch
                return
            except _UNLIKE:
                pass  # from here on in stretches; what was yielded is right
        for run in _group(spans):
            rows = sum(span.rows for span in run)
            if done >= rows and run[0].is_sound:
                done -= rows
                continue
            for batch in self._read_run(run):
                yield batch.slice(min(done, batch.num_rows))
                done -= min(done, batch.num_rows)

    def iterate_lines(self, rows: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """Yield (byte offset, text) of rows by their numbers, 0-based and ascending, once all
        batches were read."""
        bad = {line.offset for line in self.bad_lines}
        lines = (
            (offset, text)
            for block in iterate_blocks(self.path)
            if not block.is_too_long
            for offset, text in block.iterate_lines()
            if offset not in bad
        )
        numbered = enumerate(lines)
        for row in rows:
            yield next(line for number, line in numbered if number == row)

    def _read_run(self, run: Sequence[Span]) -> list[pa.RecordBatch]:
        with self.path.open("rb") as handle:
            handle.seek(run[0].offset)
            text = handle.read(sum(span.size for span in run))
        if run[0].is_too_long:
            self._tell(run[0].offset, f"longer than {MAX_LINE_BYTES:,} bytes", text)
            return []
        if run[0].is_sound:
            copy = self.spool / f"{uuid.uuid4().hex}.jsonl"
            copy.write_bytes(text)
            try:
                return list(self._query(copy))
            except _UNLIKE:
                pass
            finally:
                copy.unlink()
        return [self._parse(text, run[0].offset)]

    def _parse(self, text: bytes, start: int) -> pa.RecordBatch:
        rows: list[dict[str, Any]] = []
        for offset, line in look_at_block(text, start).iterate_lines():
            value, reason = self.parser.parse(offset, line)
            if value is None:
                self._tell(offset, reason, line)
            else:
                rows.append(value)
        return build_batch(rows, self.survey.kind)

    def _tell(self, offset: int, reason: str, line: bytes) -> None:
        raw = line[:_MAX_RAW_BYTES].decode(errors="replace").rstrip("\r\n")
        self.bad_lines.append(BadLine(offset, reason, raw))

    def _query(self, path: Path) -> Iterator[pa.RecordBatch]:
        options: dict[str, str | bool | int] = {
            "format": "newline_delimited",
            "auto_detect": False,
            "ignore_errors": False,
            "maximum_object_size": max(self.survey.longest + 1, _MIN_OBJECT_BYTES),
            "compression": "none",
            "hive_partitioning": False,
        }
        told = ", ".join(f"{name}={quote_literal(value)}" for name, value in options.items())
        columns = list_duckdb_columns(self.survey.kind)
        query = f"from read_json({quote_literal(str(path))}, columns={columns}, {told})"
        with open_cursor() as cursor:
            for batch in cursor.sql(query).to_arrow_reader(self._choose_batch_rows()):
                arrays = [
                    align_array(array, column.type)
                    for array, column in zip(batch.columns, self.schema, strict=True)
                ]
                if any(map(_has_infinity, arrays)):
                    raise _ChangedError  # of 1e400 DuckDB makes infinity; the parser tells
                yield pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _name_plainly(self) -> Path:
        """The file under a name that DuckDB does not take for a glob."""
        if not has_glob(str(self.path)):
            return self.path
        link = self.spool / f"{uuid.uuid4().hex}.jsonl"
        link.symlink_to(self.path.absolute())
        return link

    def _choose_batch_rows(self) -> int:
        size = sum(span.size for span in self.survey.spans)
        rows = sum(span.rows for span in self.survey.spans)
        return int(min(max(_BATCH_BYTES * rows / max(size, 1), 64), _MAX_BATCH_ROWS))


class _ChangedError(Exception):
    """DuckDB may have read a number as another one."""


# Behind the first batches an error of DuckDB 2.0 comes through Arrow, as an OSError.
_UNLIKE = (duckdb.Error, pa.ArrowException, OSError, _ChangedError)


def _group(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Put sound spans together, up to 32 MiB; every other one stays alone."""
    for is_sound, found in groupby(spans, key=lambda span: span.is_sound):
        run: list[Span] = []
        for span in found:
            if run and (not is_sound or sum(one.size for one in run) + span.size > _RUN_BYTES):
                yield run
                run = []
            run.append(span)
        yield run


def _has_infinity(array: pa.Array) -> bool:
    if kinds.is_floating(array.type):
        return bool(pc.any(pc.is_inf(array)).as_py())
    if kinds.is_struct(array.type):
        return any(map(_has_infinity, array.flatten()))
    return kinds.is_list(array.type) and _has_infinity(array.flatten())
