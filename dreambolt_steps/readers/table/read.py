"""Reads the files of a table as one Arrow stream, and reports what was read and what was
rejected."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dreambolt_steps.errors import UsageError
from dreambolt_steps.readers.csv.sniff.dialect import DialectOverrides
from dreambolt_steps.readers.cursor import Since
from dreambolt_steps.readers.detect_format import FILE_FORMATS, detect_format
from dreambolt_steps.readers.partitions import type_partitions
from dreambolt_steps.readers.registry import FormatHints, open_format
from dreambolt_steps.readers.table.open_file import OpenFile, name_file
from dreambolt_steps.readers.table.stream import Spool, TableRead
from dreambolt_steps.readers.table.unify import require_same_schemas, unite_schemas
from dreambolt_steps.readers.unpack import PlainFile, unpack_file
from dreambolt_steps.sources.source_file import SourceFile
from dreambolt_steps.unknown_names import tell_known

__all__ = ["FILE_FORMATS", "TableRead", "read_table"]
_UNITERS = {"unite": unite_schemas, "same": require_same_schemas}


def read_table(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    sources: Sequence[SourceFile] | None = None,
    file_format: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    escape: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    skip: int | None = None,
    sheet: str | None = None,
    cells: str | None = None,
    record: str | None = None,
    comment: str | None = None,
    header_rows: int | None = None,
    footer: int | None = None,
    ragged: str = "reject",
    schemas: str = "unite",
    flatten: bool = False,
    partitions: bool = True,
    max_expanded_bytes: int | None = None,
    spool: str | os.PathLike[str] | None = None,
    since: Since | None = None,
    is_part: bool = False,
    limit: int | None = None,
) -> TableRead:
    """Read one table from one or several local files.

    Text files come as text: every column a string, nothing typed, nothing trimmed, names as in the
    file (a repeated "a" becomes "a_2", an empty one "column_N"). A missing field is null, a quoted
    "" is "". Blanks between a quote and its delimiter, and blank lines, count for nothing. How a
    file is written is found out: see `DelimitedFile`. A row that does not fit is repaired where
    only one repair makes sense, otherwise rejected, never shifted; the report tells of both.
    Parquet and Arrow come in their own types,
    dictionaries and views as the plain types they stand for; spreadsheets in the types of their
    cells (`ExcelTable`), JSON in those of its values (`JsonFile`), XML as text (`XmlFile`).

    Files packed with gzip, zstd, bz2 or xz are unpacked; a zip stands for its members. A file whose
    content is plainly of another format than its name says is read by its content.

    Args:
        paths: files of one table, with columns in any order.
        sources: what the paths were fetched from, one each: their names in reports, and their
            partition columns.
        file_format: one of FILE_FORMATS; default: by each file's suffix and first bytes.
        delimiter, quote, escape, encoding, header, skip, comment, header_rows, footer: what is
            known of the text files (`Dialect`); default: found out, file by file. `header` and
            `skip` are for spreadsheets too, `encoding` for JSON and XML.
        ragged: "reject" rows with too few fields, or "pad" them with nulls.
        sheet: of a spreadsheet: its name, or its number counted from 1; default: the first with a
            table.
        cells: of a spreadsheet: the table's range ("B3:F20", "B3:F", "B3"); default: found out.
        record: the element that is a row of an XML file: a name or a path; default: the one that
            repeats most below one parent. The keys that lead to the array of rows of a JSON
            document ("data.items"), or "." for the document as one row; default: the largest array
            of objects.
        schemas: "unite" files with other columns or types by name (`unite_schemas`), or insist on
            the "same".
        flatten: whether structs become a column for each of their fields ("user.name").
        partitions: whether `column=value` folders above a file become columns.
        max_expanded_bytes: what a packed file may unpack to; default: 1 GiB, and more as long as
            that is at most 200 times its packed size.
        spool: folder for what is unpacked or rewritten; default: the system's temporary folder.
        since: only the rows of Parquet and Arrow files from a value of one column on.
        is_part: whether there are more files, of other formats perhaps, that what is told is for.
        limit: stop after so many rows.

    Returns: a TableRead; its `.reader` streams, its `.report()` tells the rest afterwards.
    Raises: SourceError (empty, not of its format, truncated, undecodable, unpacks to too much),
        SchemaError (files that can't be one table),
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
        raise UsageError(f"unknown format {file_format!r}; {tell_known(file_format, FILE_FORMATS)}")
    if schemas not in _UNITERS:
        raise UsageError(f"unknown schemas={schemas!r}; {tell_known(schemas, _UNITERS)}")
    if limit is not None and limit < 0:
        raise UsageError(f"limit={limit} is negative; give a number of rows")
    if max_expanded_bytes is not None and max_expanded_bytes <= 0:
        raise UsageError(f"max_expanded_bytes={max_expanded_bytes} is not positive; give bytes")
    if ragged not in ("reject", "pad"):
        raise UsageError(f"unknown ragged={ragged!r}; {tell_known(ragged, ('reject', 'pad'))}")
    dialect = DialectOverrides(
        delimiter, quote, escape, header, skip, encoding, comment, header_rows, footer
    )
    dialect.check()
    pad = ragged == "pad"
    hints = FormatHints(dialect, pad, sheet, cells, record, max_expanded_bytes, limit)
    listed = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not listed:
        raise UsageError("no files to read; give at least one path")
    origins: Sequence[SourceFile | None] = sources or [None] * len(listed)
    folder = Spool(spool)
    files: list[OpenFile] = []
    for path, source in zip(map(Path, listed), origins, strict=True):
        with name_file(path, source.uri if source else str(path)):
            plain = unpack_file(path, source, folder.path, max_expanded_bytes)
        opened = [_open(one, file_format, hints, folder.path) for one in plain]
        if source and source.notes and not is_part:
            report = opened[0].report
            opened[0].report = replace(report, findings=(*source.notes, *report.findings))
        files += opened
    if not is_part:
        hints.check([file.report.file_format for file in files])
    types = type_partitions([file.partitions for file in files]) if partitions else {}
    for file in files:
        file.flatten = flatten
        file.partitions = file.partitions if partitions else ()
        file.partition_types = types
        names = tuple(file.schema.names)
        file.report = replace(file.report, names=names)
        if since:
            file.begin_at(since)
    united = _UNITERS[schemas]([(file.report.file, file.schema) for file in files])
    return TableRead(files, united, folder, limit)


def _open(plain: PlainFile, file_format: str | None, hints: FormatHints, spool: Path) -> OpenFile:
    with name_file(plain.path, plain.shown):
        finding = ""
        if file_format is None:
            detected = detect_format(plain.path, plain.name, hints.dialect.encoding)
            file_format, finding = detected.file_format, detected.finding
        report, reader = open_format(plain.path, plain.name, file_format, hints, spool)
    own = {name: value for name, value in plain.partitions if name in reader.schema.names}
    shadowed = [
        f"column {name!r} stands in the file and in its folder ({name}={value}); the file's own "
        "values are read"
        for name, value in own.items()
    ]
    findings = tuple(filter(None, (*plain.findings, finding, *shadowed)))
    report = replace(report, file=plain.shown, findings=findings + report.findings)
    return OpenFile(report, reader, plain.path, partitions=plain.partitions)
