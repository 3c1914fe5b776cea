"""Rows that are equal to earlier ones once a table is clean."""

from __future__ import annotations

from collections.abc import Sequence

from dreambolt_steps.errors import UsageError
from dreambolt_steps.tables.cleaning.cleaned_table import apply_plan
from dreambolt_steps.tables.cleaning.column_plan import FLAG_COLUMN, CleanPlan, Repeats
from dreambolt_steps.tables.duplicates import pair_repeats
from dreambolt_steps.tables.rejects.row_numbers import OpenReader


def find_clean_repeats(
    open_reader: OpenReader, plan: CleanPlan, columns: Sequence[str] | None, is_dropped: bool
) -> Repeats:
    """Find repeated rows of a table as it will be when it is clean.

    Args:
        open_reader: opens the table that was planned for; cleaned once, and twice more when some
            row repeats.
        plan: how it is cleaned; without masks.
        columns: source or clean names of what has to be equal; None: all columns.
        is_dropped: whether repeated rows are to be dropped, not flagged.

    Raises: UsageError for a column that is not there, or one with the name of the flag.
    """
    names = {column.decision.name: column.name for column in plan.columns}
    known = list(names.values())
    if isinstance(columns, str):
        raise UsageError(f"duplicates_by is a list of columns, not {columns!r}")
    picked = [name if name in known else names.get(name, name) for name in columns or ()]
    if not is_dropped and FLAG_COLUMN in known:
        raise UsageError(f"duplicates=flag adds {FLAG_COLUMN!r}, which is there; rename or drop it")
    rows, firsts = pair_repeats(lambda: apply_plan(open_reader(), plan).reader, picked or None)
    return Repeats(rows, firsts, tuple(picked), is_dropped)
