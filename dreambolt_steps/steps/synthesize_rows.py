"""The step that adds rows written by a language model."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from datasets import Dataset

from dreambolt_steps.embedding.adapter import encode_with
from dreambolt_steps.embedding.identity import identify_model
from dreambolt_steps.steps.synthesis_step import SynthesisStep
from dreambolt_steps.synthesis.duplicates import DuplicateCheck, Embed
from dreambolt_steps.synthesis.number_keys import find_highest, number_rows
from dreambolt_steps.synthesis.plan import SynthesisPlan
from dreambolt_steps.synthesis.provenance import append_rows, describe_origin
from dreambolt_steps.synthesis.slots import Slot, count_quota, list_asked_values, plan_slots


class SynthesizeRows(SynthesisStep):
    """Adds new rows of the same table, written by a language model and checked against the table.

    Inputs: every column of one upstream table.

    Outputs: the same columns and four more: `_synthetic` (boolean), `_synthetic_model`,
    `_synthetic_prompt` and `_synthetic_call` (the call's key in the session's
    `.cache/calls.sqlite`). The source's rows come first, then the new ones. Columns that no
    language model can write (vectors, structs, bytes) are NULL in new rows; keys of whole numbers
    go on counting.

    A row has to keep the table's types, NULLs, ranges, categories, code patterns and functional
    dependencies, the relations that were said, and the contract; one that does not is given back to
    the model once with the reason, then rejected. Rows that exist already are rejected too. Rejects
    are kept with their reasons, and a run that ends with fewer rows than asked for says why. Every
    call is on disk when it is answered, and never paid twice.

    Args: `rows` is 0 by default, which calls no model at all.

    Raises:
        UsageError: rows are wanted, but no `llm` is given; a column or relation is wrong.
        ModelError: no row could be made, or the model can't be used.
        CostLimitError: the run might spend more than allowed.

    Example:
        args = {"llm": llm, "rows": 200, "where": {"position": ["goal keeper", "forward"]}}
        more = SynthesizeRows("synthesize", inputs=columns(clean), args=args)
    """

    version = 2.0

    def setup(self) -> None:
        self.register_model_args()
        add = self.register_arg
        add("rows", required=False, default=0, help="New rows wanted.")
        add("fixed", required=False, help="Column -> the value that every new row has.")
        add(
            "where",
            required=False,
            help="Column -> values to balance, a list, or value -> number of rows.",
        )
        add("seed_rows", required=False, help="Rows to vary, a list of dictionaries.")
        add(
            "find_relations",
            required=False,
            default=True,
            help="Keep the functional dependencies of the table.",
        )
        add(
            "near",
            required=False,
            default=0.9,
            help="Likeness of texts (0 to 1) of near duplicates; None for equal rows only.",
        )
        add("embedder", required=False, help="Embedder that finds rows of nearly the same meaning.")

    def identify_content(self) -> object:
        embedder = self.args["embedder"]
        return [super().identify_content(), embedder and identify_model(embedder)]

    def make_plan(self, **wishes: object) -> SynthesisPlan:
        return super().make_plan(
            find_relations=self.args["find_relations"],
            asked=list_asked_values(self.args["fixed"], self.args["where"]),
            **wishes,
        )

    def open_slots(self) -> Iterator[Slot]:
        args = self.args
        quota = count_quota(args["where"])
        rows = args["rows"] if quota is None else min(args["rows"], quota)
        return islice(plan_slots(args["fixed"], args["where"], args["seed_rows"] or ()), rows)

    def plan_effect(self) -> Dataset | None:
        return self.rehearse() if self.args["rows"] else None

    def run(self) -> Dataset:
        self.receipt.rows_in = self.table.num_rows
        if not self.args["rows"]:
            return self.store(append_rows(self.table.open_reader(), []), self.receipt.rows_in)
        self.check_model()
        plan, embedder = self.plan, self.args["embedder"]
        made = self.ask_model(
            DuplicateCheck(
                self.table.open_reader,
                plan.validator.schema,
                plan.facts,
                self.args["near"],
                self._make_embed() if embedder is not None else None,
            )
        )
        rows = [{**row.values, **describe_origin(*self.labels, row.call_key)} for row in made.rows]
        if plan.keys:
            highest = find_highest(self.table.open_reader(), plan.keys)
            rows = number_rows(rows, highest, self.table.schema)
        self.receipt.rows_made = len(rows)
        total = self.receipt.rows_in + len(rows)
        return self.store(append_rows(self.table.open_reader(), rows), total)

    def _make_embed(self) -> Embed:
        embedder = self.args["embedder"]
        return lambda texts: np.stack(list(encode_with(embedder, self, texts, batch_size=32)))


__all__ = ["SynthesizeRows"]
