"""What a read found, file by file and altogether."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from dreambolt_steps.readers.csv.sniff.dialect import Dialect
from dreambolt_steps.tables.table_spool import TableSpool


@dataclass(frozen=True)
class FileReport:
    """What was found in one file.

    Attributes:
        file: its path.
        file_format: csv, tsv or parquet.
        dialect: of a text file; None for Parquet.
        columns: names exactly as in the file; `names` are the unique ones the stream carries.
        rows: rows read.
        rejected: rows that could not be read; rows + rejected is what its table holds.
        left_out: records that belong to no row of the table: comments, a footer, further tables.
        preamble: lines skipped before the header.
        encoding_confidence: 0 to 1; 1 where the bytes themselves prove the encoding or it was told.
        findings: what is out of the ordinary in a text file and what was done about it, in plain
            sentences: preamble, footer, comments, header rows, other tables, repaired rows.
        evidence: why this dialect, in plain sentences: scores, the runner-up, the first odd lines.
        passed_over: rows that `since` leaves out; rows + rejected + passed_over is what the file
            holds.
        without_cursor: those of them that have no value to decide by.
        cursor: the largest value of the cursor among the rows read, as text.
        arguments: what was found where, as arguments of the reader: a spreadsheet's sheet and
            cells, the record of an XML file.
    """

    file: str
    file_format: str
    dialect: Dialect | None
    columns: tuple[str, ...]
    names: tuple[str, ...]
    rows: int = 0
    rejected: int = 0
    left_out: int = 0
    preamble: tuple[str, ...] = ()
    encoding_confidence: float = 1.0
    findings: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    passed_over: int = 0
    without_cursor: int = 0
    cursor: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadReport:
    """What `read_table` read.

    Attributes:
        rows, rejected: in all files.
        spooled: what was rejected (REJECT_SCHEMA), on disk where it is much.
        files: a report for each.
        schema_notes: what was decided where the files' schemas differ.
    """

    rows: int
    rejected: int
    spooled: TableSpool
    files: tuple[FileReport, ...]
    schema_notes: tuple[str, ...] = ()

    @property
    def rejects(self) -> pa.Table:
        """What was rejected, all of it in memory."""
        return self.spooled.read_all()


_WITH_NULLS = {"parquet", "arrow", "json", "jsonl"}


def have_nulls(file_formats: Iterable[str]) -> bool:
    """Whether files of all these formats tell NULL from an empty text, as Parquet does and CSV does
    not.

    >>> have_nulls(["parquet", "csv"])
    False
    """
    return _WITH_NULLS.issuperset(file_formats)
