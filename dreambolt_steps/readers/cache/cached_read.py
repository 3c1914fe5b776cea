"""Many files as one table, each read once: what is known comes from the cache, the rest is read by
several threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property

import pyarrow as pa

from dreambolt_steps.errors import ExportError, SchemaError
from dreambolt_steps.readers.cache.file_cache import CachedFile, FileCache
from dreambolt_steps.readers.cache.part_file import DamagedPartError
from dreambolt_steps.readers.partitions import append_partitions, type_partitions
from dreambolt_steps.readers.table.read_report import FileReport, ReadReport
from dreambolt_steps.readers.table.unify import align_batch, require_same_schemas, unite_schemas
from dreambolt_steps.sources.source_file import Partitions
from dreambolt_steps.tables.rejects.schema import REJECT_SCHEMA
from dreambolt_steps.tables.table_spool import TableSpool

_BATCH_ROWS = 65_536
_BATCH_BYTES = 4 << 20

ReadFile = Callable[[int, FileReport | None], CachedFile]


class CachedRead:
    """A table whose files are all in the cache.

    Attributes:
        schema: of the stream.
        notes: what was decided where the files' schemas differ.
        keys: of the files, in their order.
        fresh: indexes of the files that had to be read.
    """

    def __init__(
        self,
        keys: Sequence[str],
        cache: FileCache,
        read_file: ReadFile,
        *,
        schemas: str = "unite",
        partitions: Sequence[Partitions] | None = None,
        other_partitions: Sequence[Partitions] = (),
        advance: Callable[[int], None] | None = None,
    ) -> None:
        """Read every file that the cache does not have.

        Args:
            keys: of the files.
            cache: looked at, and filled.
            read_file: reads the file of an index to its end and keeps it in the cache; it is told
                what was found of the very first file, and called by several threads.
            schemas: "unite" files with other columns by name, or insist on the "same".
            partitions: columns that stand in the folders above each file.
            other_partitions: of files that are not read; they decide types too.
            advance: called with the number of files that are known.

        Raises: what `read_file` raises for the first file, in order, that can't be read; what was
            read of others is kept.
        """
        self.keys = tuple(keys)
        self._read_file = read_file
        found = [cache.find(key) for key in keys]
        self.fresh = tuple(index for index, cached in enumerate(found) if cached is None)
        first = found[0] = found[0] or read_file(0, None)
        self._alike = first.reports[0]
        waiting = [index for index in self.fresh if index]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            try:
                read = pool.map(lambda index: read_file(index, self._alike), waiting)
                for done, (index, cached) in enumerate(zip(waiting, read, strict=True)):
                    found[index] = cached
                    if advance:
                        advance(len(found) - len(waiting) + done + 1)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        self._files: list[CachedFile] = [cached for cached in found if cached is not None]
        self._partitions = partitions or [()] * len(keys)
        self._partition_types = type_partitions([*self._partitions, *other_partitions])
        named = [
            (cached.reports[0].file, self._complete(_make_empty(cached.part.schema), index).schema)
            for index, cached in enumerate(self._files)
        ]
        united = (require_same_schemas if schemas == "same" else unite_schemas)(named)
        self.schema: pa.Schema = united.schema
        self.notes = united.notes

    @property
    def files(self) -> tuple[FileReport, ...]:
        """What was found in each file."""
        found: list[FileReport] = []
        for index, cached in enumerate(self._files):
            for report in cached.reports:
                more = [name for name, _ in self._partitions[index] if name not in report.names]
                found.append(replace(report, names=(*report.names, *more)) if more else report)
        return tuple(found)

    def count_rows(self) -> dict[str, int]:
        """The rows of each file by its key, those that were rejected with them."""
        return {key: file.count_rows() for key, file in zip(self.keys, self._files, strict=True)}

    @cached_property
    def reader(self) -> pa.RecordBatchReader:
        """The stream, in batches of some MiB however small the files are; to be read once."""
        return pa.RecordBatchReader.from_batches(self.schema, self._gather_batches())

    def report(self) -> ReadReport:
        """Report on the whole read, at any time."""
        reports = self.files
        rejects = TableSpool(REJECT_SCHEMA)
        for index in range(len(self._files)):
            for batch in self._read_rejects(index):
                rejects.add(batch)
        rows = sum(report.rows for report in reports)
        return ReadReport(rows, rejects.num_rows, rejects, reports, self.notes)

    def _gather_batches(self) -> Iterator[pa.RecordBatch]:
        waiting: list[pa.RecordBatch] = []
        rows = size = 0
        for index in range(len(self._files)):
            for batch in self._iterate_file(index):
                waiting.append(self._align(batch, index))
                rows += batch.num_rows
                size += batch.nbytes
                if rows >= _BATCH_ROWS or size >= _BATCH_BYTES:
                    yield pa.concat_batches(waiting) if len(waiting) > 1 else waiting[0]
                    waiting, rows, size = [], 0, 0
        if waiting:
            yield pa.concat_batches(waiting)

    def _align(self, batch: pa.RecordBatch, index: int) -> pa.RecordBatch:
        try:
            return align_batch(self._complete(batch, index), self.schema)
        except SchemaError as error:
            raise SchemaError(f"{self._files[index].reports[0].file}: {error}") from error

    def _complete(self, batch: pa.RecordBatch, index: int) -> pa.RecordBatch:
        return append_partitions(batch, self._partitions[index], self._partition_types)

    def _iterate_file(self, index: int) -> Iterator[pa.RecordBatch]:
        done = 0
        for batch in self._iterate_part(index):
            done += batch.num_rows
            yield batch
        if done < self._files[index].part.rows:
            self._read_again(index)
            for batch in self._iterate_part(index, done):
                done += batch.num_rows
                yield batch
        if done < self._files[index].part.rows:
            raise ExportError(
                f"{self._files[index].part.path}: what was written is damaged at once; "
                "check the disk of the session"
            )

    def _iterate_part(self, index: int, start: int = 0) -> Iterator[pa.RecordBatch]:
        """Yield rows until the end, or until something is damaged."""
        try:
            yield from self._files[index].part.iterate_batches(start)
        except DamagedPartError:
            return

    def _read_rejects(self, index: int) -> Iterator[pa.RecordBatch]:
        done = 0
        try:
            for batch in self._files[index].part.iterate_rejects():
                done += batch.num_rows
                yield batch
            return
        except DamagedPartError:
            self._read_again(index)
        yield from self._files[index].part.iterate_rejects(done)

    def _read_again(self, index: int) -> None:
        self._files[index] = self._read_file(index, self._alike if index else None)


def _make_empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=schema)
