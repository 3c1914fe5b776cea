"""Reads one Parquet file in its own types."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.types as kinds

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.far_dates import write_dates
from dreambolt_steps.readers.parquet.timestamps import (
    find_far_columns,
    iterate_columns,
    open_parquet,
)
from dreambolt_steps.readers.parquet.variants import VariantStream, find_variants
from dreambolt_steps.tables.column_types import find_plain_type
from dreambolt_steps.tables.naming import unique_names
from dreambolt_steps.tables.plain_arrays import make_plain, write_interval
from dreambolt_steps.tables.rejects.schema import Reject

_BATCH_BYTES = 8 << 20
_MAX_BATCH_ROWS = 131_072
_ENCRYPTED = b"PARE"
_ADVICE = "write it without encryption, with the library that has the keys"


class ParquetTable:
    """One Parquet file, its footer read, ready to be read once.

    Attributes:
        original_names: as in the file.
        names: the same, made unique.
        schema: the file's types, those without a place elsewhere replaced by the plain types that
            hold their values (`find_plain_type`); variants, intervals and columns with dates
            outside the years 1 to 9999 are text.
        findings: what is out of the ordinary, in plain sentences.
    """

    def __init__(self, path: Path, spool: Path) -> None:
        """Read the footer, and dates whose range no statistics tell.

        Args:
            path: a local file.
            spool: folder for a link to it.

        Raises: SourceError for an empty, truncated, encrypted or other file, or one without
            columns.
        """
        self._path, self._spool = path, spool
        self._groups: list[int] | None = None
        with path.open("rb") as handle:
            head = handle.read(4)
        if not head:
            raise SourceError(f"{path}: is empty (0 bytes), not a Parquet file; check the source")
        if head == _ENCRYPTED:
            raise SourceError(f"{path}: is encrypted (Parquet modular encryption); {_ADVICE}")
        if head != b"PAR1":
            raise SourceError(f"{path}: is not a Parquet file (it does not begin with PAR1)")
        with _explain(path, "Parquet file truncated or damaged ({})"):
            self._file, cut = open_parquet(path)
            schema = self._file.schema_arrow
            self.original_names = tuple(schema.names)
            self._far = find_far_columns(self._file)
            self._variants = find_variants(self._file)
        if not schema.names:
            raise SourceError(f"{path}: has no columns, so no table; check the source")
        self._intervals = [
            at
            for at, (_, first, leaves) in enumerate(iterate_columns(self._file))
            if leaves == 1 and self._file.schema.column(first).converted_type == "INTERVAL"
        ]
        self.names = unique_names(self.original_names)
        as_text = {*self._far, *self._variants, *self._intervals}
        self._refuse_nested(schema)
        self.schema = pa.schema(
            [
                pa.field(name, pa.string() if at in as_text else find_plain_type(field.type))
                for at, (name, field) in enumerate(zip(self.names, schema, strict=True))
            ]
        )
        self._rows = [
            self._file.metadata.row_group(group).num_rows
            for group in range(self._file.metadata.num_row_groups)
        ]
        self.findings = tuple(filter(None, (cut, *self._tell())))

    def keep_row_groups(self, groups: Sequence[int]) -> int:
        """Read some row groups only.

        Returns: rows in the others.
        """
        self._groups = list(groups)
        return sum(self._rows) - sum(self._rows[group] for group in groups)

    def iterate_batches(self, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield batches of about 8 MiB, in the file's order.

        Raises: SourceError when a page can't be read.
        """
        groups = list(range(len(self._rows))) if self._groups is None else self._groups
        told = sum(self._rows[group] for group in groups)
        left = told if limit is None else min(limit, told)
        variants = self._open_variants() if self._variants else None
        try:
            with _explain(self._path, "can't be read further ({})"):
                for batch in self._file.iter_batches(self._choose_batch_rows(), row_groups=groups):
                    if left <= 0:
                        return
                    batch = batch.slice(0, left)
                    left -= batch.num_rows
                    arrays = list(map(self._convert, range(len(self.schema)), self._list(batch)))
                    taken = variants.take(batch.num_rows) if variants else []
                    for at, values in zip(self._variants, taken, strict=True):
                        arrays[at] = values
                    yield pa.RecordBatch.from_arrays(arrays, schema=self.schema)
            if left > 0:
                raise SourceError(
                    f"{self._path}: its footer tells {told:,} rows, and its pages end {left:,} "
                    "rows before: the file is damaged; write it again"
                )
        finally:
            if variants:
                variants.close()

    def iterate_rejects(self) -> Iterator[Reject]:
        """Nothing is ever rejected: a Parquet file is read whole or not at all."""
        return iter(())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _list(self, batch: pa.RecordBatch) -> list[pa.Array]:
        """The columns of a batch; pyarrow leaves out those of groups without fields."""
        if batch.num_columns == len(self.schema):
            return list(batch.columns)
        known = dict(zip(batch.schema.names, batch.columns, strict=True))
        return [known.get(name, pa.nulls(batch.num_rows)) for name in self.original_names]

    def _convert(self, at: int, array: pa.Array) -> pa.Array:
        if at in self._far:
            return write_dates(array)
        if at in self._intervals:
            return _write_intervals(array)
        return array if at in self._variants else make_plain(array)

    def _open_variants(self) -> VariantStream:
        spans = None
        if self._groups is not None:
            spans = [(sum(self._rows[:group]), self._rows[group]) for group in self._groups]
        names = [self.original_names[at] for at in self._variants]
        return VariantStream(self._path, names, spans, self._spool)

    def _refuse_nested(self, schema: pa.Schema) -> None:
        for at in self._far:
            if kinds.is_nested(schema.field(at).type):
                raise SourceError(
                    f"{self._path}: column {schema.names[at]!r} has dates outside the years 1 to "
                    "9999 in its lists or structs, which have no place in a table; correct them "
                    "at the source"
                )

    def _tell(self) -> Iterator[str]:
        told = self._file.metadata.num_rows
        if told != sum(self._rows):
            yield (
                f"the footer tells {told:,} rows, its row groups {sum(self._rows):,}; "
                "the row groups are read"
            )
        for numbers, words in (
            (self._far, "holds dates outside the years 1 to 9999; read as text"),
            (self._variants, "is of the variant type; read as text, objects and arrays as JSON"),
            (self._intervals, "holds intervals; read as text such as P1M2DT3.5S"),
        ):
            for at in numbers:
                yield f"column {self.original_names[at]!r} {words}"

    def _choose_batch_rows(self) -> int:
        metadata = self._file.metadata
        size = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
        row_bytes = max(size / max(sum(self._rows), 1), 1)
        return int(min(max(_BATCH_BYTES / row_bytes, 64), _MAX_BATCH_ROWS))


def _write_intervals(array: pa.Array) -> pa.Array:
    """Intervals as Parquet keeps them: months, days and milliseconds, of 32 bits each."""
    values = [None if one is None else _write_interval(one) for one in array.to_pylist()]
    return pa.array(values, pa.string())


def _write_interval(content: bytes) -> str:
    months, days, millis = struct.unpack("<3I", content)
    return write_interval(months, days, millis * 1_000_000)


@contextmanager
def _explain(path: Path, words: str) -> Iterator[None]:
    """Turn what pyarrow and DuckDB raise into one clear line."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError, duckdb.Error) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        if "decrypt" in reason or "encrypt" in reason:
            told = f"has encrypted columns (Parquet modular encryption); {_ADVICE}"
            raise SourceError(f"{path}: {told}") from error
        raise SourceError(f"{path}: {words.format(reason)}") from error
