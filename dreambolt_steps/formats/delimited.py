"""Reads one delimited text file: every column text, every row either read or rejected."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import pyarrow as pa

from dreambolt_steps.dialects.dialect import (
    DialectOverrides,
    detect_dialect,
    read_first_rows,
    read_preamble,
)
from dreambolt_steps.dialects.encoding import scan_text, transcode
from dreambolt_steps.dialects.line_numbers import find_lines
from dreambolt_steps.dialects.screen import Screening, has_odd_quotes, screen_rows
from dreambolt_steps.errors import SourceError
from dreambolt_steps.formats.delimited_rows import DelimitedRows
from dreambolt_steps.tables.naming import unique_names
from dreambolt_steps.tables.rejects import Reject

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
        is_sound = self._screening is None
        self._rows = DelimitedRows(
            self._path, self.dialect, self.names, is_sound=is_sound, original=path
        )

    @property
    def schema(self) -> pa.Schema:
        """Every column as text, under its unique name."""
        return pa.schema([(name, pa.string()) for name in self.names])

    def iterate_batches(self, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield batches of about 8 MiB, in the file's order; a field that is missing is null, a
        quoted "" stays "".

        Raises: SourceError when the file can't be read further.
        """
        return self._rows.iterate_batches(limit)

    def list_rejects(self) -> list[Reject]:
        """List the rejected rows, once the batches are exhausted: each row once, with the first
        thing wrong."""
        found = [*self._list_misfits(), *self._list_broken_rows()]
        return sorted(found, key=attrgetter("line"))

    def _list_misfits(self) -> list[Reject]:
        misfits = self._rows.list_misfits()
        offsets = [misfit.offset for misfit in misfits]
        lines = find_lines(self._path, offsets)
        screening = self._screening
        if screening:
            cut = screening.count_cut_lines(offsets)
            lines = [line + more for line, more in zip(lines, cut, strict=True)]
        return [
            self._reject(
                line,
                None if screening else misfit.offset,
                self._find_column(misfit.kind, misfit.column),
                _explain(misfit.kind, misfit.message),
                misfit.raw,
            )
            for line, misfit in zip(lines, misfits, strict=True)
        ]

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
        self._rows.close()

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
