"""How many values there are of a kind, and the first of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def accept(text: pa.Array, found: np.ndarray | None = None) -> pa.BooleanArray:
    """Which values are of a kind: those `found`, or all of them; NULL where the text is."""
    accepted = pa.array(np.ones(len(text), bool) if found is None else found)
    if not text.null_count:
        return accepted
    return pc.if_else(text.is_valid(), accepted, pa.scalar(None, pa.bool_()))


@dataclass
class Tally:
    """Values of one kind, counted batch after batch.

    Attributes:
        count: values so far.
        value, row: the first of them, and its 1-based row.
    """

    count: int = 0
    value: str = ""
    row: int = 0

    def include(self, values: pa.Array, found: pa.BooleanArray, rows_before: int) -> None:
        """Count the values that are `found`; NULL is not."""
        count = found.true_count
        if count and not self.count:
            at = pc.index(found, True).as_py()
            self.value, self.row = values[at].as_py(), rows_before + at + 1
        self.count += count

    def __bool__(self) -> bool:
        return self.count > 0

    def __str__(self) -> str:
        return f"{self.value!r} in row {self.row}"
