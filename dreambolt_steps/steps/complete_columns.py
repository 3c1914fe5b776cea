"""The step that fills columns with what a language model writes about each row."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice

import pyarrow as pa
from datasets import Dataset

from dreambolt_steps.arguments.synthesis import CompleteColumnsArgs
from dreambolt_steps.steps.base.synthesis_step import SynthesisStep
from dreambolt_steps.synthesis.completion import choose_columns, complete_rows, plan_completions
from dreambolt_steps.synthesis.outcome import build_completions
from dreambolt_steps.synthesis.plan import SynthesisPlan
from dreambolt_steps.synthesis.provenance import PROVENANCE
from dreambolt_steps.synthesis.row_requests import Slot


class CompleteColumns(SynthesisStep[CompleteColumnsArgs]):
    """Fills NULLs of columns, or new columns, with what a language model writes about each row.

    Inputs: every column of one upstream table.

    Outputs: the same rows and columns, new columns at their end, and `_synthetic` (whether a value
    of the row was written), `_synthetic_model`, `_synthetic_prompt`, `_synthetic_call`. Values that
    are there stay. Rows that are equal in the columns of `using` are asked for once: translating
    four categories takes four values, however many rows there are.

    Values are checked like those of `SynthesizeRows`; what could not be made stays NULL.

    Raises:
        UsageError: there is no `llm`, or a column is unknown.
        ModelError: nothing could be made, or the model can't be used.
        CostLimitError: the run might spend more than allowed.

    Example:
        args = {"llm": llm, "columns": {"position_de": "text"}, "using": ["position"]}
        args |= {"template": "translate", "instruction": "to German"}
        translated = CompleteColumns("translate", inputs=columns(clean), args=args)
    """

    version = 1.1
    Args = CompleteColumnsArgs
    default_template = "completion"

    @cached_property
    def chosen(self) -> tuple[list[pa.Field], list[str]]:
        """The columns to fill, and those to fill them from."""
        return choose_columns(self.table.schema, self.args["columns"], self.args["using"])

    def make_plan(self, **wishes: object) -> SynthesisPlan:
        return super().make_plan(columns=self.chosen[0], **wishes)

    def open_slots(self) -> Iterator[Slot]:
        return islice(plan_completions(self.table.open_reader, *self.chosen), self.args["limit"])

    def plan_effect(self) -> Dataset | None:
        return self.rehearse()

    def run(self) -> Dataset:
        self.receipt.rows_in = self.table.num_rows
        made = self.ask_model()
        written, using = self.chosen
        table = build_completions(made.rows, written, using, self.table.schema, self.labels)
        reader = complete_rows(self.table.open_reader, table, written, using, PROVENANCE)
        return self.store(reader, self.receipt.rows_in)


__all__ = ["CompleteColumns"]
