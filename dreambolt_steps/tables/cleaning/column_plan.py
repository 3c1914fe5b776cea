"""What is to happen to a table and to each of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from dreambolt_steps.arguments.clean_table import OnMismatch
from dreambolt_steps.errors import UsageError
from dreambolt_steps.tables.cleaning.masks import Mask
from dreambolt_steps.tables.column_types import name_type
from dreambolt_steps.tables.decision import ColumnDecision
from dreambolt_steps.tables.inference.question import Question
from dreambolt_steps.tables.rejects.raw_rows import HIDDEN


@dataclass(frozen=True)
class ColumnPlan:
    """What happens to one column.

    Attributes:
        at: its place in the source, 0-based.
        name: its clean name.
        type: its Arrow type once it is clean; a mask makes text of it.
        question: what was known and asked of it.
        decision: what was found in the data, and why.
        on_mismatch: what happens with a value that does not fit the type: its row is rejected, it
            becomes NULL, or SchemaError is raised. A column that was to be widened has no such
            value any more.
        mask: how its values are made unreadable, if they are.
    """

    at: int
    name: str
    type: pa.DataType
    question: Question
    decision: ColumnDecision
    on_mismatch: OnMismatch = "reject"
    mask: Mask | None = None

    @property
    def is_explicit(self) -> bool:
        """Whether the type was asked for."""
        return self.question.wanted is not None

    @property
    def final_type(self) -> pa.DataType:
        """The Arrow type that the column has in the end."""
        return pa.string() if self.mask else self.type

    @property
    def type_word(self) -> str:
        """The type as users write it: `int32`, `decimal(9,2)`, `text`."""
        return name_type(self.type)

    @property
    def null_tokens(self) -> tuple[str, ...]:
        """The values that become NULL; none where the column has no null token at all."""
        if not self.decision.has_null_tokens:
            return ()
        is_text = self.type == pa.string() and self.decision.semantic not in ("uuid", "json")
        return self.question.choose_tokens(is_text=is_text)

    def hide_values(self) -> ColumnPlan:
        """The same without any value of the column in what is told of it."""
        decision = self.decision
        return replace(
            self,
            decision=replace(
                decision,
                categories=(),
                null_words=tuple((HIDDEN, count) for _, count in decision.null_words),
                failures=tuple(replace(one, value=HIDDEN) for one in decision.failures),
                # Values stand behind the first colon.
                warnings=tuple(
                    replace(
                        one,
                        message=f"{one.message.partition(': ')[0]}: {HIDDEN}",
                        argument="" if one.code == "null_words" else one.argument,
                    )
                    for one in decision.warnings
                ),
                note=decision.note.partition(": ")[0],
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """What became of the column and why, ready for JSON: the fields of its decision, and
        `words`, all of it in one line."""
        words = f"{self.type_word}, from {self.decision.name!r}"
        words += ", as asked" if self.is_explicit else ""
        words += f", masked ({self.mask})" if self.mask else ""
        why = self.decision.explain()
        decision = self.decision.to_dict()
        return {
            **decision,
            "source": decision["name"],
            "name": self.name,
            "type": name_type(self.final_type),
            "found_type": decision["type"],
            "is_explicit": self.is_explicit,
            "on_mismatch": self.on_mismatch,
            "mask": self.mask,
            "words": f"{words}; {why}" if why else words,
        }


@dataclass(frozen=True)
class Repeats:
    """Rows that are equal to earlier ones, once the table is clean; nothing is masked yet.

    Attributes:
        rows: their 0-based numbers among the rows that were not rejected, ascending.
        firsts: the first occurrence of each, the same way.
        columns: which had to be equal; empty: all.
        is_dropped: whether they are rejected; else the column `flag` tells them.
    """

    rows: np.ndarray
    firsts: np.ndarray
    columns: tuple[str, ...]
    is_dropped: bool


FLAG_COLUMN = "is_duplicate"


@dataclass(frozen=True)
class CleanPlan:
    """How to clean a table: its columns in order, and what happens to repeated rows, if that was
    asked for."""

    columns: tuple[ColumnPlan, ...]
    repeats: Repeats | None = None

    def mask_columns(self, masks: Sequence[Mask | None]) -> CleanPlan:
        """The same plan with a mask, or none, for each column.

        Raises: UsageError for a column of lists, structs or bytes.
        """
        columns = []
        for column, mask in zip(self.columns, masks, strict=True):
            if mask and (pa.types.is_nested(column.type) or pa.types.is_binary(column.type)):
                raise UsageError(
                    f"column {column.name!r} is {column.type_word}; masks are for text"
                )
            masked = replace(column, mask=mask).hide_values() if mask else column
            columns.append(masked)
        return replace(self, columns=tuple(columns))

    @property
    def schema(self) -> pa.Schema:
        """The schema of the clean table."""
        fields = [(column.name, column.final_type) for column in self.columns]
        if self.repeats is not None and not self.repeats.is_dropped:
            fields.append((FLAG_COLUMN, pa.bool_()))
        return pa.schema(fields)
