"""What the columns of a table hold: nulls, ranges, distinct values, samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

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
    samples: list[tuple[str, ...]] = [() for _ in fields]
    schema = pa.schema([(f"c{i}", find_plain_type(f.type)) for i, f in enumerate(fields)])

    def rename_batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            for index, column in enumerate(batch.columns):
                if len(samples[index]) < _SAMPLES:
                    samples[index] = _sample(column, samples[index])
            columns = [
                column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    with open_duckdb() as connection:
        stream = pa.RecordBatchReader.from_batches(schema, rename_batches())
        measures = ", ".join(_write_measures(field) for field in schema)
        relation = connection.from_arrow(stream)
        found = relation.aggregate(f"count(*), {measures}").fetchall()[0]
    return [
        ColumnProfile(
            name=source.name,
            type_word=name_type(source.type),
            rows=found[0],
            nulls=found[0] - found[1 + 4 * index],
            low=found[3 + 4 * index],
            high=found[4 + 4 * index],
            distinct=found[2 + 4 * index],
            samples=samples[index],
        )
        for index, source in enumerate(fields)
    ]


def _write_measures(column: pa.Field) -> str:
    bounds = "NULL, NULL"
    if not pa.types.is_nested(column.type) and not pa.types.is_binary(column.type):
        bounds = ", ".join(
            f"left(cast({measure}({column.name}) as VARCHAR), {_MAX_CHARACTERS})"
            for measure in ("min", "max")
        )
    return f"count({column.name}), approx_count_distinct({column.name}), {bounds}"


def _sample(column: pa.Array, known: tuple[str, ...]) -> tuple[str, ...]:
    values = (str(value)[:_MAX_CHARACTERS] for value in column.drop_null()[:1000].to_pylist())
    return tuple(dict.fromkeys((*known, *values)))[:_SAMPLES]
