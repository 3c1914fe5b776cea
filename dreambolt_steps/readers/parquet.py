"""Reads one Parquet file in its own types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dreambolt_steps.errors import SourceError
from dreambolt_steps.tables.column_types import find_plain_type
from dreambolt_steps.tables.naming import unique_names
from dreambolt_steps.tables.rejects.schema import Reject

_BATCH_BYTES = 8 << 20
_MAX_BATCH_ROWS = 131_072


class ParquetTable:
    """One Parquet file, its footer read, ready to be read once.

    Attributes:
        original_names: as in the file.
        names: the same, made unique.
        schema: the file's types, with dictionaries and views replaced by the plain types they stand
            for.
    """

    findings: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        """Read the footer.

        Raises: SourceError for an empty, truncated or other file.
        """
        self._path = path
        self._groups: list[int] | None = None
        with path.open("rb") as handle:
            head = handle.read(4)
        if not head:
            raise SourceError(f"{path}: is empty (0 bytes), not a Parquet file; check the source")
        if head != b"PAR1":
            raise SourceError(f"{path}: is not a Parquet file (it does not begin with PAR1)")
        try:
            self._file = pq.ParquetFile(path, pre_buffer=False)
            schema = self._file.schema_arrow
            self.original_names = tuple(schema.names)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise SourceError(f"{path}: Parquet file truncated or damaged ({reason})") from error
        self.names = unique_names(self.original_names)
        self.schema = pa.schema(
            [
                pa.field(name, find_plain_type(field.type))
                for name, field in zip(self.names, schema, strict=True)
            ]
        )

    def keep_row_groups(self, groups: Sequence[int]) -> int:
        """Read some row groups only.

        Returns: rows in the others.
        """
        self._groups = list(groups)
        metadata = self._file.metadata
        kept = sum(metadata.row_group(group).num_rows for group in groups)
        return int(metadata.num_rows - kept)

    def iterate_batches(self, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield batches of about 8 MiB, in the file's order.

        Raises: SourceError when a page can't be read.
        """
        left = self._file.metadata.num_rows if limit is None else limit
        try:
            size, groups = self._choose_batch_rows(), self._groups
            for batch in self._file.iter_batches(size, row_groups=groups):
                if left <= 0:
                    return
                batch = batch.slice(0, left)
                left -= batch.num_rows
                arrays = [
                    array if array.type == field.type else array.cast(field.type)
                    for array, field in zip(batch.columns, self.schema, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise SourceError(f"{self._path}: can't be read further ({reason})") from error

    def iterate_rejects(self) -> Iterator[Reject]:
        """Nothing is ever rejected: a Parquet file is read whole or not at all."""
        return iter(())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _choose_batch_rows(self) -> int:
        metadata = self._file.metadata
        size = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
        row_bytes = max(size / max(metadata.num_rows, 1), 1)
        return int(min(max(_BATCH_BYTES / row_bytes, 64), _MAX_BATCH_ROWS))
