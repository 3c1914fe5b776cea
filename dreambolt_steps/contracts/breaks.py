"""Broken promises, kept as columns of numbers and text: how many, which rows, which values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.contracts.contract import Dimension, Mode
from dreambolt_steps.tables.table_spool import TableSpool

BREAK_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("reason", pa.string()),
    ]
)
MAX_VALUE_CHARACTERS = 500


@dataclass
class RuleTally:
    """How often one promise was broken.

    Attributes:
        column: its name; several joined by ", "; None for the whole row.
        reason: what is wrong, in words.
        mode: what happened then.
        dimension: of quality, in which it counts.
        breaks: values that broke it.
        first_value, first_row: the first of them, as text, and its 0-based row.
    """

    column: str | None
    reason: str
    mode: Mode
    dimension: Dimension
    breaks: int = 0
    first_value: str | None = None
    first_row: int | None = None

    def include(self, values: pa.Array, rows: np.ndarray) -> None:
        """Count broken values (as text) of these rows."""
        if len(rows) and self.first_row is None:
            self.first_row = int(rows[0])
            self.first_value = values[0].as_py()
        self.breaks += len(rows)


@dataclass
class BreakLog:
    """Rows or values that were discarded (BREAK_SCHEMA), on disk where they are many."""

    spool: TableSpool = field(default_factory=lambda: TableSpool(BREAK_SCHEMA))

    def add(self, rows: np.ndarray, column: str | None, values: pa.Array, reason: str) -> None:
        """Keep what broke one promise."""
        if len(rows):
            words = [
                pa.repeat(pa.scalar(word, pa.string()), len(rows)) for word in (column, reason)
            ]
            columns = [pa.array(rows, pa.int64()), words[0], values, words[1]]
            self.spool.add(pa.table(columns, schema=BREAK_SCHEMA))

    def list_rows(self) -> np.ndarray:
        """The rows that there are, each once: 0-based, ascending, int64."""
        rows = [batch.column(0).to_numpy() for batch in self.spool.iterate_batches()]
        return np.unique(np.concatenate([np.empty(0, np.int64), *rows]))

    def build(self) -> pa.Table:
        """All of them in memory, by row."""
        return self.spool.read_all().sort_by("row").combine_chunks()


def show_values(values: pa.Array) -> pa.Array:
    """Values as text, at most 500 characters each; nested ones and bytes as Python shows them."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return show_values(values.cast(kind.value_type))
    if pa.types.is_nested(kind) or pa.types.is_binary(kind):
        told = [None if value is None else str(value) for value in values.to_pylist()]
        text = pa.array(told, pa.string())
    else:
        text = values.cast(pa.string())
    return pc.utf8_slice_codeunits(text, 0, MAX_VALUE_CHARACTERS)


def join_values(columns: Iterable[pa.Array]) -> pa.Array:
    """The values of several columns as one text a row: "7, Alex"."""
    shown = [pc.fill_null(show_values(column), "NULL") for column in columns]
    return shown[0] if len(shown) == 1 else pc.binary_join_element_wise(*shown, ", ")
