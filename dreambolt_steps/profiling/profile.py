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
        distinct: about how many distinct values (HyperLogLog, a few percent off).
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


def profile_table(reader: pa.RecordBatchReader) -> list[ColumnProfile]:
    """Profile every column in one pass; memory does not grow with the table.

    Args:
        reader: the table; read to its end.

    Returns: a profile for each column, in order.

    >>> table = pa.table({"n": [3, 1, None]})
    >>> profile = profile_table(table.to_reader())[0]
    >>> profile.nulls, profile.low, profile.high, profile.samples
    (1, '1', '3', ('3', '1'))
    """
    fields = list(reader.schema)
    if not fields:
        return []
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

    with open_duckdb() as connection:
        stream = pa.RecordBatchReader.from_batches(schema, look_at_batches())
        counts = ", ".join(f"approx_count_distinct({field.name})" for field in schema)
        distinct = connection.from_arrow(stream).aggregate(counts).fetchall()[0]
    return [
        ColumnProfile(
            name=source.name,
            type_word=name_type(source.type),
            rows=known.rows,
            nulls=known.nulls,
            low=_show(known.low),
            high=_show(known.high),
            distinct=count,
            samples=known.samples,
        )
        for source, known, count in zip(fields, seen, distinct, strict=True)
    ]


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
