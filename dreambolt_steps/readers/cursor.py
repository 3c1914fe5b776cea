"""The rows of a typed file from a value of one column on: groups that hold none are not read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs
import pyarrow.types as kinds

from dreambolt_steps.errors import SchemaError, UnknownColumnError, UsageError
from dreambolt_steps.tables.column_types import name_type
from dreambolt_steps.unknown_names import tell_known

_ORDERED = (
    kinds.is_integer,
    kinds.is_floating,
    kinds.is_decimal,
    kinds.is_date,
    kinds.is_timestamp,
    kinds.is_string,
    kinds.is_large_string,
)


@dataclass(frozen=True)
class Since:
    """Which rows are wanted.

    Attributes:
        column: the cursor.
        value: as text, read in the column's type; None for every row.
        inclusive: whether rows of just this value are wanted.
    """

    column: str
    value: str | None = None
    inclusive: bool = True


class CursorFilter:
    """Keeps the wanted rows of one file.

    Attributes:
        passed_over: rows that were not wanted, those without a value among them.
        empty: rows without a value.
        largest: the largest value kept, as text; None without one.
    """

    def __init__(self, since: Since, schema: pa.Schema, file: str) -> None:
        """Check that the file has the column, and that the value is one of its type.

        Raises:
            SchemaError: no such column, or its type has no order.
            UsageError: the value is none of the column's type.
        """
        if since.column not in schema.names:
            raise UnknownColumnError(
                f"{file}: no column {since.column!r} to begin at; "
                f"{tell_known(since.column, schema.names)}"
            )
        self._since = since
        self._type = schema.field(since.column).type
        if not any(is_kind(self._type) for is_kind in _ORDERED):
            raise SchemaError(
                f"{file}: column {since.column!r} is {name_type(self._type)}; rows can begin at "
                "numbers, dates, timestamps or text"
            )
        self._bound = None if since.value is None else self._parse(since.value)
        self._largest: pa.Scalar | None = None
        self.passed_over = self.empty = 0

    @property
    def largest(self) -> str | None:
        """The largest value kept, as text that `Since` reads."""
        return None if self._largest is None else tell_value(self._largest)

    def choose_row_groups(self, path: Path) -> list[int]:
        """The row groups of a Parquet file that may hold wanted rows, by their statistics."""
        local = pyarrow.fs.LocalFileSystem()
        fragment = ds.ParquetFileFormat().make_fragment(str(path), local)
        stored = fragment.physical_schema
        # Where the values are carried in another type, statistics can't be compared with it.
        if self._bound is not None and (self._since.column, self._type) in zip(
            stored.names, stored.types, strict=True
        ):
            fragment = fragment.subset(self._compare(ds.field(self._since.column)))
        return [group.id for group in fragment.row_groups]

    def keep(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The wanted rows of a batch."""
        values = batch.column(self._since.column)
        kept = batch
        if self._bound is not None:
            kept = batch.filter(pc.fill_null(self._compare(values), fill_value=False))
            self.empty += values.null_count
            self.passed_over += batch.num_rows - kept.num_rows
        highest = pc.max(kept.column(self._since.column))
        if highest.is_valid and (
            self._largest is None or pc.greater(highest, self._largest).as_py()
        ):
            self._largest = highest
        return kept

    def _compare(self, values: pa.Array | ds.Expression) -> pa.Array | ds.Expression:
        compare = pc.greater_equal if self._since.inclusive else pc.greater
        return compare(values, self._bound)

    def _parse(self, value: str) -> pa.Scalar:
        try:
            return parse_value(value, self._type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
            raise UsageError(
                f"since={value!r} is no {name_type(self._type)}, which column "
                f"{self._since.column!r} is; write it as {_exemplify(self._type)}"
            ) from error


def find_largest(values: Iterable[str | None], kind: pa.DataType) -> str | None:
    """The largest of several values that are written as text."""
    found = [parse_value(value, kind) for value in values if value is not None]
    if not found:
        return None
    return tell_value(pc.max(pa.array([value.as_py() for value in found], kind)))


def parse_value(value: str, kind: pa.DataType) -> pa.Scalar:
    """Read text as a value of a type; without a zone, a time is one of the type's zone.

    Raises: pa.ArrowInvalid, pa.ArrowNotImplementedError.
    """
    text = pa.scalar(value)
    if kinds.is_timestamp(kind) and kind.tz:
        try:
            return pc.assume_timezone(text.cast(pa.timestamp(kind.unit)), kind.tz).cast(kind)
        except pa.ArrowInvalid:
            pass
    return text.cast(kind)


def tell_value(value: pa.Scalar) -> str:
    """Write a value as text that `parse_value` reads."""
    if kinds.is_timestamp(value.type) and value.type.tz:
        value = value.cast(pa.timestamp(value.type.unit, "UTC"))
    return str(value.cast(pa.string()).as_py())


def _exemplify(kind: pa.DataType) -> str:
    if kinds.is_timestamp(kind):
        return "2026-01-31 or 2026-01-31T12:00:00" + ("Z" if kind.tz else "")
    return "2026-01-31" if kinds.is_date(kind) else "a number"
