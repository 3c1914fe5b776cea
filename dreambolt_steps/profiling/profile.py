"""What the columns of a table hold: nulls, ranges, distinct values, samples."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.column_types import find_plain_type, name_type
from dreambolt_steps.tables.sql import open_duckdb

_SAMPLES = 5
_MAX_CHARACTERS = 80


@dataclass(frozen=True)
class ColumnProfile:
    """What one column holds.

    Attributes:
        name, type_word: as in the table.
        rows, nulls: counted.
        low, high: the smallest and largest value as text, at most 80 characters; None without
            values or for lists, structs and bytes.
        distinct: how many distinct values; about (HyperLogLog, a few percent off) where
            `is_exact` is False.
        samples: up to five different values from the first batch, as text.
    """

    name: str
    type_word: str
    rows: int
    nulls: int
    low: str | None
    high: str | None
    distinct: int
    samples: tuple[str, ...]
    is_exact: bool = False

    @property
    def told_distinct(self) -> str:
        """How many distinct values, with "~" before an estimate; never more than there are values.

        >>> ColumnProfile("n", "int8", 9, 1, "1", "9", 12, ()).told_distinct
        '~8'
        """
        number = min(self.distinct, self.rows - self.nulls)
        return f"{'' if self.is_exact else '~'}{number:,}"


EXACT_ROWS, _EXACT_CELLS = 1_000_000, 16_000_000
_EXACT_COLUMNS = 200  # for each further one DuckDB takes longer: 2 ms for 20, 15 ms for 400
"""Up to so many rows, and values, are distinct values counted one by one: beyond, memory would grow
with the table."""


def profile_table(reader: pa.RecordBatchReader, rows: int | None = None) -> list[ColumnProfile]:
    """Profile every column in one pass; memory does not grow with the table.

    Args:
        reader: the table; read to its end.
        rows: how many rows it has at most; up to a million of them distinct values are counted, and
            so they are estimated where it is not known.

    Returns: a profile for each column, in order.

    >>> table = pa.table({"n": [3, 1, None]})
    >>> profile = profile_table(table.to_reader())[0]
    >>> profile.nulls, profile.low, profile.high, profile.samples
    (1, '1', '3', ('3', '1'))
    """
    return measure_table(reader, rows)[0]


def measure_table(
    reader: pa.RecordBatchReader, rows: int | None = None
) -> tuple[list[ColumnProfile], int | None]:
    """Profile every column, and count the rows that are equal to earlier ones.

    Args:
        reader, rows: as `profile_table` takes them.

    Returns: the profiles, and the repeated rows: None where they were not counted.

    >>> measure_table(pa.table({"n": [1, 2, 1]}).to_reader(), 3)[1]
    1
    """
    fields = list(reader.schema)
    if not fields:
        return [], None
    schema = pa.schema([(f"c{i}", find_plain_type(f.type)) for i, f in enumerate(fields)])
    seen = [_Seen() for _ in fields]

    def look_at_batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            columns = [
                column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)
            ]
            for known, column in zip(seen, columns, strict=True):
                known.include(column)
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    is_small = rows is not None and rows <= EXACT_ROWS
    is_exact = is_small and (rows or 0) * len(fields) <= _EXACT_CELLS
    is_exact = is_exact and len(fields) <= _EXACT_COLUMNS
    with open_duckdb() as connection:
        stream = pa.RecordBatchReader.from_batches(schema, look_at_batches())
        counts = [
            f"count(DISTINCT hash({name})) FILTER ({name} IS NOT NULL)"
            if is_exact
            else f"approx_count_distinct({name})"
            for name in schema.names
        ]
        if is_small:
            counts.append(f"count(*) - count(DISTINCT hash({', '.join(schema.names)}))")
        found = connection.from_arrow(stream).aggregate(", ".join(counts)).fetchall()[0]
    profiles = [
        ColumnProfile(
            name=source.name,
            type_word=name_type(source.type),
            rows=known.rows,
            nulls=known.nulls,
            low=_show(known.low),
            high=_show(known.high),
            distinct=count,
            samples=known.samples,
            is_exact=is_exact,
        )
        for source, known, count in zip(fields, seen, found, strict=False)
    ]
    return profiles, found[-1] if is_small else None


@dataclass
class _Seen:
    """What was seen of a column so far; bounds by Arrow, which finds them faster than DuckDB."""

    rows: int = 0
    nulls: int = 0
    low: Any = None
    high: Any = None
    samples: tuple[str, ...] = field(default=())

    def include(self, column: pa.Array) -> None:
        self.rows += len(column)
        self.nulls += column.null_count
        if len(self.samples) < _SAMPLES:
            self.samples = _sample(column, self.samples)
        try:
            bounds = pc.min_max(column)
        except pa.ArrowNotImplementedError:  # nested, bytes, durations: no order to tell
            return
        low, high = bounds["min"].as_py(), bounds["max"].as_py()
        if low is not None:
            self.low = low if self.low is None else min(self.low, low)
            self.high = high if self.high is None else max(self.high, high)


def _show(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    text = value.isoformat(" ") if isinstance(value, dt.datetime) else str(value)
    return text[:_MAX_CHARACTERS]


def _sample(column: pa.Array, known: tuple[str, ...]) -> tuple[str, ...]:
    first = column[:1000]
    try:
        first = first.unique()
    except pa.ArrowNotImplementedError:  # lists and structs
        first = first[:_SAMPLES]
    values = (
        str(value)[:_MAX_CHARACTERS] for value in first[: _SAMPLES + 1].drop_null().to_pylist()
    )
    return tuple(dict.fromkeys((*known, *values)))[:_SAMPLES]
