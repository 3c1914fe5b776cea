"""One file of a table, opened: unpacked, its format found, its columns known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from dreambolt_steps.errors import DreamboltError, MissingSourceError, SourceError, UsageError
from dreambolt_steps.readers.cursor import CursorFilter, Since
from dreambolt_steps.readers.flatten import flatten_batch
from dreambolt_steps.readers.parquet.reader import ParquetTable
from dreambolt_steps.readers.partitions import append_partitions
from dreambolt_steps.readers.protocol import FormatReader
from dreambolt_steps.readers.table.read_report import FileReport
from dreambolt_steps.readers.table.unify import align_batch
from dreambolt_steps.sources.source_file import Partitions
from dreambolt_steps.tables.rejects.schema import gather_rejects
from dreambolt_steps.tables.table_spool import TableSpool

TYPED_FORMATS = ("parquet", "arrow")


@dataclass
class OpenFile:
    """One file of a table: what its reader gives, and what is added to it.

    Attributes:
        report: what is known of the file before its rows are read.
        reader: of its format.
        path: what the reader reads; errors and rejects name `report.file` in its place.
        flatten: whether structs are laid open.
        partitions: columns that stand in the folders above the file.
        partition_types: of all files' partition columns.
        cursor: keeps the rows that are wanted; None if all are.
    """

    report: FileReport
    reader: FormatReader
    path: Path
    flatten: bool = False
    partitions: Partitions = ()
    partition_types: dict[str, pa.DataType] = field(default_factory=dict)
    cursor: CursorFilter | None = None

    @property
    def schema(self) -> pa.Schema:
        """The file's columns, flattened if wanted, and its partition columns."""
        empty = pa.RecordBatch.from_pylist([], schema=self.reader.schema)
        return self._complete(empty).schema

    def iterate_batches(self, limit: int | None, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the file's rows in the schema of the whole table.

        Raises: SourceError, or SchemaError where a value does not fit the schema.
        """
        with name_file(self.path, self.report.file):
            for batch in self._iterate_wanted(limit):
                try:
                    yield align_batch(batch, schema)
                except DreamboltError as error:
                    raise type(error)(f"{self.report.file}: {error}") from error

    def _iterate_wanted(self, limit: int | None) -> Iterator[pa.RecordBatch]:
        cursor = self.cursor
        for whole in self.reader.iterate_batches(None if cursor else limit):
            batch = self._complete(whole)
            if cursor:
                batch = cursor.keep(batch).slice(0, limit)
                limit = None if limit is None else limit - batch.num_rows
            yield batch
            if limit == 0:
                return

    def begin_at(self, since: Since) -> None:
        """Read only the rows from a value of a column on.

        Raises: UsageError for a format without types, or a value that is none of the column's;
            SchemaError for a column that is not there, or has no order.
        """
        if self.report.file_format not in TYPED_FORMATS:
            raise UsageError(
                f"{self.report.file}: since needs columns that have types, which "
                f"{self.report.file_format} files do not; leave it out, or take only='new' files"
            )
        if since.column in dict(self.partitions) and since.column not in self.reader.schema.names:
            raise UsageError(
                f"{self.report.file}: {since.column!r} is a column of folders; name the folders in "
                "the source instead, or take only='new' files"
            )
        self.cursor = CursorFilter(since, self.schema, self.report.file)
        if isinstance(self.reader, ParquetTable):
            groups = self.cursor.choose_row_groups(self.path)
            self.cursor.passed_over += self.reader.keep_row_groups(groups)

    def finish(self, rows: int, rejects: TableSpool) -> FileReport:
        """Report on the file once its rows are read, and add what it rejected to `rejects`."""
        file = self.report.file
        found = (
            one if one.file == file else replace(one, file=file)
            for one in self.reader.iterate_rejects()
        )
        rejected = gather_rejects(found, rejects)
        cursor = self.cursor
        counts = (cursor.passed_over, cursor.empty, cursor.largest) if cursor else (0, 0, None)
        return replace(
            self.report,
            rows=rows,
            passed_over=counts[0],
            without_cursor=counts[1],
            cursor=counts[2],
            rejected=rejected,
            findings=tuple(dict.fromkeys((*self.report.findings, *self.reader.findings))),
        )

    def _complete(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self.flatten:
            batch = flatten_batch(batch)
        return append_partitions(batch, self.partitions, self.partition_types)


@contextmanager
def name_file(path: Path, shown: str) -> Iterator[None]:
    """Let errors name the file as the user knows it, not its unpacked or spooled copy."""
    try:
        yield
    except DreamboltError as error:
        if str(path) == shown or str(path) not in str(error):
            raise
        raise type(error)(str(error).replace(str(path), shown)) from error
    except FileNotFoundError as error:
        raise MissingSourceError(f"{shown}: no such file; check the path") from error
    except IsADirectoryError as error:
        raise SourceError(f"{shown}: is a folder; use a glob such as {path / '*.csv'}") from error
    except OSError as error:
        raise SourceError(f"{shown}: can't be read ({error.strerror or error})") from error
