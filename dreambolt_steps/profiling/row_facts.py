"""What a table's columns hold, as far as new rows have to keep to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.profiling.sample import TableSample
from dreambolt_steps.tables.column_types import find_plain_type

ENOUGH_ROWS = 50
_CATEGORIES = 100
_ROWS_PER_CATEGORY = 5
_SHAPES = 3
_CODE_LENGTH = 24


@dataclass(frozen=True)
class ColumnFacts:
    """What one column holds.

    Attributes:
        name: of the column.
        nullable: whether it holds a NULL (or the table no row).
        low, high: smallest and largest number, date or moment, over all rows.
        categories: its values, where there are few and each comes often; else empty.
        pattern: a regular expression for codes of few shapes; None for other text.
        unique: whether no value comes twice.
        distinct: how many values in the sample.
    """

    name: str
    nullable: bool
    low: Any = None
    high: Any = None
    categories: tuple[Any, ...] = ()
    pattern: str | None = None
    unique: bool = False
    distinct: int = 0


@dataclass(frozen=True)
class TableFacts:
    """What a table holds.

    Attributes:
        rows: of the table.
        columns: facts by name; nested columns and bytes only have `nullable`.
        sample: up to 50,000 rows, without nested columns and bytes.
    """

    rows: int
    columns: dict[str, ColumnFacts]
    sample: pa.Table

    @property
    def nullable(self) -> set[str]:
        """Columns that hold a NULL."""
        return {name for name, facts in self.columns.items() if facts.nullable}

    def select(self, names: Collection[str]) -> TableFacts:
        """The facts of some columns."""
        columns = {name: facts for name, facts in self.columns.items() if name in names}
        sampled = [name for name in self.sample.schema.names if name in columns]
        return TableFacts(self.rows, columns, self.sample.select(sampled))


def gather_facts(open_reader: Callable[[], pa.RecordBatchReader]) -> TableFacts:
    """Gather the facts of a table in one pass; memory does not grow with it.

    NULLs and ranges are those of all rows, the rest is found in a sample of at most 50,000. A table
    of less than 50 rows says too little to hold new rows to its ranges, categories and patterns.

    >>> facts = gather_facts(pa.table({"n": [1, 2, None]}).to_reader)
    >>> facts.rows, facts.columns["n"].nullable, facts.columns["n"].low
    (3, True, None)
    """
    sample = TableSample(open_reader())
    schema = sample.reader.schema
    rows, nulls = 0, dict.fromkeys(schema.names, 0)
    lows: dict[str, Any] = {}
    highs: dict[str, Any] = {}
    for batch in sample.reader:
        rows += batch.num_rows
        for name, column in zip(schema.names, batch.columns, strict=True):
            nulls[name] += column.null_count
            if _is_ordered(column.type) and len(column) > column.null_count:
                found = pc.min_max(column)
                low, high = found["min"].as_py(), found["max"].as_py()
                lows[name] = min(lows.get(name, low), low)
                highs[name] = max(highs.get(name, high), high)
    drawn = sample.table
    told = rows >= ENOUGH_ROWS
    columns = {}
    for name in schema.names:
        nullable = bool(nulls[name]) or not rows
        if name not in drawn.schema.names:
            columns[name] = ColumnFacts(name, nullable)
            continue
        values = drawn.column(name).combine_chunks().drop_null()
        distinct = len(pc.unique(values))
        columns[name] = ColumnFacts(
            name,
            nullable,
            lows.get(name) if told else None,
            highs.get(name) if told else None,
            _list_categories(values, distinct) if told else (),
            _find_pattern(values) if told else None,
            unique=told and distinct == len(values) == drawn.num_rows,
            distinct=distinct,
        )
    return TableFacts(rows, columns, drawn)


def _is_ordered(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_date(kind)
        or pa.types.is_timestamp(kind)
    )


def _list_categories(values: pa.Array, distinct: int) -> tuple[Any, ...]:
    kind = find_plain_type(values.type)
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return ()
    if not 0 < distinct <= _CATEGORIES or distinct * _ROWS_PER_CATEGORY > len(values):
        return ()
    return tuple(sorted(pc.unique(values).to_pylist()))


def _find_pattern(values: pa.Array) -> str | None:
    """The shapes of codes, such as `[A-Z]{2}-[0-9]{4}`: at most three, and with a digit each."""
    if not pa.types.is_string(values.type) or not len(values):
        return None
    if pc.max(pc.utf8_length(values)).as_py() > _CODE_LENGTH:
        return None
    shapes: set[str] = set()
    for value in pc.unique(values).to_pylist():
        shapes.add(_write_shape(value))
        if len(shapes) > _SHAPES:
            return None
    if not all("[0-9]" in shape for shape in shapes):
        return None
    return f"^({'|'.join(sorted(shapes))})$"


def _write_shape(value: str) -> str:
    parts = []
    for run in re.finditer(r"[0-9]+|[A-Z]+|[a-z]+|.", value, re.DOTALL):
        text = run.group()
        kinds = {"0": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}
        first = "0" if text[0] in "0123456789" else text[0]
        kind = "A" if "A" <= first <= "Z" else "a" if "a" <= first <= "z" else first
        parts.append(f"{kinds[kind]}{{{len(text)}}}" if kind in kinds else re.escape(text))
    return "".join(parts)
