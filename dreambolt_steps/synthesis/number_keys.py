"""Keys for new rows: numbers go on where those of the table end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.errors import SchemaError


def find_highest(reader: pa.RecordBatchReader, names: Sequence[str]) -> dict[str, int]:
    """The largest number of each column, in one pass."""
    highest = dict.fromkeys(names, 0)
    for batch in reader:
        for name in names:
            found = pc.max(batch.column(name)).as_py()
            highest[name] = highest[name] if found is None else max(highest[name], found)
    return highest


def number_rows(
    rows: Sequence[Mapping[str, Any]], highest: Mapping[str, int], schema: pa.Schema
) -> list[dict[str, Any]]:
    """The rows with their keys.

    Args:
        rows: without the key columns.
        highest: the largest number of each key column.
        schema: of the table.

    Raises: SchemaError when a column's type has no number left.

    >>> number_rows([{"a": "x"}], {"id": 7}, pa.schema([("id", pa.int8()), ("a", pa.string())]))
    [{'a': 'x', 'id': 8}]
    """
    for name, last in highest.items():
        kind = schema.field(name).type
        try:
            pa.scalar(last + len(rows), kind)
        except (pa.ArrowInvalid, OverflowError) as error:
            raise SchemaError(
                f"column {name} ({kind}) has no numbers left for {len(rows):,} new rows; give it "
                "a wider type in CleanTable"
            ) from error
    return [
        {**row, **{name: last + at for name, last in highest.items()}}
        for at, row in enumerate(rows, 1)
    ]
