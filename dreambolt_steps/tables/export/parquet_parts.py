"""A stream of record batches as row groups, and these in files of a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from dreambolt_steps.engines.engine import Engine
from dreambolt_steps.tables.export.encoded_group import JoinedPart, open_group_encoder
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
    engine: Engine,
) -> list[ExportedFile]:
    """Write row groups to the files of a folder.

    Args:
        groups: of `group_rows`.
        schema: of the files, with their metadata.
        folder: where there is no such file yet.
        max_file_bytes: bytes after which the next file begins; None: one file.
        options: of pyarrow's `ParquetWriter`.
        engine: where groups are encoded; the files are written here, and are the same.

    Returns: the files; one of no rows for no groups.
    """
    whole = partial(ParquetPart, schema=schema, options=options)
    if not engine.is_spread:
        return _fill_parts(groups, whole, folder, max_file_bytes)
    with engine.open_workers(partial(open_group_encoder, schema, options)) as workers:
        encoded = workers.map(groups)
        first = next(encoded, None)
        if first is None:
            return _fill_parts(iter(()), whole, folder, max_file_bytes)
        return _fill_parts(chain([first], encoded), JoinedPart, folder, max_file_bytes)


def _fill_parts(
    groups: Iterator[Any],
    open_part: Callable[[Path], Any],
    folder: Path,
    max_file_bytes: int | None,
) -> list[ExportedFile]:
    files: list[ExportedFile] = []
    group = next(groups, None)
    while group is not None or not files:
        path = folder / f"part-{len(files):05d}.parquet"
        rows = 0
        with open_part(path) as part:
            largest = 0
            while group is not None:
                largest = max(largest, part.write(group))
                rows += group.num_rows
                group = next(groups, None)
                if max_file_bytes is not None and part.bytes + largest > max_file_bytes:
                    break
        files.append(ExportedFile(path, rows, part.bytes, part.fingerprint))
    return files
