"""Single columns of a step's table, in memory."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from dreambolt_steps.embedding.text_source import TextSource
from dreambolt_steps.steps.base.input_table import InputTable


def read_columns(table: InputTable, names: Sequence[str]) -> pa.Table:
    """Some columns of a table; those that are not there are left out."""
    with table.open_reader() as reader:
        there = [name for name in dict.fromkeys(names) if name in reader.schema.names]
        schema = pa.schema([reader.schema.field(name) for name in there])
        return pa.Table.from_batches([batch.select(there) for batch in reader], schema)


def read_source(table: InputTable, source: TextSource) -> pa.ChunkedArray:
    """The text of every row; NULL where there is none."""
    with table.open_reader() as reader:
        return pa.chunked_array([source.read(batch) for batch in reader], pa.string())
