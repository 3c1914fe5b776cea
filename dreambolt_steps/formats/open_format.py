"""Each format's reader, opened with what the caller knows of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from dreambolt_steps.dialects.dialect import DialectOverrides
from dreambolt_steps.errors import UsageError
from dreambolt_steps.formats.arrow import ArrowFile
from dreambolt_steps.formats.delimited import DelimitedFile
from dreambolt_steps.formats.format_reader import FormatReader
from dreambolt_steps.formats.parquet import ParquetTable
from dreambolt_steps.formats.read_report import FileReport
from dreambolt_steps.sources.suffixes import split_suffixes

_DELIMITERS = {".tsv": "\t", ".tab": "\t", ".psv": "|"}
_SUITED = {
    "delimiter": ("csv", "tsv"),
    "quote": ("csv", "tsv"),
    "escape": ("csv", "tsv"),
    "encoding": ("csv", "tsv"),
    "header": ("csv", "tsv"),
    "skip": ("csv", "tsv"),
}


@dataclass(frozen=True)
class FormatHints:
    """What the caller knows of files, beyond their format; None means: find out.

    Attributes:
        dialect: of delimited text.
    """

    dialect: DialectOverrides

    def check(self, formats: Sequence[str]) -> None:
        """Refuse what suits none of the formats that the files are of.

        Raises: UsageError.
        """
        given = {one.name: getattr(self.dialect, one.name) for one in fields(self.dialect)}
        for name, value in given.items():
            if value is not None and not set(_SUITED[name]) & set(formats):
                raise UsageError(
                    f"{name}={value!r} is for {', '.join(_SUITED[name])} files; "
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
    if file_format in ("csv", "tsv"):
        return _open_delimited(path, name, file_format, hints.dialect, spool)
    reader: FormatReader
    reader = ParquetTable(path) if file_format == "parquet" else ArrowFile(path)
    names = tuple(reader.schema.names)
    return FileReport(str(path), file_format, None, reader.original_names, names), reader


def _open_delimited(
    path: Path, name: str, file_format: str, dialect: DialectOverrides, spool: Path
) -> tuple[FileReport, FormatReader]:
    known = "\t" if file_format == "tsv" else _DELIMITERS.get(split_suffixes(name)[0])
    if known and dialect.delimiter is None:
        dialect = replace(dialect, delimiter=known)
    text = DelimitedFile(path, dialect, spool)
    report = FileReport(
        str(path),
        file_format,
        text.dialect,
        text.original_names,
        tuple(text.names),
        preamble=text.preamble,
        encoding_confidence=text.encoding_confidence,
        findings=text.findings,
    )
    return report, text
