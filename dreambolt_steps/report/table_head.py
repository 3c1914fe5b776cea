"""The first rows of the table that a run made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from dreambolt_steps.tables.column_types import is_number, name_type

ROWS, COLUMNS, _CHARACTERS = 8, 40, 120
_TABLELESS = ("CopyInto", "ExportParquet", "FindParquet", "AssessSynthesis")
"""Steps that hand on a manifest or measures, not the table."""


@dataclass(frozen=True)
class Cell:
    """A value as text, and how it is shown."""

    text: str
    is_null: bool = False
    is_number: bool = False


@dataclass(frozen=True)
class TableHead:
    """The first rows of a table.

    Attributes:
        step: that made it.
        names, types: of the columns that are shown.
        rows: at most 8.
        total: rows of the table.
        more: columns that are not shown.
    """

    step: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    more: int = 0


def find_head(steps: Sequence[Any], *, is_masked: bool = False) -> TableHead | None:
    """The head of the last table that the steps made; None where there is none.

    Args:
        steps: DataDreamer steps that ran, in their order.
        is_masked: whether a step that did not come to its end may have been about to mask values,
            so that none is shown as it was read.
    """
    for step in reversed(steps):
        kind = type(step).__name__
        if kind.startswith(_TABLELESS):
            continue
        if is_masked and kind == "LoadTable":
            return None
        table = _find_table(step)
        if isinstance(table, pa.Table) and table.num_columns:
            return show_head(step.name, table)
    return None


def _find_table(step: Any) -> Any:
    try:
        data = getattr(step.output, "dataset", None)
    except Exception:  # DataDreamer's, for the step that failed or still runs
        return None
    return getattr(getattr(data, "data", None), "table", None)


def show_head(step: str, table: pa.Table) -> TableHead:
    """The first rows of a table as text; long values are cut, vectors shortened."""
    shown = table.slice(0, ROWS).select(range(min(COLUMNS, table.num_columns)))
    columns = [
        [_show(value, field.type) for value in column.to_pylist()]
        for field, column in zip(shown.schema, shown.columns, strict=True)
    ]
    return TableHead(
        step,
        tuple(shown.schema.names),
        tuple(name_type(field.type) for field in shown.schema),
        tuple(zip(*columns, strict=True)),
        table.num_rows,
        table.num_columns - shown.num_columns,
    )


def _show(value: Any, kind: pa.DataType) -> Cell:
    if value is None:
        return Cell("NULL", is_null=True, is_number=is_number(kind))
    if isinstance(value, list) and len(value) > 4:
        first = ", ".join(f"{one:.3g}" if isinstance(one, float) else str(one) for one in value[:2])
        return Cell(f"[{first}, … {len(value):,} in all]"[:_CHARACTERS])
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    text = text if len(text) <= _CHARACTERS else f"{text[: _CHARACTERS - 1]}…"
    return Cell(text, is_number=is_number(kind))
