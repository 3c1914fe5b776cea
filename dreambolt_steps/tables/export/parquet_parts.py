"""A stream of record batches as row groups, and these in files of a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from dreambolt_steps.tables.export.parquet_part import ParquetPart

ROW_GROUP_BYTES = 64 * 2**20  # held in memory: wide rows (vectors) get row groups of fewer rows


@dataclass(frozen=True)
class ExportedFile:
    """One file of an export.

    `fingerprint` is the xxh3-128 of its bytes: the same rows with the same settings and metadata
    give the same one.
    """

    path: Path | str
    rows: int
    bytes: int
    fingerprint: str


def group_rows(
    reader: pa.RecordBatchReader, rows: int, on_progress: Callable[[int], None] | None
) -> Iterator[pa.Table]:
    """The rows as tables of so many, or of 64 MiB in memory at least.

    Args:
        reader: the rows.
        rows: of a group, at most.
        on_progress: called with the rows of all groups that were taken.
    """
    held: list[pa.RecordBatch] = []
    count = size = done = 0
    for batch in reader:
        while batch.num_rows:
            piece = batch.slice(0, rows - count)
            batch = batch.slice(piece.num_rows)
            held.append(piece)
            count += piece.num_rows
            size += piece.nbytes
            if count == rows or size >= ROW_GROUP_BYTES:
                yield pa.Table.from_batches(held)
                done += count
                held, count, size = [], 0, 0
                if on_progress:
                    on_progress(done)
    if held:
        yield pa.Table.from_batches(held)
        if on_progress:
            on_progress(done + count)


def write_parts(
    groups: Iterator[pa.Table],
    schema: pa.Schema,
    folder: Path,
    *,
    max_file_bytes: int | None,
    options: Mapping[str, str | int | None],
) -> list[ExportedFile]:
    """Write row groups to the files of a folder.

    Args:
        groups: of `group_rows`.
        schema: of the files, with their metadata.
        folder: where there is no such file yet.
        max_file_bytes: bytes after which the next file begins; None: one file.
        options: of pyarrow's `ParquetWriter`.

    Returns: the files; one of no rows for no groups.
    """
    files: list[ExportedFile] = []
    group = next(groups, None)
    while group is not None or not files:
        path = folder / f"part-{len(files):05d}.parquet"
        rows = 0
        with ParquetPart(path, schema, options) as part:
            largest = 0
            while group is not None:
                largest = max(largest, part.write(group))
                rows += group.num_rows
                group = next(groups, None)
                if max_file_bytes is not None and part.bytes + largest > max_file_bytes:
                    break
        files.append(ExportedFile(path, rows, part.bytes, part.fingerprint))
    return files
