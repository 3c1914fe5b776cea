"""Reads the files of a table as one Arrow stream, and reports what was read and what was
rejected."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dreambolt_steps.dialects.dialect import DialectOverrides
from dreambolt_steps.errors import DreamboltError, SourceError, UsageError
from dreambolt_steps.formats.delimited import DelimitedFile
from dreambolt_steps.formats.parquet import ParquetTable
from dreambolt_steps.formats.read_report import FileReport
from dreambolt_steps.formats.table_read import OpenFile, Spool, TableRead
from dreambolt_steps.formats.unite import require_same_schemas, unite_schemas

FILE_FORMATS = ("csv", "tsv", "parquet")
_SUFFIXES = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_UNITERS = {"unite": unite_schemas, "same": require_same_schemas}


def read_table(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    file_format: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    escape: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    skip: int | None = None,
    schemas: str = "unite",
    limit: int | None = None,
) -> TableRead:
    """Read one table from one or several local files.

    Text files come as text: every column a string, nothing typed, nothing trimmed, names as in the
    file (a repeated "a" becomes "a_2", an empty one "column_N"). A missing field is null, a quoted
    "" is "". DuckDB drops blanks between a quote and its delimiter, and blank lines. A row that
    does not fit is rejected, never shifted or padded. Parquet comes in its own types, dictionaries
    and views as the plain types they stand for.

    Args:
        paths: files of one table, with columns in any order.
        file_format: csv, tsv or parquet; default: by each file's suffix.
        delimiter, quote, escape, encoding, header, skip: what is known of the text files; default:
            found out, file by file.
        schemas: "unite" files with other columns or types by name (`unite_schemas`), or insist on
            the "same".
        limit: stop after so many rows.

    Returns: a TableRead; its `.reader` streams, its `.report()` tells the rest afterwards.
    Raises: SourceError (empty, not of its format, truncated, undecodable), SchemaError (files that
    can't be one table),
        UsageError (an impossible argument). All of them before the first batch, where the file's
        head or a scan shows it.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "a.csv")
    >>> _ = path.write_text("id,name\\n1,Ann\\n2\\n")
    >>> table = read_table(path)
    >>> table.reader.read_all().to_pylist()
    [{'id': '1', 'name': 'Ann'}]
    >>> table.report().rejects.to_pylist()[0]["reason"]
    '1 fields where the table has 2 columns'
    """
    if file_format is not None and file_format not in FILE_FORMATS:
        raise UsageError(f"unknown format {file_format!r}; known are {', '.join(FILE_FORMATS)}")
    if schemas not in _UNITERS:
        raise UsageError(f"unknown schemas={schemas!r}; known are {', '.join(_UNITERS)}")
    if limit is not None and limit < 0:
        raise UsageError(f"limit={limit} is negative; give a number of rows")
    overrides = DialectOverrides(delimiter, quote, escape, header, skip, encoding)
    listed = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not listed:
        raise UsageError("no files to read; give at least one path")
    spool = Spool()
    files = [_open_file(Path(path), file_format, overrides, spool.path) for path in listed]
    united = _UNITERS[schemas]([(report.file, file.schema) for report, file in files])
    return TableRead(files, united, spool, limit)


def _open_file(
    path: Path, file_format: str | None, overrides: DialectOverrides, spool: Path
) -> OpenFile:
    kind = file_format or _SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise SourceError(
            f"{path}: unknown suffix {path.suffix!r}; name the format (csv, tsv, parquet)"
        )
    try:
        if kind == "parquet":
            table = ParquetTable(path)
            return FileReport(
                str(path), kind, None, table.original_names, tuple(table.names)
            ), table
        if kind == "tsv" and overrides.delimiter is None:
            overrides = replace(overrides, delimiter="\t")
        text = DelimitedFile(path, overrides, spool)
    except DreamboltError:
        raise
    except FileNotFoundError as error:
        raise SourceError(f"{path}: no such file; check the path") from error
    except IsADirectoryError as error:
        raise SourceError(f"{path}: is a folder; use a glob such as {path / '*.csv'}") from error
    except OSError as error:
        raise SourceError(f"{path}: can't be read ({error.strerror or error})") from error
    report = FileReport(
        str(path),
        kind,
        text.dialect,
        text.original_names,
        tuple(text.names),
        preamble=text.preamble,
        encoding_confidence=text.encoding_confidence,
        findings=text.findings,
    )
    return report, text
