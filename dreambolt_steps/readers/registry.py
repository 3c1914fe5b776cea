"""Each format's reader, opened with what the caller knows of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreambolt_steps.errors import UsageError
from dreambolt_steps.readers.arrow import ArrowFile
from dreambolt_steps.readers.csv.reader import DelimitedFile
from dreambolt_steps.readers.csv.sniff.dialect import DialectOverrides
from dreambolt_steps.readers.json.reader import JsonFile
from dreambolt_steps.readers.parquet.reader import ParquetTable
from dreambolt_steps.readers.protocol import FormatReader
from dreambolt_steps.readers.table.read_report import FileReport
from dreambolt_steps.sources.suffixes import split_suffixes

if TYPE_CHECKING:
    from dreambolt_steps.readers.excel.reader import ExcelFile

_DELIMITERS = {".tsv": "\t", ".tab": "\t", ".psv": "|"}
_TEXT = ("csv", "tsv")
_JSON = ("json", "jsonl")
_SUITED = {
    "delimiter": _TEXT,
    "quote": _TEXT,
    "escape": _TEXT,
    "encoding": (*_TEXT, *_JSON, "xml"),
    "header": (*_TEXT, "excel"),
    "header_rows": (*_TEXT, "excel"),
    "footer": _TEXT,
    "comment": _TEXT,
    "skip": (*_TEXT, "excel"),
    "sheet": ("excel",),
    "cells": ("excel",),
    "record": (*_JSON, "xml"),
}


@dataclass(frozen=True)
class FormatHints:
    """What the caller knows of files, beyond their format; None means: find out.

    Attributes:
        dialect: of delimited text; its header and skip count for spreadsheets too, its encoding for
            JSON and XML.
        pad: whether rows of delimited text with too few fields are padded with nulls.
        sheet: name or number, from 1, of a spreadsheet's sheet.
        cells: range of the table on that sheet.
        record: the element that is a row of an XML file, or the keys that lead to the rows of a
            JSON document.
        max_expanded_bytes: what a spreadsheet may unpack to.
        limit: rows that will be asked for at most.
    """

    dialect: DialectOverrides
    pad: bool = False
    sheet: str | None = None
    cells: str | None = None
    record: str | None = None
    max_expanded_bytes: int | None = None
    limit: int | None = None

    def check(self, formats: Sequence[str]) -> None:
        """Refuse what suits none of the formats that the files are of.

        Raises: UsageError.
        """
        for name, suited in _SUITED.items():
            value = getattr(self if hasattr(self, name) else self.dialect, name)
            if value is not None and not set(suited) & set(formats):
                raise UsageError(
                    f"{name}={value!r} is for {', '.join(suited)} files; "
                    f"these are {', '.join(dict.fromkeys(formats))}"
                )


def open_format(
    path: Path, name: str, file_format: str, hints: FormatHints, spool: Path
) -> tuple[FileReport, FormatReader]:
    """Open a file of a known format.

    Args:
        path: an uncompressed local file.
        name: its original name.
        file_format: one of FILE_FORMATS.
        hints: what the caller knows.
        spool: folder for what has to be rewritten.

    Raises: SourceError when it is not of that format.
    """
    if file_format in _TEXT:
        return _open_delimited(path, name, file_format, hints, spool)
    preamble: tuple[str, ...] = ()
    arguments: dict[str, Any] = {}
    reader: FormatReader
    if file_format == "parquet":
        reader = ParquetTable(path, spool)
    elif file_format == "arrow":
        reader = ArrowFile(path)
    elif file_format == "excel":
        reader = sheet = _open_excel(path, hints, spool)
        preamble, arguments = sheet.preamble, sheet.arguments
    elif file_format in _JSON:
        reader = JsonFile(
            path,
            spool,
            is_lines=file_format == "jsonl",
            record=hints.record,
            encoding=hints.dialect.encoding,
            limit=hints.limit,
        )
    else:
        from dreambolt_steps.readers.xml.reader import XmlFile

        encoding = hints.dialect.encoding
        reader = document = XmlFile(path, spool, record=hints.record, encoding=encoding)
        arguments = document.arguments
    names = tuple(reader.schema.names)
    report = FileReport(str(path), file_format, None, reader.original_names, names)
    return replace(report, preamble=preamble, arguments=arguments), reader


def _open_excel(path: Path, hints: FormatHints, spool: Path) -> ExcelFile:
    from dreambolt_steps.readers.excel.reader import ExcelFile

    return ExcelFile(
        path,
        spool,
        sheet=hints.sheet,
        cells=hints.cells,
        header=hints.dialect.header,
        skip=hints.dialect.skip,
        header_rows=hints.dialect.header_rows,
        max_expanded_bytes=hints.max_expanded_bytes,
    )


def _open_delimited(
    path: Path, name: str, file_format: str, hints: FormatHints, spool: Path
) -> tuple[FileReport, FormatReader]:
    dialect = hints.dialect
    known = "\t" if file_format == "tsv" else _DELIMITERS.get(split_suffixes(name)[0])
    if known and dialect.delimiter is None:
        dialect = replace(dialect, delimiter=known)
    text = DelimitedFile(path, dialect, spool, pad=hints.pad)
    report = FileReport(
        str(path),
        file_format,
        text.dialect,
        text.original_names,
        tuple(text.names),
        preamble=text.preamble,
        encoding_confidence=text.encoding_confidence,
        findings=text.findings,
        left_out=text.left_out,
        evidence=text.evidence,
    )
    return report, text
