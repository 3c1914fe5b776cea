"""What a prompt needs to know of a table: which columns hold NULLs, and a few of its rows."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class TableSample:
    """Facts and example rows of a table.

    Args:
        rows: number of rows of the table.
        nullable: names of the columns that hold at least one NULL; all of them for an empty table.
        examples: rows drawn with the seed, in the order of the table.
    """

    rows: int
    nullable: set[str]
    examples: list[dict[str, Any]]


def sample_table(
    open_reader: Callable[[], pa.RecordBatchReader], size: int, seed: int
) -> TableSample:
    """Draw rows from a table of any size, and find its columns with NULLs.

    Args:
        open_reader: gives a new stream over the table.
        size: rows to draw at most.
        seed: the same seed draws the same rows of the same table.
    """
    names = open_reader().schema.names
    nulls = dict.fromkeys(names, 0)
    rows = 0
    for batch in open_reader():
        rows += batch.num_rows
        for name in names:
            nulls[name] += batch.column(name).null_count
    wanted = sorted(random.Random(seed).sample(range(rows), min(size, rows)))
    examples: list[dict[str, Any]] = []
    start = 0
    for batch in open_reader():
        here = [at - start for at in wanted if start <= at < start + batch.num_rows]
        examples += batch.take(pa.array(here, pa.int64())).to_pylist()
        start += batch.num_rows
    nullable = {name for name, count in nulls.items() if count or not rows}
    return TableSample(rows, nullable, examples)
