"""Reads one delimited text file through DuckDB: every column text, every row either read or
rejected."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from dreambolt_steps.errors import SourceError
from dreambolt_steps.tables.dialect import (
    MAX_LINE_BYTES,
    DialectOverrides,
    detect_dialect,
    read_first_rows,
    read_preamble,
)
from dreambolt_steps.tables.encoding import scan_text, transcode
from dreambolt_steps.tables.naming import unique_names
from dreambolt_steps.tables.newlines import unify_newlines
from dreambolt_steps.tables.rejects import Reject
from dreambolt_steps.tables.sql import open_duckdb, quote_literal

_BATCH_BYTES = 8 << 20
_MAX_BATCH_ROWS = 131_072
_SAMPLE_BYTES = 1 << 20
_GLOB_CHARACTERS = "*?["


class DelimitedFile:
    """One CSV or TSV file, its dialect found, ready to be read once.

    Attributes:
        dialect: how the file is written.
        original_names: the header's fields exactly as they are ("column_N" for a file without a
            header).
        names: the same, made unique.
        preamble: the text of the lines skipped before the header.
    """

    def __init__(self, path: Path, overrides: DialectOverrides, spool: Path) -> None:
        """Scan the file, rewrite it into `spool` where DuckDB could not read it as it is, and find
        its dialect."""
        overrides.check()
        self._original = path
        self._path = path
        self._offsets_hold = True
        scan = scan_text(path, overrides.encoding)
        encoding = "utf-8" if scan.encoding == "utf-8-sig" else scan.encoding
        try:
            self._prepare(scan.encoding, overrides, spool)
            self.dialect = detect_dialect(self._path, overrides, encoding=encoding)
            if scan.mixed_newlines:
                target = _name_spool(spool)
                d = self.dialect
                unify_newlines(
                    self._path, target, delimiter=d.delimiter, quote=d.quote, escape=d.escape
                )
                self._path, self._offsets_hold = target, False
        except OSError as error:
            raise SourceError(
                f"{spool}: can't spool {path} ({error.strerror}); set TMPDIR"
            ) from error
        first = read_first_rows(self._path, self.dialect, 1)
        if not first:
            raise SourceError(f"{path}: holds no rows, only blank lines; check the file")
        header = self.dialect.header
        self.original_names = tuple(
            first[0] if header else (f"column_{i}" for i in range(1, len(first[0]) + 1))
        )
        self.names = unique_names(self.original_names)
        self.preamble = read_preamble(self._path, self.dialect)
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
            "first(error_message order by byte_position desc), "
            "first(column_idx order by byte_position), first(csv_line) "
            "from reject_errors group by 1 order by 1"
        )
        rows = self._connection.sql(query).fetchall()
        lines = _count_lines(self._path, [row[0] for row in rows])
        return [
            Reject(
                file=str(self._original),
                line=line,
                byte_offset=offset if self._offsets_hold else None,
                column=self._find_column(kind, column),
                value=None,
                reason=_explain(kind, message),
                raw=raw,
            )
            for line, (offset, kind, message, column, raw) in zip(lines, rows, strict=True)
        ]

    def close(self) -> None:
        """Give DuckDB's memory back."""
        self._connection.close()

    def _prepare(self, encoding: str, overrides: DialectOverrides, spool: Path) -> None:
        if not encoding.startswith("utf-8"):
            target = _name_spool(spool)
            transcode(self._path, encoding, target)
            self._path, self._offsets_hold = target, False
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
    if kind in ("MISSING COLUMNS", "TOO MANY COLUMNS"):
        expected, found = (part.strip() for part in message.split(":", 1)[1].split("Found:"))
        return f"{found} fields where the table has {expected} columns"
    if kind == "UNQUOTED VALUE":
        return "text behind a closing quote, or a quote that is never closed"
    return f"{kind.lower()}: {message.splitlines()[0]}"


def _count_lines(path: Path, offsets: list[int]) -> list[int]:
    """Return the 1-based line of each byte offset (ascending): DuckDB 2.0 counts rows, not
    lines."""
    lines, line, done = [], 1, 0
    with path.open("rb") as handle:
        for offset in offsets:
            while done < offset:
                chunk = handle.read(min(offset - done, _SAMPLE_BYTES))
                line += chunk.count(b"\n") or chunk.count(b"\r")
                done += len(chunk)
            lines.append(line)
    return lines
