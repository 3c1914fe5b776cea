"""What a family of types makes of a column in the end."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from dreambolt_steps.tables.decision import ColumnWarning, Spelling


@dataclass(frozen=True)
class Verdict:
    """A type, or the reasons why there is none.

    Attributes:
        type: that holds every value; None when there is none, or more than one reading.
        spelling: how the values are written, if not as the type prints.
        note: what decided, if it is not plain.
        warnings: what a person should look at.
    """

    type: pa.DataType | None = None
    spelling: Spelling | None = None
    note: str = ""
    warnings: tuple[ColumnWarning, ...] = ()
