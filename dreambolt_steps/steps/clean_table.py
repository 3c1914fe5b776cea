"""The step that makes a table regular."""

from __future__ import annotations

from typing import Any

from datasets import Dataset

from dreambolt_steps.steps.table_step import TableStep
from dreambolt_steps.tables.blanks import NULL_TOKENS
from dreambolt_steps.tables.clean import CleanPlan, apply_plan, plan_cleaning
from dreambolt_steps.tables.column_types import name_type


class CleanTable(TableStep):
    """Makes names, blanks, NULLs and types of a table regular.

    Inputs: every column of one upstream table.

    Outputs: the same columns under snake_case names that never collide, text trimmed, NULL tokens
    NULL, and text typed where every row of the table allows it and no value changes: integers of
    the width they need, decimals, booleans, dates and timestamps. Digits that are codes ("007")
    stay text. Columns that come typed keep their types.

    A row with a value that does not fit a type in `types` is rejected and kept in the step's
    rejects, or what `on_mismatch` says; types that are found never reject a row.

    Raises:
        UsageError: an argument names an unknown column, or `types` an unknown type.
        SchemaError: a value does not fit where `on_mismatch` says raise.

    Example:
        args = {"types": {"shirt_number": "int16", "*": "text"}}
        clean = CleanTable("clean", inputs=columns(raw), args=args)
    """

    version = 1.0

    def setup(self) -> None:
        self.register_arg(
            "types",
            required=False,
            help='Column -> text, integer, int8.., decimal(p,s), float, date.. ("*": the rest).',
        )
        self.register_arg(
            "names", required=False, help="Source name -> wanted name, for columns to rename."
        )
        self.register_arg(
            "null_tokens",
            required=False,
            default=list(NULL_TOKENS),
            help="Values that mean NULL, after trimming.",
        )
        self.register_arg(
            "trim", required=False, default=True, help="Take blanks off both ends of text."
        )
        self.register_arg(
            "on_mismatch",
            required=False,
            default="reject",
            help="A value that is not of its type in `types`: reject its row, make it null, raise, "
            "or widen the column to text. For all, or column -> word.",
        )

    def run(self) -> Dataset:
        args = self.args
        plan = plan_cleaning(
            self.table.open_reader,
            types=args["types"],
            names=args["names"],
            null_tokens=args["null_tokens"],
            trim=args["trim"],
            on_mismatch=args["on_mismatch"],
        )
        total = max((column.decision.rows for column in plan.columns), default=0)
        cleaned = apply_plan(self.table.open_reader(), plan)
        stored = self.store(cleaned.reader, total)
        report = cleaned.report()
        self.keep_rejects(report.rejects, count=False)
        self.receipt.rows_rejected = report.rejected
        if report.nulled:
            self.receipt.notes.append(f"{report.nulled:,} values set to NULL, kept in the rejects")
        self.receipt.rows_in = report.rows + report.rejected
        self.receipt.report["columns"] = _tell_columns(plan)
        return stored


def _tell_columns(plan: CleanPlan) -> dict[str, dict[str, Any]]:
    """Clean name -> what became of the column, and why."""
    told = {}
    for column in plan.columns:
        words = f"{column.type_word}, from {column.decision.name!r}"
        words += ", as asked" if column.is_explicit else ""
        why = column.decision.explain()
        told[column.name] = {
            **column.decision.to_dict(),
            "source": column.decision.name,
            "type": column.type_word,
            "found_type": name_type(column.decision.type),
            "is_explicit": column.is_explicit,
            "on_mismatch": column.on_mismatch,
            "words": f"{words}; {why}" if why else words,
        }
    return told


__all__ = ["CleanTable"]
