"""What is to happen to a table and to each of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from dreambolt_steps.tables.column_types import name_type
from dreambolt_steps.tables.decision import ColumnDecision
from dreambolt_steps.tables.inference.question import Question

OnMismatch = Literal["reject", "null", "raise", "widen"]


@dataclass(frozen=True)
class ColumnPlan:
    """What happens to one column.

    Attributes:
        at: its place in the source, 0-based.
        name: its clean name.
        type: its Arrow type afterwards.
        question: what was known and asked of it.
        decision: what was found in the data, and why.
        on_mismatch: what happens with a value that does not fit the type: its row is rejected, it
            becomes NULL, or SchemaError is raised. A column that was to be widened has no such
            value any more.
    """

    at: int
    name: str
    type: pa.DataType
    question: Question
    decision: ColumnDecision
    on_mismatch: OnMismatch = "reject"

    @property
    def is_explicit(self) -> bool:
        """Whether the type was asked for."""
        return self.question.wanted is not None

    @property
    def type_word(self) -> str:
        """The type as users write it: `int32`, `decimal(9,2)`, `text`."""
        return name_type(self.type)

    @property
    def drops_tokens(self) -> bool:
        """Whether there are null tokens that become NULL."""
        in_scope = self.question.tokens_in_text or self.type != pa.string()
        return self.decision.has_null_tokens and in_scope

    def to_dict(self) -> dict[str, Any]:
        """What became of the column and why, ready for JSON: the fields of its decision, and
        `words`, all of it in one line."""
        words = f"{self.type_word}, from {self.decision.name!r}"
        words += ", as asked" if self.is_explicit else ""
        why = self.decision.explain()
        decision = self.decision.to_dict()
        return {
            **decision,
            "source": decision["name"],
            "name": self.name,
            "type": self.type_word,
            "found_type": decision["type"],
            "is_explicit": self.is_explicit,
            "on_mismatch": self.on_mismatch,
            "words": f"{words}; {why}" if why else words,
        }


@dataclass(frozen=True)
class CleanPlan:
    """How to clean a table: its columns in order."""

    columns: tuple[ColumnPlan, ...]

    @property
    def schema(self) -> pa.Schema:
        """The schema of the clean table."""
        return pa.schema([(column.name, column.type) for column in self.columns])
