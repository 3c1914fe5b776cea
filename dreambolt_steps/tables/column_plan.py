"""What is to happen to a table and to each of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from dreambolt_steps.tables.column_types import name_type
from dreambolt_steps.tables.decision import ColumnDecision

OnMismatch = Literal["reject", "null", "raise", "widen"]


@dataclass(frozen=True)
class ColumnPlan:
    """What happens to one column.

    Attributes:
        name: its clean name.
        type: its Arrow type afterwards.
        is_explicit: whether the type was asked for.
        decision: what was found in the data, and why.
        null_tokens: values that mean NULL, after trimming.
        on_mismatch: what happens with a value that does not fit the type: its row is rejected, it
            becomes NULL, or SchemaError is raised. A column that was to be widened has no such
            value any more.
    """

    name: str
    type: pa.DataType
    is_explicit: bool
    decision: ColumnDecision
    null_tokens: tuple[str, ...] = ()
    on_mismatch: OnMismatch = "reject"

    @property
    def type_word(self) -> str:
        """The type as users write it: `int32`, `decimal(9,2)`, `text`."""
        return name_type(self.type)


@dataclass(frozen=True)
class CleanPlan:
    """How to clean a table: its columns in order."""

    columns: tuple[ColumnPlan, ...]

    @property
    def schema(self) -> pa.Schema:
        """The schema of the clean table."""
        return pa.schema([(column.name, column.type) for column in self.columns])
