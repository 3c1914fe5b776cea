"""What a table promises: columns, types, values, and what happens where a promise is broken."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import pyarrow as pa

Mode = Literal["evolve", "freeze", "discard_row", "discard_value"]
Dimension = Literal["completeness", "validity", "uniqueness", "consistency"]
MODES: tuple[Mode, ...] = ("evolve", "freeze", "discard_row", "discard_value")


@dataclass(frozen=True)
class Modes:
    """What to do with what the contract does not allow, by what it is about (dlt's words).

    Attributes:
        tables: another table than the one described: none of its columns is there.
        columns: a column that the contract does not name; a missing one that must not be NULL.
        data_type: a value that is none of its column's type.
        rows: a value or row that breaks a constraint (NULL, range, pattern, uniqueness...).
    """

    tables: Mode = "evolve"
    columns: Mode = "evolve"
    data_type: Mode = "evolve"
    rows: Mode = "discard_row"


MODE_KEYS = tuple(field.name for field in fields(Modes))


@dataclass(frozen=True)
class Reference:
    """A column of another file, in which every value of the referencing column has to be."""

    file: str
    column: str


@dataclass(frozen=True)
class ColumnContract:
    """What one column promises; None and () promise nothing.

    Attributes:
        name: after cleaning.
        type: its Arrow type.
        type_word: the type as it was written; "any type" where none is promised.
        nullable: whether it may be NULL, or be missing altogether.
        low, high: the smallest and largest value, of `type`, both allowed.
        min_length, max_length: characters of a text.
        pattern: an RE2 expression that matches the whole text.
        allowed: every value there may be, of `type`.
        unique: no value twice; NULL any number of times.
        references: where every value has to be found.
        description, semantic_type, unit: for people and for tools further on.
        modes: those of the table, unless the column has its own.
    """

    name: str
    type: pa.DataType | None = None
    type_word: str = "any type"
    nullable: bool = True
    low: pa.Scalar | None = None
    high: pa.Scalar | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    allowed: pa.Array | None = None
    unique: bool = False
    references: Reference | None = None
    description: str | None = None
    semantic_type: str | None = None
    unit: str | None = None
    modes: Modes = Modes()


@dataclass(frozen=True)
class Contract:
    """A table's contract.

    Attributes:
        columns: in their order.
        modes: of the table.
        unique: groups of columns of which no combination comes twice; those of single columns too.
        table, description: for people.
        origin: the file it was read from, or "the contract".
        content: the contract as it was written, as one text: equal for equal contracts.
    """

    columns: tuple[ColumnContract, ...]
    modes: Modes = Modes()
    unique: tuple[tuple[str, ...], ...] = ()
    table: str | None = None
    description: str | None = None
    origin: str = "the contract"
    content: str = ""

    def may_evolve(self) -> bool:
        """Whether a new column, or a wider one, may come through to what is made of the table."""
        modes = [self.modes, *(column.modes for column in self.columns)]
        return any("evolve" in (mode.columns, mode.data_type) for mode in modes)

    def describe_columns(self) -> dict[str, dict[str, str]]:
        """Column -> description, semantic type and unit, as far as there are any."""
        told = {
            column.name: {
                "description": column.description,
                "semantic_type": column.semantic_type,
                "unit": column.unit,
            }
            for column in self.columns
        }
        found = {name: {k: v for k, v in facts.items() if v} for name, facts in told.items()}
        return {name: facts for name, facts in found.items() if facts}
