"""The step that makes a table regular."""

from __future__ import annotations

from datasets import Dataset

from dreambolt_steps.steps.table_step import TableStep
from dreambolt_steps.tables.clean import apply_plan, plan_cleaning
from dreambolt_steps.tables.text.blanks import NULL_TOKENS


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
            help="Column -> text, integer, int8.., decimal(p,s), float, boolean, date, time.. "
            '("*": the rest); '
            "decimal, currency and percent find their digits; uuid, json and category "
            "are text.",
        )
        self.register_arg("rename", required=False, help="Source or clean name -> wanted name.")
        self.register_arg(
            "keep", required=False, help='Columns to keep: names or patterns such as "home_*".'
        )
        self.register_arg("drop", required=False, help="Columns to leave out, the same way.")
        self.register_arg(
            "naming",
            required=False,
            default="snake_case",
            help="snake_case, camel, or source: names as they are.",
        )
        self.register_arg(
            "null_tokens",
            required=False,
            default=list(NULL_TOKENS),
            help="Values that mean NULL, after trimming: a list, or column -> list.",
        )
        self.register_arg(
            "trim", required=False, default=True, help="Take blanks off both ends of text."
        )
        self.register_arg(
            "day_first",
            required=False,
            help="Whether 1/2/2024 is the first of February; for all, or column -> true or false.",
            default_help="found out",
        )
        self.register_arg(
            "decimal_separator",
            required=False,
            help='"." or ",", what stands before decimals; for all, or column -> one of them.',
            default_help="found out",
        )
        self.register_arg(
            "true_words",
            required=False,
            default=[],
            help="Words for true besides true and yes, in any case.",
        )
        self.register_arg(
            "false_words",
            required=False,
            default=[],
            help="Words for false besides false and no, in any case.",
        )
        self.register_arg(
            "on_mismatch",
            required=False,
            default="reject",
            help="A value that is not of its type in `types`: reject its row, make it null, raise, "
            "or widen the column to text. For all, or column -> word.",
        )

    def run(self) -> Dataset:
        plan = plan_cleaning(self.table.open_reader, **self.args)
        total = self.table.num_rows
        cleaned = apply_plan(self.table.open_reader(), plan)
        stored = self.store(cleaned.reader, total)
        report = cleaned.report()
        self.keep_rejects(report.rejects, count=False)
        self.receipt.rows_rejected = report.rejected
        if report.nulled:
            self.receipt.notes.append(f"{report.nulled:,} values set to NULL, kept in the rejects")
        self.receipt.rows_in = report.rows + report.rejected
        self.receipt.report["columns"] = {column.name: column.to_dict() for column in plan.columns}
        return stored


__all__ = ["CleanTable"]
