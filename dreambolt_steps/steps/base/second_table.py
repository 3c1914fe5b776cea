"""A second table for a step, beside the one it is about."""

from __future__ import annotations

from typing import Any

from dreambolt_steps.errors import UsageError
from dreambolt_steps.steps.base.input_table import InputTable, columns

PREFIX = "reference."


def reference(step: Any) -> dict[str, Any]:
    """Every output column of a step, as the second table of another: beside `columns(step)`.

    Args:
        step: any DataDreamer step that has run.

    Example:
        >>> inputs = {**columns(names), **reference(people)}  # doctest: +SKIP
    """
    return {f"{PREFIX}{name}": column for name, column in columns(step).items()}


def split_inputs(inputs: dict[str, Any]) -> tuple[InputTable, InputTable]:
    """The table and the reference among a step's inputs.

    Raises: UsageError without a reference.
    """
    second = {
        name.removeprefix(PREFIX): column
        for name, column in inputs.items()
        if name.startswith(PREFIX)
    }
    first = {name: column for name, column in inputs.items() if not name.startswith(PREFIX)}
    if not second:
        raise UsageError(
            "the step has no reference table: pass inputs={**columns(table), **reference(other)}"
        )
    return InputTable(first), InputTable(second)
