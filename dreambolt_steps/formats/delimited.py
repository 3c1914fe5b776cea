"""Reads one delimited text file through DuckDB: every column text, every row either read or
rejected."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import duckdb
import pyarrow as pa

from dreambolt_steps.dialects.dialect import (
    MAX_LINE_BYTES,
    DialectOverrides,
    detect_dialect,
    read_first_rows,
    read_preamble,
)
from dreambolt_steps.dialects.encoding import scan_text, transcode
from dreambolt_steps.dialects.line_numbers import find_lines
from dreambolt_steps.dialects.screen import Screening, has_odd_quotes, screen_rows
from dreambolt_steps.errors import SourceError
from dreambolt_steps.tables.naming import unique_names
from dreambolt_steps.tables.rejects import Reject
from dreambolt_steps.tables.sql import open_duckdb, quote_literal

_BATCH_BYTES = 8 << 20
_MAX_BATCH_ROWS = 131_072
_SAMPLE_BYTES = 1 << 20
_GLOB_CHARACTERS = "*?["
_BROKEN_QUOTES = "text behind a closing quote, or a quote that nothing closes"
_WIDTH_MESSAGE = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")


class DelimitedFile:
    """One CSV or TSV file, its dialect found, ready to be read once.

    Attributes:
        dialect: how the file is written.
        original_names: the header's fields exactly as they are ("column_N" for a file without a
            header).
        names: the same, made unique.
        preamble: the text of the lines skipped before the header.
        encoding_confidence: 0 to 1.
        findings: what is out of the ordinary, in sentences.
    """

    def __init__(self, path: Path, overrides: DialectOverrides, spool: Path) -> None:
        """Scan the file, rewrite it into `spool` where DuckDB could not read it as it is, and find
        its dialect."""
        overrides.check()
        self._original = path
        self._path = path
        self._screening: Screening | None = None
        scan = scan_text(path, overrides.encoding)
        self._is_utf8 = scan.encoding.startswith("utf-8")
        encoding = "utf-8" if self._is_utf8 else scan.encoding
        try:
            self._rewrite(scan.encoding, spool)
            self.dialect = detect_dialect(self._path, overrides, encoding=encoding)
            self._before_screening = self._path
            if scan.mixed_newlines or has_odd_quotes(self._path, self.dialect):
                target = _name_spool(spool)
                self._screening = screen_rows(self._path, target, self.dialect)
                self._path = target
        except OSError as error:
            raise SourceError(
                f"{spool}: can't spool {path} ({error.strerror}); set TMPDIR"
            ) from error
        first = read_first_rows(self._path, self.dialect, 1)
        if not first or not first[0]:
            raise SourceError(f"{path}: holds no rows, only blank lines; check the file")
        header = self.dialect.header
        self.original_names = tuple(
            first[0] if header else (f"column_{i}" for i in range(1, len(first[0]) + 1))
        )
        self.names = unique_names(self.original_names)
        self.preamble = read_preamble(self._path, self.dialect)
        self.encoding_confidence = scan.confidence
        self.findings = self._tell_findings()
        self._connection = open_duckdb()

    @property
    def schema(self) -> pa.Schema:
        """Every column as text, under its unique name."""
        return pa.schema([(name, pa.string()) for name in self.names])

    def iterate_batches(self, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield batches of about 8 MiB, in the file's order; a field that is missing is null, a
        quoted "" stays "".

        Raises: SourceError when the file can't be read further.
        """
        query = f"from read_csv({quote_literal(str(self._path))}, {self._write_options()})"
        if limit is not None:
            query += f" limit {limit:d}"
        try:
            reader = self._connection.sql(query).to_arrow_reader(self._choose_batch_rows())
            for batch in reader:
                yield pa.RecordBatch.from_arrays(batch.columns, schema=self.schema)
        except (duckdb.Error, pa.ArrowException) as error:
            reason = str(error).splitlines()[0]
            raise SourceError(f"{self._original}: can't be read ({reason})") from error

    def list_rejects(self) -> list[Reject]:
        """List the rejected rows, once the batches are exhausted: each row once, with the first
        thing wrong."""
        query = (
            "select line_byte_position, first(error_type order by byte_position), "
            "max_by(error_message, column_idx), "
            "first(column_idx order by byte_position), first(csv_line) "
            "from reject_errors group by 1 order by 1"
        )
        rows = self._connection.sql(query).fetchall()
        offsets = [row[0] for row in rows]
        lines = find_lines(self._path, offsets)
        if screening := self._screening:
            cut = screening.count_cut_lines(offsets)
            lines = [line + more for line, more in zip(lines, cut, strict=True)]
        found = [
            self._reject(
                line,
                None if screening else offset,
                self._find_column(kind, column),
                _explain(kind, message),
                raw,
            )
            for line, (offset, kind, message, column, raw) in zip(lines, rows, strict=True)
        ]
        return sorted(found + self._list_broken_rows(), key=attrgetter("line"))

    def _list_broken_rows(self) -> list[Reject]:
        rows = self._screening.rows if self._screening else []
        lines = find_lines(self._before_screening, [offset for offset, _ in rows])
        return [
            self._reject(line, offset, None, _BROKEN_QUOTES, raw)
            for line, (offset, raw) in zip(lines, rows, strict=True)
        ]

    def _tell_findings(self) -> tuple[str, ...]:
        count = len(self.preamble)
        return (f"{count} lines before the table are left out",) if count else ()

    def _reject(
        self, line: int, offset: int | None, column: str | None, reason: str, raw: str
    ) -> Reject:
        known = offset if self._is_utf8 else None
        return Reject(str(self._original), line, known, column, None, reason, raw)

    def close(self) -> None:
        """Give DuckDB's memory back."""
        self._connection.close()

    def _rewrite(self, encoding: str, spool: Path) -> None:
        if not encoding.startswith("utf-8"):
            target = _name_spool(spool)
            transcode(self._path, encoding, target)
            self._path = target
        elif any(c in str(self._path) for c in _GLOB_CHARACTERS):
            target = _name_spool(spool)  # read_csv would take the name for a glob
            target.unlink()
            target.symlink_to(self._path.absolute())
            self._path = target

    def _write_options(self) -> str:
        dialect = self.dialect
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(self.names)))
        options: dict[str, str | bool | int] = {
            "auto_detect": False,
            "delim": dialect.delimiter,
            "quote": dialect.quote,
            "escape": dialect.escape,
            "header": False,
            "skip": dialect.skip + dialect.header,
            "allow_quoted_nulls": False,
            "store_rejects": True,
            "max_line_size": MAX_LINE_BYTES,
            "buffer_size": 2 * MAX_LINE_BYTES,
        }
        written = ", ".join(f"{name}={quote_literal(value)}" for name, value in options.items())
        return f"columns={{{columns}}}, {written}"

    def _choose_batch_rows(self) -> int:
        with self._path.open("rb") as handle:
            sample = handle.read(_SAMPLE_BYTES)
        row_bytes = len(sample) / max(sample.count(b"\n"), 1)
        return int(min(max(_BATCH_BYTES / row_bytes, 64), _MAX_BATCH_ROWS))

    def _find_column(self, kind: str, index: int | None) -> str | None:
        known = kind in ("UNQUOTED VALUE", "INVALID ENCODING") and index is not None
        return self.names[index - 1] if known and index and index <= len(self.names) else None


def _name_spool(spool: Path) -> Path:
    handle = tempfile.NamedTemporaryFile(dir=spool, suffix=".csv", delete=False)  # noqa: SIM115
    handle.close()
    return Path(handle.name)


def _explain(kind: str, message: str) -> str:
    if width := _WIDTH_MESSAGE.search(message):
        return f"{width[2]} fields where the table has {width[1]} columns"
    if kind == "UNQUOTED VALUE":
        return _BROKEN_QUOTES
    return f"{kind.lower()}: {message.splitlines()[0]}"
