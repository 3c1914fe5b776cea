"""How a delimited text file is written: delimiter, quote, escape, header, and the lines to skip
before it."""

from __future__ import annotations

import csv
import io
import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dreambolt_steps.errors import SourceError, UsageError
from dreambolt_steps.tables.sql import open_cursor, quote_literal

MAX_LINE_BYTES = 16 << 20
_HEAD_CHARACTERS = 1 << 20
_VALUE_LIKE = re.compile(r"[+-]?[\d.,]*\d%?|\d{4}-\d\d?-\d\d?.*|\d\d?[./]\d\d?[./]\d{2,4}.*")


@dataclass(frozen=True)
class Dialect:
    """How one delimited text file is written.

    Attributes:
        delimiter: one character between fields.
        quote: the character around quoted fields; "" when there is none.
        escape: the character before a quote inside quotes; the quote itself in standard CSV.
        header: whether the first row holds the column names.
        skip: lines before the header (or the first row) that belong to no table; `read_table`
            reports their text.
        encoding: of the original file.
        comment: what lines that belong to no table begin with; "" when there are none.
        header_rows: rows the names are spread over, when there is a header.
        footer: lines after the last row that belong to no table.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    skip: int = 0
    encoding: str = "utf-8"
    comment: str = ""
    header_rows: int = 1
    footer: int = 0


@dataclass(frozen=True)
class DialectOverrides:
    """What the caller knows about a file; None means: find out."""

    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    header: bool | None = None
    skip: int | None = None
    encoding: str | None = None

    def check(self) -> None:
        """Raises: UsageError for a delimiter, quote or escape of several characters, or a negative
        skip."""
        for name in ("delimiter", "quote", "escape"):
            value = getattr(self, name)
            if value is not None and len(value.encode()) > 1:
                raise UsageError(
                    f"{name}={value!r} has more than one byte; give one ASCII character"
                )
        if self.delimiter == "":
            raise UsageError("delimiter is empty; give one character such as ',' or ';'")
        if self.skip is not None and self.skip < 0:
            raise UsageError(f"skip={self.skip} is negative; give the number of lines to pass over")


def detect_dialect(path: Path, overrides: DialectOverrides, *, encoding: str) -> Dialect:
    """Find the dialect of a UTF-8 file.

    DuckDB's sniffer is asked twice. Tolerant of rows that do not fit, it finds the delimiter of a
    ragged file where the strict one silently answers "one column"; the strict one finds lines
    before the header. What the caller knows wins.

    Args:
        path: a local UTF-8 file.
        overrides: what is known already.
        encoding: recorded in the result.

    Raises: SourceError when nothing fits.
    """
    if overrides.delimiter is not None and overrides.quote is not None:
        sniffed = Dialect(overrides.delimiter, overrides.quote, overrides.quote, header=False)
    else:
        sniffed, columns = _sniff(path, overrides, strict=False)
        if columns == 1 and overrides.delimiter is None and overrides.skip is None:
            strict, strict_columns = _sniff(path, overrides, strict=True)
            if strict_columns > 1:
                sniffed = strict
    # A sniffer that saw no quote in its sample still has to expect one further down.
    quote = overrides.quote if overrides.quote is not None else sniffed.quote or '"'
    escape = overrides.escape if overrides.escape is not None else sniffed.escape or quote
    delimiter = overrides.delimiter or sniffed.delimiter
    skip = _skip_blank_lines(path, sniffed.skip if overrides.skip is None else overrides.skip)
    header = overrides.header
    if header is None:
        first = read_first_rows(path, Dialect(delimiter, quote, escape, True, skip), 1)
        header = sniffed.header or not any(map(_VALUE_LIKE.fullmatch, first[0] if first else []))
    return Dialect(delimiter, quote, escape, header, skip, encoding)


def read_first_rows(path: Path, dialect: Dialect, count: int) -> list[list[str]]:
    """Read the first rows behind the skipped lines with Python's csv module: fields exactly as they
    are."""
    lines = _open_head(path)
    for _ in range(dialect.skip):
        lines.readline()
    rows = csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        doublequote=dialect.escape in ("", dialect.quote),
        escapechar=None if dialect.escape in ("", dialect.quote) else dialect.escape,
    )
    try:
        return list(itertools.islice(rows, count))
    except csv.Error as error:
        raise SourceError(
            f"{path}: the first row can't be read ({error}); name its quote"
        ) from error


def read_preamble(path: Path, dialect: Dialect) -> tuple[str, ...]:
    """Read the text of the skipped lines."""
    lines = _open_head(path)
    return tuple(lines.readline().rstrip("\r\n") for _ in range(dialect.skip))


def _open_head(path: Path) -> io.StringIO:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return io.StringIO(handle.read(_HEAD_CHARACTERS), newline="")


def _skip_blank_lines(path: Path, skip: int) -> int:
    """Return `skip` plus the blank lines behind it: DuckDB 2.0 counts them, csv readers do not."""
    for index, line in enumerate(_open_head(path)):
        if index >= skip and line.strip("\r\n"):
            return index
    return skip


def _sniff(path: Path, overrides: DialectOverrides, *, strict: bool) -> tuple[Dialect, int]:
    """Ask DuckDB; return its dialect and the number of columns it saw."""
    options: dict[str, str | bool | int] = {
        "all_varchar": True,
        "comment": "",
        "max_line_size": MAX_LINE_BYTES,
        "buffer_size": 2 * MAX_LINE_BYTES,
        "ignore_errors": not strict,
    }
    known = {"delim": overrides.delimiter, "quote": overrides.quote, "escape": overrides.escape}
    options.update({name: value for name, value in known.items() if value is not None})
    if overrides.skip is not None:
        options["skip"] = overrides.skip
    try:
        row = _query_sniffer(path, options)
    except duckdb.Error:
        try:  # mixed line ends, for one, are only sniffed when not strict
            row = _query_sniffer(path, {**options, "strict_mode": False})
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise SourceError(
                f"{path}: no delimiter fits ({reason}); name it (delimiter=..., quote=...)"
            ) from error
    delimiter, quote, escape = ("" if text == "(empty)" else text for text in row[:3])
    return Dialect(delimiter or ",", quote, escape, row[3], row[4]), row[5]


def _query_sniffer(path: Path, options: dict[str, str | bool | int]) -> tuple[Any, ...]:
    arguments = ", ".join(f"{name}={quote_literal(value)}" for name, value in options.items())
    found = "Delimiter, Quote, Escape, HasHeader, SkipRows, len(Columns)"
    with open_cursor() as connection:
        return connection.sql(
            f"select {found} from sniff_csv({quote_literal(str(path))}, {arguments})"  # noqa: S608
        ).fetchall()[0]
