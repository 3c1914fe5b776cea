"""The rejects of a whole run in one Parquet file beside the export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dreambolt_steps.errors import ExportError
from dreambolt_steps.local_path import read_local_path
from dreambolt_steps.tables.export.export import METADATA_PREFIX, ExportedFile, write_parquet
from dreambolt_steps.tables.rejects.schema import REJECT_SCHEMA

OWNER = "rejects_of"
_FOLDER_OF_FILES = "_rejects"
EXPORT_SCHEMA = pa.schema(
    [*(REJECT_SCHEMA), pa.field("step", pa.string()), pa.field("row", pa.int64())]
)
"""As REJECT_SCHEMA, with the step that rejected, and `row`, the 1-based row of the table it read,
where that was a table and not a file; `line` is then NULL, unless the row was found in its file."""


@dataclass(frozen=True)
class StepRejects:
    """The rejects of one step.

    Attributes:
        step: its name.
        rejects: a Parquet file or a table in REJECT_SCHEMA.
        files: the files whose rows, one file after the other, are the table that the step read,
            each with its number of rows; empty if that is not known.
        withheld: why values and raw rows must not be shown, or None.
    """

    step: str
    rejects: Path | pa.Table
    files: tuple[tuple[str, int], ...] = ()
    withheld: str | None = None


def name_rejects(export: str | Path) -> Path:
    """Where the rejects of an export go: never where a reader of the export looks.

    Beside a folder; of a single file, in a folder beside it, since readers glob `*.parquet` there.

    >>> name_rejects("/out/players"), name_rejects("/out/players.parquet")
    (PosixPath('/out/players.rejects.parquet'), PosixPath('/out/_rejects/players.parquet'))
    """
    path = read_local_path(export, "an export").absolute()
    if path.suffix == ".parquet":
        return path.parent / _FOLDER_OF_FILES / path.name
    return path.with_name(f"{path.name}.rejects.parquet")


def check_rejects(target: Path) -> None:
    """Refuse to write where somebody else's file is.

    Raises: ExportError.
    """
    if target.exists() and not is_rejects(target):
        raise ExportError(
            f"{target} exists and holds no rejects of this package; move it, or export elsewhere"
        )


def is_rejects(target: Path) -> bool:
    """Whether a file was written by `export_rejects`."""
    try:
        metadata = pq.read_metadata(target).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return False
    return (METADATA_PREFIX + OWNER).encode() in metadata


def export_rejects(target: Path, parts: Sequence[StepRejects], owner: str) -> ExportedFile | None:
    """Write the rejects of several steps, in their order; without any, remove what was there.

    Args:
        target: of `name_rejects`; appears whole or not at all.
        parts: a step each.
        owner: the path of the export, kept in the file's metadata.

    Returns: the file; None if there are no rejects.
    Raises: ExportError: somebody else's file is there, or the place can't be written.
    """
    readers = [_read(part) for part in parts]
    first = next((batch for reader in readers for batch in reader), None)
    if first is None:
        if is_rejects(target):
            target.unlink(missing_ok=True)
        return None
    check_rejects(target)

    def iterate() -> Iterator[pa.RecordBatch]:
        yield first
        for reader in readers:  # those read through already give nothing more
            yield from reader

    rows = pa.RecordBatchReader.from_batches(EXPORT_SCHEMA, iterate())
    return write_parquet(rows, target, metadata={OWNER: owner})[0]


def _read(part: StepRejects) -> Iterator[pa.RecordBatch]:
    if isinstance(part.rejects, pa.Table):
        batches: Iterator[pa.RecordBatch] = iter(part.rejects.to_batches())
    else:
        batches = pq.ParquetFile(part.rejects).iter_batches()
    for batch in batches:
        if batch.num_rows:
            yield _complete(batch, part)


def _complete(batch: pa.RecordBatch, part: StepRejects) -> pa.RecordBatch:
    columns = {name: batch.column(name) for name in REJECT_SCHEMA.names}
    if part.withheld:
        columns["value"] = columns["raw"] = pa.nulls(batch.num_rows, pa.string())
        told = pa.repeat(pa.scalar(part.withheld), batch.num_rows)
        columns["reason"] = pc.binary_join_element_wise(columns["reason"], told, "; ")
    in_table = pc.equal(columns["file"], "")
    placed = batch.column("row") if "row" in batch.schema.names else None
    rows = pc.if_else(in_table, columns["line"], placed)
    columns["line"] = pc.if_else(in_table, None, columns["line"])
    columns["file"] = pc.if_else(in_table, _trace(rows, part.files), columns["file"])
    columns["step"] = pa.repeat(pa.scalar(part.step), batch.num_rows)
    columns["row"] = rows
    return pa.RecordBatch.from_arrays(
        [columns[name] for name in EXPORT_SCHEMA.names], schema=EXPORT_SCHEMA
    )


def _trace(rows: pa.Array, files: Sequence[tuple[str, int]]) -> pa.Array:
    """The file that each row of the table came from; NULL where that is not known."""
    if not files:
        return pa.nulls(len(rows), pa.string())
    ends = np.cumsum([count for _, count in files])
    numbers = pc.fill_null(rows, 0).to_numpy(zero_copy_only=False) - 1
    at = np.searchsorted(ends, numbers, side="right")
    known = (numbers >= 0) & (at < len(files))
    names = pa.array([file for file, _ in files], pa.string())
    return names.take(pa.array(at, mask=~known))
