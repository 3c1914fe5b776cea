"""A table being read: its files one after the other as one stream, then what became of them."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import weakref
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.location import PlacedRows, RowPlace
from dreambolt_steps.readers.table.open_file import OpenFile
from dreambolt_steps.readers.table.read_report import FileReport, ReadReport
from dreambolt_steps.readers.table.unify import United
from dreambolt_steps.tables.rejects.schema import REJECT_SCHEMA
from dreambolt_steps.tables.table_spool import TableSpool

_RUNNING: weakref.WeakSet[Generator[pa.RecordBatch, None, None]] = weakref.WeakSet()


@atexit.register
def _close_running() -> None:
    """Close streams that were given up: Arrow can't any more once the interpreter is ending, and
    DuckDB 2.0 prints every object that is left."""
    for batches in list(_RUNNING):
        batches.close()


class Spool:
    """A temporary folder that lives as long as somebody holds this object."""

    def __init__(self, parent: str | os.PathLike[str] | None = None) -> None:
        """Make the folder, in `parent` or where the system keeps temporary files.

        Raises: SourceError when it can't be made.
        """
        try:
            if parent is not None:
                Path(parent).mkdir(parents=True, exist_ok=True)
            self.path = Path(tempfile.mkdtemp(prefix="dreambolt-read-", dir=parent))
        except OSError as error:
            raise SourceError(
                f"{parent or tempfile.gettempdir()}: can't be written ({error.strerror})"
            ) from error
        self.clear = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass
class _Progress:
    """What has been read so far."""

    reports: list[FileReport] = field(default_factory=list)
    rejects: TableSpool = field(default_factory=lambda: TableSpool(REJECT_SCHEMA))
    finished: bool = False


class TableRead:
    """A table being read.

    Attributes:
        schema: of the stream.
        notes: what was decided where the files' schemas differ.
        files: what is known of each file before its rows are read.
        open_files: the files themselves.
    """

    def __init__(
        self, files: Sequence[OpenFile], united: United, spool: Spool, limit: int | None
    ) -> None:
        """Nothing is read yet; the spool is cleared when the stream ends or is given up."""
        self.files = tuple(file.report for file in files)
        self.schema: pa.Schema = united.schema
        self.notes = united.notes
        self.open_files = files
        self._limit = limit
        self._progress = _Progress()
        self._spool = spool

    @cached_property
    def reader(self) -> pa.RecordBatchReader:
        """The stream; to be read once."""
        # No reference back to self: Arrow hides this cycle from the garbage collector.
        batches = _iterate_batches(
            self.open_files, self.schema, self._limit, self._progress, self._spool
        )
        _RUNNING.add(batches)
        return pa.RecordBatchReader.from_batches(self.schema, batches)

    def iterate_places(
        self, file: str, rows: Iterable[int], count: int
    ) -> Iterator[RowPlace | None]:
        """Yield where rows of one file stand in it, None where that is not known.

        Args:
            file: as its report names it.
            rows, count: of `PlacedRows`.
        """
        for one in self.open_files:
            if one.report.file == file and isinstance(one.reader, PlacedRows):
                yield from one.reader.iterate_places(rows, count)
                return
        yield from (None for _ in rows)

    def close(self) -> None:
        """Give up a table that is not read."""
        for file in self.open_files:
            file.reader.close()
        self._spool.clear()

    def report(self) -> ReadReport:
        """Report on the whole read.

        Raises: RuntimeError while the reader is not exhausted, for the rejects are not all known
        yet.
        """
        if not self._progress.finished:
            raise RuntimeError("read the stream to its end before asking for the report")
        reports = tuple(self._progress.reports)
        rows = sum(report.rows for report in reports)
        rejects = self._progress.rejects
        return ReadReport(rows, rejects.num_rows, rejects, reports, self.notes)


def _iterate_batches(
    files: Sequence[OpenFile],
    schema: pa.Schema,
    limit: int | None,
    progress: _Progress,
    spool: Spool,
) -> Generator[pa.RecordBatch, None, None]:
    left = limit
    try:
        for file in files:
            if left == 0:  # nothing is asked of this file: DuckDB would not even open it
                progress.reports.append(file.report)
                continue
            rows = 0
            for batch in file.iterate_batches(left, schema):
                rows += batch.num_rows
                yield batch
            progress.reports.append(file.finish(rows, progress.rejects))
            if left is not None:
                left -= rows
        progress.finished = True
    finally:
        for file in files:
            file.reader.close()
        spool.clear()
