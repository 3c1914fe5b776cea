"""Reads one Arrow IPC file or stream, or Feather file, in its own types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.types as kinds

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.far_dates import has_far, list_leaves, may_be_far, write_dates
from dreambolt_steps.tables.column_types import find_plain_type
from dreambolt_steps.tables.naming import unique_names
from dreambolt_steps.tables.plain_arrays import make_plain
from dreambolt_steps.tables.rejects.schema import Reject

_MAX_BATCH_ROWS = 131_072


class ArrowFile:
    """One Arrow file (the random access format, Feather 2), Arrow stream, or Feather 1 file.

    Attributes:
        original_names: as in the file.
        schema: the file's types, those without a place elsewhere replaced by the plain types that
            hold their values (`find_plain_type`); columns with dates outside the years 1 to 9999
            are text; unique names.
        findings: what is out of the ordinary, in plain sentences.
    """

    def __init__(self, path: Path) -> None:
        """Read the schema, and the dates, of which nothing else tells how far they reach.

        Raises: SourceError for an empty, truncated or other file, or one without columns.
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
        if not schema.names:
            raise SourceError(f"{path}: has no columns, so no table; check the source")
        self._far = _find_far_columns(path, schema)
        self.findings = tuple(
            f"column {schema.names[at]!r} holds dates outside the years 1 to 9999; read as text"
            for at in self._far
        )
        self.schema = pa.schema(
            [
                pa.field(name, pa.string() if at in self._far else find_plain_type(field.type))
                for at, (name, field) in enumerate(
                    zip(unique_names(schema.names), schema, strict=True)
                )
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
                        write_dates(array) if at in self._far else make_plain(array)
                        for at, array in enumerate(batch.columns)
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


def _find_far_columns(path: Path, schema: pa.Schema) -> list[int]:
    """The columns, by number, with dates or moments outside the years 1 to 9999."""
    found: set[int] = set()
    wanted = [at for at, kind in enumerate(schema.types) if any(map(may_be_far, list_leaves(kind)))]
    if not wanted:
        return []
    try:
        with pa.OSFile(str(path)) as file:
            for batch in _open(file, path, pa.ipc.IpcReadOptions(included_fields=wanted))[0]:
                found |= {at for at in wanted if has_far(batch.column(schema.names[at]))}
    except (pa.ArrowException, OSError, ValueError):
        pass  # whoever reads the rows is told
    for at in found:
        if kinds.is_nested(schema.field(at).type):
            raise SourceError(
                f"{path}: column {schema.names[at]!r} has dates outside the years 1 to 9999 in its "
                "lists or structs, which have no place in a table; correct them at the source"
            )
    return sorted(found)


def _open(
    file: Any, path: Path, options: pa.ipc.IpcReadOptions | None = None
) -> tuple[Iterator[pa.RecordBatch], pa.Schema]:
    head = file.read(8)
    file.seek(0)
    if not head:
        raise SourceError(f"{path}: is empty (0 bytes), not an Arrow file; check the source")
    if head.startswith(b"FEA1"):
        table = pyarrow.feather.read_table(path)
        return iter(table.to_batches()), table.schema
    if head.startswith(b"ARROW1"):
        opened = pa.ipc.open_file(file, options=options)
        return (opened.get_batch(i) for i in range(opened.num_record_batches)), opened.schema
    if head.startswith(b"\xff\xff\xff\xff"):
        stream = pa.ipc.open_stream(file, options=options)
        return iter(stream), stream.schema
    raise SourceError(f"{path}: is not an Arrow file (it begins neither with ARROW1 nor a stream)")


def _shorten(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
