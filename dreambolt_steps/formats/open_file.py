"""One file of a table, opened: unpacked, its format found, its columns known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from dreambolt_steps.errors import DreamboltError, SourceError
from dreambolt_steps.formats.flatten import flatten_batch
from dreambolt_steps.formats.format_reader import FormatReader
from dreambolt_steps.formats.partitions import append_partitions
from dreambolt_steps.formats.read_report import FileReport
from dreambolt_steps.formats.unite import align_batch
from dreambolt_steps.sources.source_file import Partitions
from dreambolt_steps.tables.rejects import Reject


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
    """

    report: FileReport
    reader: FormatReader
    path: Path
    flatten: bool = False
    partitions: Partitions = ()
    partition_types: dict[str, pa.DataType] = field(default_factory=dict)

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
            for batch in self.reader.iterate_batches(limit):
                try:
                    yield align_batch(self._complete(batch), schema)
                except DreamboltError as error:
                    raise type(error)(f"{self.report.file}: {error}") from error

    def finish(self, rows: int) -> tuple[FileReport, list[Reject]]:
        """Report on the file once its rows are read."""
        rejects = [replace(one, file=self.report.file) for one in self.reader.list_rejects()]
        report = replace(
            self.report,
            rows=rows,
            rejected=len(rejects),
            findings=tuple(dict.fromkeys((*self.report.findings, *self.reader.findings))),
        )
        return report, rejects

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
        raise SourceError(f"{shown}: no such file; check the path") from error
    except IsADirectoryError as error:
        raise SourceError(f"{shown}: is a folder; use a glob such as {path / '*.csv'}") from error
    except OSError as error:
        raise SourceError(f"{shown}: can't be read ({error.strerror or error})") from error
