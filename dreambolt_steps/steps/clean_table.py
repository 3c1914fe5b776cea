"""The step that makes a table regular."""

from __future__ import annotations

from datasets import Dataset

from dreambolt_steps.steps.table_step import TableStep
from dreambolt_steps.tables.blanks import NULL_TOKENS
from dreambolt_steps.tables.clean import CleanPlan, apply_plan, plan_cleaning


class CleanTable(TableStep):
    """Makes names, blanks, NULLs and types of a table regular.

    Inputs: every column of one upstream table.

    Outputs: the same columns under snake_case names that never collide, text trimmed, NULL tokens
    NULL, and text typed where every row of the table allows it and no value changes: integers of
    the width they need, decimals, booleans, dates and timestamps. Digits that are codes ("007")
    stay text. Columns that come typed keep their types.

    A row with a value that does not fit a type in `types` is rejected and kept in the step's
    rejects; types that are found never reject a row.

    Raises:
        UsageError: `types` or `names` name an unknown column, or `types` an unknown type.

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

    def run(self) -> Dataset:
        args = self.args
        plan = plan_cleaning(
            self.table.open_reader,
            types=args["types"],
            names=args["names"],
            null_tokens=args["null_tokens"],
            trim=args["trim"],
        )
        total = max((column.decision.rows for column in plan.columns), default=0)
        cleaned = apply_plan(self.table.open_reader(), plan)
        stored = self.store(cleaned.reader, total)
        report = cleaned.report()
        self.keep_rejects(report.rejects)
        self.receipt.rows_in = report.rows + report.rejected
        self.receipt.report["columns"] = _tell_columns(plan)
        return stored


def _tell_columns(plan: CleanPlan) -> dict[str, str]:
    """Clean name -> what became of the column, in words."""
    told = {}
    for column in plan.columns:
        words = f"{column.type_word}, from {column.decision.name!r}"
        if column.is_explicit:
            words += ", as asked"
        for failure in column.decision.failures[:1]:
            words += f"; no {failure.family}: {failure.value!r} in row {failure.row}"
        told[column.name] = words
    return told


__all__ = ["CleanTable"]
