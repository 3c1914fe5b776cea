"""Reads one Arrow IPC file or stream, or Feather file, in its own types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather

from dreambolt_steps.errors import SourceError
from dreambolt_steps.tables.column_types import find_plain_type
from dreambolt_steps.tables.naming import unique_names
from dreambolt_steps.tables.rejects.schema import Reject

_MAX_BATCH_ROWS = 131_072


class ArrowFile:
    """One Arrow file (the random access format, Feather 2), Arrow stream, or Feather 1 file.

    Attributes:
        original_names: as in the file.
        schema: the file's types, with dictionaries and views replaced by the plain types they stand
            for; unique names.
    """

    findings: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        """Read the schema.

        Raises: SourceError for an empty, truncated or other file.
        """
        self._path = path
        self._file = pa.OSFile(str(path))
        try:
            self._batches, schema = _open(self._file, path)
            self.original_names = tuple(schema.names)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise SourceError(
                f"{path}: Arrow file truncated or damaged ({_shorten(error)})"
            ) from error
        self.schema = pa.schema(
            [
                pa.field(name, find_plain_type(field.type))
                for name, field in zip(unique_names(schema.names), schema, strict=True)
            ]
        )

    def iterate_batches(self, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the file's batches, those of more than 131,072 rows cut.

        Raises: SourceError when a batch can't be read.
        """
        left = limit
        try:
            for whole in self._batches:
                whole.validate(full=True)
                for start in range(0, whole.num_rows, _MAX_BATCH_ROWS):
                    if left is not None and left <= 0:
                        return
                    size = _MAX_BATCH_ROWS if left is None else min(left, _MAX_BATCH_ROWS)
                    batch = whole.slice(start, size)
                    left = None if left is None else left - batch.num_rows
                    arrays = [
                        array if array.type == field.type else array.cast(field.type)
                        for array, field in zip(batch.columns, self.schema, strict=True)
                    ]
                    yield pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        except (pa.ArrowException, OSError) as error:
            raise SourceError(f"{self._path}: can't be read further ({_shorten(error)})") from error

    def iterate_rejects(self) -> Iterator[Reject]:
        """Nothing is ever rejected: an Arrow file is read whole or not at all."""
        return iter(())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _open(file: Any, path: Path) -> tuple[Iterator[pa.RecordBatch], pa.Schema]:
    head = file.read(8)
    file.seek(0)
    if not head:
        raise SourceError(f"{path}: is empty (0 bytes), not an Arrow file; check the source")
    if head.startswith(b"FEA1"):
        table = pyarrow.feather.read_table(path)
        return iter(table.to_batches()), table.schema
    if head.startswith(b"ARROW1"):
        opened = pa.ipc.open_file(file)
        return (opened.get_batch(i) for i in range(opened.num_record_batches)), opened.schema
    if head.startswith(b"\xff\xff\xff\xff"):
        stream = pa.ipc.open_stream(file)
        return iter(stream), stream.schema
    raise SourceError(f"{path}: is not an Arrow file (it begins neither with ARROW1 nor a stream)")


def _shorten(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
